"""Tells a story through the portal's own actions and jobs, step by step, each at its time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from cases.actions import holds, intake, level, messages, release, triage, withdrawal
from cases.models import Case
from cases.queries.edition import edition_of
from cases.states import HoldOwner, Phase
from portal.accounts.models import User
from portal.catalogue.parts import AskType
from portal.catalogue.queries import current_edition
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Job
from portal.core.states import JobState, Role
from portal.pages.demo.charts import CHARTS, NOTHING_YET
from portal.pages.demo.opinions import OPINIONS
from portal.pages.demo.past import at
from portal.pages.demo.people import account
from portal.pages.demo.records import Files, echo_loop
from portal.pages.demo.stories import Story
from portal.pages.demo.synthetic import Person
from records.actions import custody, links, uploads
from records.models import Document, Instance
from records.rules.tus import Described
from records.states import Condition, PhysicalKind
from specialists import keyimages
from specialists.actions import assignments, opinions
from specialists.models import Assignment, OpinionDraft
from specialists.states import Conflict

ORDER = (
    Phase.DRAFT,
    Phase.COLLECTING,
    Phase.TRIAGE,
    Phase.MATCHING,
    Phase.IN_REVIEW,
    Phase.RELEASE,
    Phase.DELIVERED,
    Phase.CLOSED,
)
REACHES = {Phase.DECLINED: Phase.TRIAGE, Phase.WITHDRAWN: Phase.COLLECTING}
"""How far a case came before it left."""


def work_off(case: Case) -> None:
    """Run the case's waiting jobs here, as a worker would: claimed, fenced, with all retries left to the real workers."""
    seen: set[Any] = set()
    while True:
        waiting = Job.objects.filter(case_id=case.pk, state=JobState.QUEUED).exclude(pk__in=seen).order_by("created_at")
        row = waiting.first()
        if row is None:
            return
        seen.add(row.pk)
        if run := jobs.claim(row.pk):
            jobs.execute(run)


class Telling:
    """One story on its way."""

    def __init__(self, story: Story, coordinator: User, doctors: dict[str, User]) -> None:
        self.story = story
        self.chart = CHARTS.get(story.key, NOTHING_YET)
        self.desk = Actor.of(coordinator)
        self.doctors = doctors
        key = story.account or story.key
        self.owner = account(key, f"{story.given} {story.family}", Role.PATIENT)
        self.by = Actor.of(self.owner)
        self.sent = timezone.now() - timedelta(days=story.days)
        self.now = self.sent - timedelta(hours=20)

    @contextmanager
    def step(self, **later: float) -> Iterator[None]:
        """The next thing happens this much later, but never in the future."""
        self.now = min(self.now + timedelta(**later), datetime.now(tz=self.sent.tzinfo) - timedelta(minutes=2))
        with at(self.now):
            yield

    def reaches(self, phase: Phase) -> bool:
        goal = REACHES.get(self.story.phase, self.story.phase)
        return ORDER.index(phase) <= ORDER.index(goal)

    def tell(self) -> Case:
        with self.step():
            self.case = intake.open_case(
                by=self.owner, screening=self.screening(), acting_as="self", specialty=self.story.specialty
            )
        with self.step(hours=1):
            self.fill()
        if self.story.records:
            with self.step(hours=2):
                self.upload()
                work_off(self.case)
        for phase, tell in (
            (Phase.COLLECTING, self.send),
            (Phase.TRIAGE, self.complete),
            (Phase.MATCHING, self.accept),
            (Phase.IN_REVIEW, self.review),
            (Phase.RELEASE, self.sign),
            (Phase.DELIVERED, self.deliver),
            (Phase.CLOSED, self.close),
        ):
            if self.reaches(phase):
                tell()
                self.case.refresh_from_db()
        self.last_words()
        self.case.refresh_from_db()
        return self.case

    def screening(self) -> list[Any]:
        edition = current_edition()
        given = {
            "where_now": f"US-{self.story.state}",
            "home": f"US-{self.story.state}",
            "specialty": self.story.specialty,
        }
        given |= {"adult": "yes", "in_hospital": "no", "seen_in_person": "yes", "legal": "no", "evidence": "yes"}
        planned = self.story.planned_in_days
        given["treatment_date"] = (timezone.localdate() + timedelta(days=planned)).isoformat() if planned else "none"
        for flag in (*edition.red_flags(), *edition.red_flags(self.story.specialty)):
            given[f"flag.{flag.key}"] = "no"
        return [{"question": key, "answer": value, "at": self.now.isoformat()} for key, value in given.items()]

    def fill(self) -> None:
        story, case = self.story, self.case
        edition = edition_of(case)
        about = {
            "given_name": story.given,
            "family_name": story.family,
            "birth_date": story.born.isoformat(),
            "sex": story.sex,
        }
        about |= {"country": "US", "state": story.state, "language": "en", "phone": "+1 555 010 0000"}
        problem: dict[str, Any] = {"reason": "peace_of_mind", "condition": story.condition, "title": story.title}
        problem |= {"first_diagnosis": self.chart.told, "first_treatment": self.chart.advised}
        problem["matters_most"] = ["independent"]
        if story.planned_in_days:
            problem["planned_date"] = (timezone.localdate() + timedelta(days=story.planned_in_days)).isoformat()
        self.section("about", about)
        self.section("problem", problem)
        if story.phase == Phase.DRAFT:
            return
        self.section("questions", {"questions": list(self.chart.questions)})
        known = {ask.key for ask in edition.asks([story.specialty], [story.condition])}
        health: dict[str, Any] = {key: text for key, text in self.chart.health.items() if key in known}
        for ask in edition.asks([story.specialty], [story.condition]):
            if ask.required and ask.key not in health:
                health[ask.key] = {AskType.YES_NO: "no", AskType.ONE: ask.options[0].key if ask.options else ""}.get(
                    ask.type, "none"
                )
        self.section("health", health)
        level.choose_level(case=case, level=story.level, by=self.by)
        intake.give_consents(case=case, answers={one.key: one.required for one in edition.consents()}, by=self.by)

    def section(self, key: str, answers: dict[str, Any]) -> None:
        intake.save_section(case=self.case, key=key, answers=answers, complete=True, revision=0, by=self.by)
        self.case.refresh_from_db()

    def person(self) -> Person:
        story = self.story
        return Person(
            f"{story.family.upper()}^{story.given.upper()}",
            f"DEMO-{story.key.upper()}",
            story.born,
            story.sex[0].upper(),
        )

    def upload(self) -> None:
        day = (self.now - timedelta(days=12)).date()
        files: Files = [one for make in self.chart.records for one in make(self.person(), day)]
        if self.story.other_person:
            stranger = Person("SOMEBODY^ELSE", "DEMO-STRANGER", date(1949, 1, 1), "M")
            files += [(f"other/{folder}", name, data) for folder, name, data in echo_loop(stranger, day)]
        batch = uuid4()
        for folder, name, data in files:
            mark = hashlib.sha256(data).hexdigest()
            upload = uploads.create(
                case=self.case, described=Described(name, folder, batch, mark), size=len(data), by=self.owner
            )
            uploads.append(upload=upload, parts=[uploads.seal(upload, [data])], by=self.by)

    def send(self) -> None:
        self.now = self.sent
        with self.step():
            intake.submit(case=self.case, by=self.by)
            work_off(self.case)
        self.outside()

    def outside(self) -> None:
        """A hospital was asked by a link, and something came by post: a case of each, with a name that is nobody's."""
        if self.story.key not in {"valve", "bypass"}:
            return
        with self.step(minutes=20):
            label = "Sample Hospital, records office"
            made, _token = links.make(case=self.case, label=label, items=[], days=30, by=self.by)
            if self.story.key == "valve":
                links.redeem(link=made, name="Max Sample", place="Sample Hospital, records office")
        if self.story.key != "valve":
            return
        with self.step(minutes=20):
            thing = custody.announce(
                case=self.case,
                kind=PhysicalKind.DISC,
                label="Disc with the films of the heart catheter",
                pieces=1,
                owner="Sample Hospital, 1 Example Street",
                return_by=timezone.localdate() + timedelta(days=60),
                by=self.by,
            )
            said = {"carrier": "Sample Parcels", "tracking": "EX 0123 4567", "condition": Condition.GOOD}
            for event, by in (("send", self.by), ("receive", self.desk)):
                custody.record(thing=thing, event=event, happened_on=timezone.localdate(), said=said, by=by)

    def complete(self) -> None:
        self.case.refresh_from_db()
        if self.case.phase == Phase.COLLECTING:
            with self.step(hours=3):
                triage.complete_records(case=self.case, by=self.desk)

    def accept(self) -> None:
        with self.step(hours=2):
            triage.accept(case=self.case, by=self.desk)

    def offer(self) -> Assignment:
        note = "Could you look at this before the operation?" if self.story.planned_in_days else ""
        return assignments.offer(case=self.case, specialist=self.doctors[self.story.doctor], by=self.desk, note=note)

    def review(self) -> None:
        with self.step(hours=2):
            made = self.offer()
        with self.step(hours=1):
            self.case.refresh_from_db()
            self.assignment = assignments.accept(
                assignment=made, conflict=Conflict.NONE, conflict_text="", by=Actor.of(made.specialist)
            )
        with self.step(hours=3):
            self.write(finished=self.reaches(Phase.RELEASE))

    def write(self, *, finished: bool) -> None:
        by = Actor.of(self.assignment.specialist)
        opinion = OPINIONS[self.story.key]
        values = opinion.values(finished=finished)
        for statement, place in opinion.cites.items():
            if finished or statement in opinion.begun:
                key, _cited = opinions.cite(assignment=self.assignment, asked=self.record(place), by=by)
                values.setdefault(f"cite.{statement}", []).append(key)
        draft = OpinionDraft.objects.get(assignment=self.assignment)
        opinions.save_draft(assignment=self.assignment, content=values, revision=draft.revision, by=by)

    def record(self, place: str) -> dict[str, Any]:
        """What a citation asks for: an image ("CT 0.32": the slice a third of the way down) or a paper by part of its title."""
        modality, _, share = place.partition(" ")
        found = Instance.objects.filter(series__study__case=self.case, series__modality=modality).order_by("number")
        if shown := list(found.select_related("series__study")):
            one = shown[round(float(share or 0.5) * (len(shown) - 1))]
            frame = one.frames // 3 + 1 if one.frames > 1 else 1
            uids = {"study": one.series.study.uid, "series": one.series.uid, "instance": one.uid}
            return {"kind": "image", "frame": frame, **uids}
        document = Document.objects.filter(case=self.case, title__icontains=place).earliest("created_at")
        return {"kind": "page", "document": str(document.pk), "page": 1}

    def sign(self) -> None:
        with self.step(hours=2):
            draft = OpinionDraft.objects.get(assignment=self.assignment)
            images = keyimages.rendered(self.case, draft)
            by = Actor.of(self.assignment.specialist)
            opinions.sign(assignment=self.assignment, by=by, revision=draft.revision, key_images=images)
            work_off(self.case)

    def deliver(self) -> None:
        with self.step(hours=1):
            release.release(case=self.case, by=self.desk)
            work_off(self.case)

    def close(self) -> None:
        with self.step(days=20):
            release.close(case=self.case, by=self.desk)

    def last_words(self) -> None:
        story, edition = self.story, edition_of(self.case)
        if story.offered:
            with self.step(hours=2):
                self.offer()
        if story.asked:
            with self.step(hours=4):
                asks = edition.canned_text(story.asked).text.replace(
                    "{record}", "heart catheter film (coronary angiogram)"
                )
                holds.open(case=self.case, reason=story.asked, owner=HoldOwner.PATIENT, asks=asks, by=self.desk)
        if story.message:
            with self.step(hours=4):
                messages.send(case=self.case, by=self.by, body=story.message)
        if story.phase == Phase.DECLINED:
            with self.step(hours=5):
                text = edition.canned_text("decline_no_specialist").text
                triage.decline(case=self.case, reason="decline_no_specialist", text=text, by=self.desk)
        if story.phase == Phase.WITHDRAWN:
            with self.step(days=1):
                withdrawal.withdraw(case=self.case, by=self.by)
