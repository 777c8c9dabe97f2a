"""The questions before the account, as pure rules: what is asked when, what stops a person, what only adds a word of advice.

Answers are {question, answer, at} in the order in which they were given. A red flag's question is "flag.<key>", answered "yes" or "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypedDict

from cases.rules import ACTING
from portal.catalogue.parts import AskType, EligibilityAnswer, EligibilityQuestion, FlagLevel, Outcome, RedFlag, Route
from portal.catalogue.types import Edition, PlaceRule

STEPS = ("who", "place", "emergency", "field", "signs", "care", "date")
"""Whom it is about comes first: all that follows is asked about that person."""
SPECIALTY, EVIDENCE, CHECKED, TREATING = "specialty", "evidence", "checked_by_doctor", "treating_doctor"
SELF_HARM = "self_harm"
NOT_COVERED = "not."
"""Before the key of a field that the service does not cover, where a specialty would stand."""
BASES = {"guardian": ("parent", "guardian"), "acting": ("attorney", "relative", "guardian")}
"""Answers of the shipped catalogue to who it is for, with the ways to act that they may mean; of any other answer, all."""
SOON = timedelta(days=10)
"""A standard report takes five working days, which weekends and holidays stretch; records come first, in days as well."""
ELIGIBILITY = {
    "place": (AskType.PLACE,),
    "who": (AskType.ONE, AskType.TEXT),
    "care": (AskType.YES_NO,),
    "date": (AskType.DATE,),
}
"""Which step asks which kind of eligibility question."""


class Answer(TypedDict):
    question: str
    answer: str
    at: str


Given = Mapping[str, str]
"""Question key to the latest answer."""


class Stop(StrEnum):
    """Why a person cannot go on here."""

    NOW = "now"
    PLACE = "place"
    DOCTOR = "doctor"
    NOT_COVERED = "not_covered"
    NOT_RIGHT = "not_right"


@dataclass(frozen=True)
class Verdict:
    """What stops a person, in which step, with the words of the edition where it has some."""

    stop: Stop
    step: str
    message: str = ""
    flags: tuple[RedFlag, ...] = ()


def latest(answers: Iterable[Answer]) -> dict[str, str]:
    return {one["question"]: one["answer"] for one in answers}


def place_of(edition: Edition, given: Given) -> PlaceRule:
    """Where the patient is now; nothing said yet counts as anywhere else."""
    country, _, state = given.get("where_now", "").partition("-")
    return edition.place(country or "ZZ", f"{country}-{state}" if state else "")


def questions(edition: Edition, step: str) -> tuple[EligibilityQuestion, ...]:
    """The eligibility questions that a step asks."""
    kinds = ELIGIBILITY.get(step, ())
    return tuple(one for one in edition.eligibility if one.type in kinds)


def flags(edition: Edition, step: str, given: Given) -> tuple[RedFlag, ...]:
    """The red flags that a step asks: everyone's, or those of the field."""
    if step == "emergency":
        return edition.red_flags()
    return edition.red_flags(given[SPECIALTY]) if step == "signs" and given.get(SPECIALTY) else ()


def must_answer(edition: Edition, step: str, given: Given) -> list[str]:
    """Keys that the step needs an answer to."""
    if step in {"emergency", "signs"}:
        return [f"flag.{flag.key}" for flag in flags(edition, step, given)]
    if step == "field":
        return [SPECIALTY]
    keys = [one.key for one in questions(edition, step) if one.type is not AskType.TEXT]
    return [*keys, EVIDENCE] if step == "date" else keys


def next_step(edition: Edition, given: Given) -> str | None:
    """The first step with something unanswered; None when all is answered."""
    return next((step for step in STEPS if any(key not in given for key in must_answer(edition, step, given))), None)


def chosen(edition: Edition, given: Given, step: str) -> list[EligibilityAnswer]:
    """The answers picked in a step, as the edition describes them."""
    return [
        answer
        for question in questions(edition, step)
        for answer in question.answers
        if given.get(question.key) == answer.key
    ]


def acts_for_other(edition: Edition, given: Given) -> bool:
    """Whether the person said that the request is about somebody else."""
    return any(answer.outcome is Outcome.NOTE for answer in chosen(edition, given, "who"))


def about_other(edition: Edition, given: Given) -> bool:
    """Whether the questions are about somebody else than who answers: a relative's patient, or a doctor's."""
    return acts_for_other(edition, given) or given.get(TREATING) == "yes"


def bases(edition: Edition, given: Given) -> tuple[str, ...]:
    """The ways to act (cases.rules.ACTING) that what was already said leaves open. One: nothing more has to be asked."""
    if given.get(TREATING) == "yes":
        return ("treating_doctor",)
    if not acts_for_other(edition, given):
        return ("self",)
    said = (BASES[answer.key] for answer in chosen(edition, given, "who") if answer.key in BASES)
    return next(said, tuple(basis for basis in ACTING if basis != "self"))


def raised(edition: Edition, given: Given, level: FlagLevel) -> tuple[RedFlag, ...]:
    """Red flags of this level that were answered yes, among those that concern the person."""
    asked = (*flags(edition, "emergency", given), *flags(edition, "signs", given))
    return tuple(flag for flag in asked if flag.level is level and given.get(f"flag.{flag.key}") == "yes")


def _emergency(edition: Edition, given: Given) -> Verdict | None:
    for step in ("emergency", "signs"):
        now = [flag for flag in flags(edition, step, given) if flag.level is FlagLevel.NOW]
        yes = tuple(flag for flag in now if given.get(f"flag.{flag.key}") == "yes")
        if yes:
            return Verdict(Stop.NOW, step, flags=yes)
    return None


def _place(edition: Edition, given: Given) -> Verdict | None:
    """Said only after the emergency questions: those are for everyone, wherever they are."""
    if "where_now" not in given or any(key not in given for key in must_answer(edition, "emergency", given)):
        return None
    route = place_of(edition, given).route
    if route is Route.NOT:
        return Verdict(Stop.PLACE, "place")
    if route is Route.VIA_DOCTOR and given.get(TREATING) != "yes":
        return Verdict(Stop.DOCTOR, "place")
    return None


def _fit(edition: Edition, given: Given) -> Verdict | None:
    if given.get(SPECIALTY, "").startswith(NOT_COVERED):
        key = given[SPECIALTY].removeprefix(NOT_COVERED)
        return Verdict(Stop.NOT_COVERED, "field", next((n.turn_to for n in edition.not_covered if n.key == key), ""))
    asked = all(key in given for key in must_answer(edition, "emergency", given))
    for step in ("who", "care") if asked else ():
        for answer in chosen(edition, given, step):
            if answer.outcome is Outcome.STOP:
                return Verdict(Stop.NOT_RIGHT, step, answer.message)
            if answer.outcome is Outcome.DOCTOR_ROUTE and given.get(TREATING) != "yes":
                return Verdict(Stop.DOCTOR, step, answer.message)
    return None


def verdict(edition: Edition, given: Given) -> Verdict | None:
    """The first thing that stops this person; None: they may go on."""
    emergency = None if checked_by_doctor(given) else _emergency(edition, given)
    return emergency or _place(edition, given) or _fit(edition, given)


def passed(edition: Edition, given: Given) -> bool:
    """Everything was asked, and nothing stops the person."""
    return next_step(edition, given) is None and verdict(edition, given) is None


def flagged_today(edition: Edition, given: Given) -> bool:
    """Front of the queue: a TODAY flag, or a NOW flag that a doctor has already checked."""
    return bool(raised(edition, given, FlagLevel.TODAY) or raised(edition, given, FlagLevel.NOW))


def in_hospital(edition: Edition, given: Given) -> bool:
    return any(answer.outcome is Outcome.DOCTOR_ROUTE for answer in chosen(edition, given, "care"))


def checked_by_doctor(given: Given) -> bool:
    return given.get(CHECKED) == "yes"


def planned_date(edition: Edition, given: Given) -> date | None:
    """The day of a planned operation or start of treatment, if one was named."""
    texts = (given.get(one.key, "") for one in questions(edition, "date"))
    return next((date.fromisoformat(text) for text in texts if text and text != "none"), None)


def too_soon(planned: date | None, today: date) -> bool:
    """Whether a treatment may come before any report of ours, so that only those who planned it can help in time."""
    return planned is not None and planned - today <= SOON


def forget_after(edition: Edition, given: Given, specialty: str) -> Sequence[str]:
    """Answers that no longer hold when another field is chosen."""
    if given.get(SPECIALTY) == specialty:
        return ()
    return (EVIDENCE, *(f"flag.{one.key}" for one in edition.all_red_flags if one.specialty is not None))
