"""Reports as their readers get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from cases import report as reports
from cases.models import Case, Report
from cases.queries.access import visible_to as visible_cases
from cases.states import ReportState
from portal.core.models import StoredObject
from portal.core.states import Role


def visible_to(user: Any) -> QuerySet[Report]:
    """Reports of the cases that this user sees. The patient's side sees a report from its release on, staff from its signature."""
    found = Report.objects.filter(case__in=visible_cases(user))
    if getattr(user, "role", None) in {Role.COORDINATOR, Role.SPECIALIST}:
        return found
    return found.filter(state=ReportState.RELEASED)


def newest(user: Any, case: Case) -> Report | None:
    """The latest version that this user may read."""
    return visible_to(user).filter(case=case).order_by("-version").first()


def pdf_of(report: Report) -> StoredObject | None:
    """The sealed PDF as it was delivered; None while it is being made."""
    return StoredObject.objects.filter(pk=report.pdf_object_id).first() if report.pdf_object_id else None


@dataclass(frozen=True)
class Citation:
    number: int
    id: str
    label: str


@dataclass(frozen=True)
class Judged:
    """One line of the comparison: what was said first, what this opinion says, and why."""

    name: str
    first: str
    scale: str
    scale_key: str
    opinion: str
    reasons: str
    cites: Sequence[Citation]


@dataclass(frozen=True)
class Answer:
    number: int
    question: str
    text: str
    cites: Sequence[Citation]


@dataclass(frozen=True)
class Cited:
    """A row (test, alternative, value) with the records that it names."""

    row: Mapping[str, Any]
    cites: Sequence[Citation]


@dataclass(frozen=True)
class Shown:
    """A document as templates/report/ draws it, on the web page and in the PDF alike."""

    document: Mapping[str, Any]
    born: date | None
    signed_at: datetime | None
    answers: Sequence[Answer]
    diagnosis: Judged
    treatment: Judged
    tests: Sequence[Cited]
    alternatives: Sequence[Cited]
    fields: Sequence[Cited]
    certainty: str
    by_when: str
    reviewed: Sequence[tuple[str, date | None, bool]]
    """Name, day, and whether a person said that day."""
    citations: Sequence[Citation]
    images: Sequence[tuple[str, str]]
    """(data: address, label)"""
    cites: Mapping[str, Sequence[Citation]]
    """Citations of the remaining statements: plain, change_mind, urgency, outlook, missing."""

    @property
    def signers(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.document["specialists"]
        return found


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _label(choices: Mapping[str, Any], key: str) -> str:
    return str(choices[key]) if key in choices else ""


def shown(document: Mapping[str, Any]) -> Shown:
    """Number the citations in their order, and put people's words for every key."""
    known = {key: Citation(n, key, one["label"]) for n, (key, one) in enumerate(document["citations"].items(), 1)}
    cites = {name: [known[one] for one in ids if one in known] for name, ids in document["cited"].items()}

    def judged(part: str) -> Judged:
        said = document[part]
        return Judged(
            name=part,
            first=document["first_opinion"].get(part, ""),
            scale=_label(reports.SCALE, said["scale"]),
            scale_key=said["scale"],
            opinion=said["opinion"],
            reasons=said["reasons"],
            cites=cites.get(part, ()),
        )

    def rows(part: str, kind: str) -> list[Cited]:
        return [Cited(row, cites.get(f"{kind}.{n}", ())) for n, row in enumerate(document[part], 1)]

    return Shown(
        document=document,
        born=_date(document["patient"]["birth_date"]),
        signed_at=datetime.fromisoformat(document["signed_at"]) if document["signed_at"] else None,
        answers=[
            Answer(n, one["question"], one["answer"], cites.get(f"question.{n}", ()))
            for n, one in enumerate(document["questions"], 1)
        ],
        diagnosis=judged("diagnosis"),
        treatment=judged("treatment"),
        tests=rows("tests", "test"),
        alternatives=rows("alternatives", "alternative"),
        fields=[
            Cited({**row, "when": _date(row.get("date", ""))}, cites.get(row.get("statement", ""), ()))
            for row in document["fields"]
        ],
        certainty=_label(reports.CERTAINTY, document["certainty"]),
        by_when=_label(reports.BY_WHEN, document["by_when"]),
        reviewed=[(one["label"], _date(one["date"]), one.get("dated") == "by_hand") for one in document["reviewed"]],
        citations=list(known.values()),
        images=[(f"data:image/png;base64,{one['png_base64']}", one["label"]) for one in document["key_images"]],
        cites=cites,
    )
