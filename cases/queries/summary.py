"""A request in words, section by section: for checking before it is sent, and for the case page after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_countries import countries

from cases.models import Case
from cases.queries.intake import condition_keys, questions, sections
from cases.queries.prices import agreed, price_words
from cases.rules import measures
from portal.catalogue.parts import Ask, AskType
from portal.catalogue.types import Edition


@dataclass(frozen=True)
class Row:
    label: str
    value: str


@dataclass(frozen=True)
class Group:
    """Rows of one section; `key` names the page that changes them."""

    key: str
    title: str
    rows: tuple[Row, ...]


def said(ask: Ask, value: Any) -> str:
    """An answer in the words that the patient picked."""
    words = {"yes": _("Yes"), "no": _("No"), "unsure": _("I do not know")} if ask.type is AskType.YES_NO else {}
    words |= {option.key: option.words for option in ask.options}
    values: Sequence[str] = [value] if isinstance(value, str) else value
    text = ", ".join(words.get(one, one) for one in values)
    if ask.type is AskType.DATE and text:
        return spoken(text)
    return measures.both(text, ask.unit) if ask.unit in measures.POSSIBLE and text else text


def spoken(text: str) -> str:
    """An ISO date as people write it."""
    return date_format(date.fromisoformat(text), "j F Y") if text else ""


def _asked(asks: Iterable[Ask], answers: dict[str, Any]) -> list[Row]:
    return [Row(ask.words, said(ask, answers[ask.key])) for ask in asks if answers.get(ask.key)]


def condition_words(case: Case, edition: Edition) -> str:
    return edition.condition(case.specialties[0], case.condition).patient if case.condition else ""


def _about(case: Case, edition: Edition, answers: dict[str, Any]) -> list[Row]:
    sexes = {"female": _("Female"), "male": _("Male"), "other": _("Another term"), "unknown": _("Not said")}
    languages = {one.code: one.own_name for one in edition.languages}
    country, state = answers.get("country", ""), answers.get("state", "")
    region = edition.place(country, f"{country}-{state}").name if country and state else ""
    place = [region, countries.name(country)]
    return [
        Row(_("Name"), f"{answers.get('given_name', '')} {answers.get('family_name', '')}".strip()),
        Row(_("Other names"), answers.get("other_names", "")),
        Row(_("Date of birth"), spoken(answers.get("birth_date", ""))),
        Row(_("Sex"), sexes.get(answers.get("sex", ""), "")),
        Row(_("Place"), ", ".join(part for part in place if part)),
        Row(_("Language"), languages.get(answers.get("language", ""), "")),
        Row(_("Phone"), answers.get("phone", "")),
        Row(_("What lets you act"), answers.get("basis", "")),
    ]


def _problem(case: Case, edition: Edition, answers: dict[str, Any]) -> list[Row]:
    reason = next((one for one in edition.reasons if one.key == answers.get("reason")), None)
    matters = [ask for ask in edition.everyone_asks if ask.key in answers]
    return [
        Row(_("Why you come"), reason.words if reason else ""),
        *(_asked(reason.follow, answers) if reason else []),
        Row(_("What comes closest"), condition_words(case, edition)),
        Row(_("Short name"), answers.get("title", "")),
        Row(_("What your doctor said") if case.own else _("What the doctor said"), answers.get("first_diagnosis", "")),
        Row(_("What was advised"), answers.get("first_treatment", "")),
        Row(_("Tests"), answers.get("first_tests", "")),
        Row(_("Date for treatment"), spoken(answers.get("planned_date", ""))),
        *_asked(matters, answers),
    ]


def _level(case: Case, edition: Edition) -> list[Row]:
    """The level, and the price that was agreed to; before, the one that will be."""
    level = edition.level(case.level)
    price = (
        agreed(case).get("price") or price_words(level) or _("Not written here. Ask us before you send your request.")
    )
    return [Row(_("How fast"), f"{level.name}: {level.patient}"), Row(_("What it costs"), price)]


def summary(case: Case, edition: Edition) -> list[Group]:
    """What the patient told us, without empty lines."""
    held = {key: section.answers for key, section in sections(case).items()}
    health = edition.asks(case.specialties, condition_keys(case))
    asked = [Row(_("Question %(n)s") % {"n": one.number}, one.text) for one in questions(case)]
    groups = [
        Group(
            "about",
            _("About you") if case.own else _("About the patient"),
            tuple(_about(case, edition, held.get("about", {}))),
        ),
        Group("problem", _("The problem"), tuple(_problem(case, edition, held.get("problem", {})))),
        Group("questions", _("Your questions"), tuple(asked)),
        Group("health", _("Health background"), tuple(_asked(health, held.get("health", {})))),
        Group("level", _("How fast, and what it costs"), tuple(_level(case, edition))),
    ]
    return [Group(group.key, group.title, tuple(row for row in group.rows if row.value)) for group in groups]
