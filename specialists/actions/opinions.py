"""Writing an opinion and signing it. A signed one cannot change: the state refuses it, and the hash would tell."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import report
from cases.actions import reports
from cases.actions.locking import lock
from cases.models import Case, Question, Report
from cases.queries import first_opinion
from cases.queries.edition import edition_of
from portal.core.access import Actor
from portal.core.workflow import Refused, move
from specialists.models import Assignment, Licence, Opinion, OpinionDraft, Profile
from specialists.moves import ASSIGNMENT
from specialists.queries import material, terms
from specialists.rules import draft as drafts
from specialists.rules import fields, opinion
from specialists.states import AssignmentState, Conflict

MOST_KEY_IMAGES = 6
WRITABLE = (AssignmentState.ACCEPTED, AssignmentState.DRAFTING)


class Stale(Exception):
    """The draft was changed after the revision that this save is based on. Nothing was written."""

    def __init__(self, draft: OpinionDraft) -> None:
        super().__init__()
        self.draft = draft


class Incomplete(Exception):
    """The opinion lacks something that a signature needs."""

    def __init__(self, lacks: Sequence[opinion.Lack]) -> None:
        super().__init__()
        self.lacks = lacks


def _writable(assignment: Assignment, by: Actor) -> tuple[Assignment, OpinionDraft]:
    lock(assignment.case_id)
    held = (
        Assignment.objects.select_for_update()
        .select_related("case", "case__patient", "specialist")
        .get(pk=assignment.pk)
    )
    if str(held.specialist_id) != by.id:
        raise Refused("opinion: another person's")
    if held.state not in WRITABLE:
        raise Refused(f"opinion: not possible when {held.state}")
    return held, OpinionDraft.objects.select_for_update().select_related("catalogue").get(assignment=held)


def _started(held: Assignment, by: Actor) -> None:
    if held.state == AssignmentState.ACCEPTED:
        move(held, ASSIGNMENT, "draft", actor=by)


def question_count(case: Case) -> int:
    return Question.objects.filter(case=case).count()


@transaction.atomic
def save_draft(*, assignment: Assignment, content: drafts.Values, revision: int, by: Actor) -> OpinionDraft:
    """Store the changed controls of a draft.

    Args:
        content: changed control names to their values; an empty list empties the control.
        revision: the revision that the writer saw.

    Raises:
        Stale: somebody saved after that revision; the exception carries what stands now.
        Unknown: a name that this form does not have.
        Refused: the opinion is signed, given back or another person's.
    """
    held, draft = _writable(assignment, by)
    if revision != draft.revision:
        raise Stale(draft)
    known = fields.by_key(terms.fields_of(held))
    changes = drafts.cleaned(content, questions=question_count(held.case), fields=known)
    draft.content = {**draft.content, "values": drafts.merged(draft.content.get("values", {}), changes)}
    draft.revision += 1
    draft.saved_at = timezone.now()
    draft.save(update_fields=["content", "revision", "saved_at"])
    _started(held, by)
    return draft


@transaction.atomic
def cite(*, assignment: Assignment, asked: Mapping[str, Any], by: Actor) -> tuple[str, dict[str, Any]]:
    """Keep a citation of a record and return its opaque id and what it names. The same record twice is one citation.

    It does not raise the draft's revision: adding a citation changes no word, and its use in a statement is saved as a control.

    Raises:
        NoSuchRecord: no such ready record in this case.
        Refused: as in save_draft.
    """
    held, draft = _writable(assignment, by)
    found = material.citation(held.case, asked)
    known: dict[str, dict[str, Any]] = draft.content.get("citations", {})
    for key, one in known.items():
        if one == found:
            return key, one
    key = token_hex(6)
    draft.content = {**draft.content, "citations": {**known, key: found}}
    draft.save(update_fields=["content"])
    _started(held, by)
    return key, found


def build(
    *,
    assignment: Assignment,
    draft: OpinionDraft,
    signed_at: datetime | None,
    key_images: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The report document of a draft (cases/report.py). Without `signed_at` it is a preview."""
    case = assignment.case
    edition = edition_of(case)
    condition = terms.condition_of(case)
    values, citations = draft.content.get("values", {}), draft.content.get("citations", {})
    asked = list(Question.objects.filter(case=case).values_list("text", flat=True))
    opinion_fields = terms.fields_of(assignment)
    written = opinion.content(values, citations, questions=asked, opinion_fields=opinion_fields)
    conflict = assignment.conflict_text if assignment.conflict == Conflict.DECLARED else ""
    return {
        "schema": report.SCHEMA,
        "ref": case.ref,
        "version": str(reports.next_version(case)),
        "catalogue": {"number": str(draft.catalogue.number), "sha256": draft.catalogue.sha256},
        "specialty": edition.specialty(assignment.specialty).name,
        "condition": condition.patient if condition else "",
        "patient": {
            "name": case.patient.full_name,
            "birth_date": case.patient.birth_date.isoformat() if case.patient.birth_date else "",
            "sex": case.patient.sex,
        },
        "specialists": [_signer(assignment)],
        "signed_at": signed_at.isoformat(timespec="seconds") if signed_at else "",
        "statement": statement(),
        "conflict": conflict,
        "first_opinion": first_opinion.told(case),
        **written,
        "reviewed": material.reviewed(case),
        "key_images": [
            {"png_base64": base64.b64encode(bytes(one["png"])).decode(), "label": str(one["label"])}
            for one in key_images
        ],
    }


def fingerprint(*, assignment: Assignment, draft: OpinionDraft) -> str:
    """What a preview shows, and the records as they stand, as a hash: a signature is about this and nothing else.

    Images that join a study which was listed before change no word of the report.
    """
    document = build(assignment=assignment, draft=draft, signed_at=None)
    return report.digest({"document": document, "records": material.standing(assignment.case)})


def statement() -> str:
    """What a specialist declares by signing."""
    return _(
        "I have reviewed the records listed in this report myself. This is my own opinion. "
        "I have declared every interest that could influence it."
    )


def _signer(assignment: Assignment) -> dict[str, Any]:
    profile = Profile.objects.filter(user=assignment.specialist).first()
    held = Licence.objects.filter(profile=profile).order_by("country", "state") if profile else ()
    return {
        "name": assignment.specialist.get_full_name(),
        "title": profile.title if profile else "",
        "institution": profile.institution if profile else "",
        "licences": [f"{one.state or one.country} {one.number}".strip() for one in held],
    }


@transaction.atomic
def sign(
    *,
    assignment: Assignment,
    by: Actor,
    revision: int,
    key_images: Sequence[Mapping[str, Any]] = (),
    seen: str | None = None,
) -> Report:
    """Freeze the draft, sign it and hand it over as the case's report. The view has checked the recent authentication.

    Args:
        revision: the revision that the specialist saw in the preview; a later one must be looked at first.
        key_images: {png, label} of cited images, rendered before this transaction.
        seen: `fingerprint` of the preview. A record that arrived after it would be listed as reviewed without having been.

    Raises:
        Incomplete: something that a signature needs is missing.
        Stale: the draft, or the list of records, changed after the preview.
        Refused: not this person's open assignment, or the case is not in review.
    """
    held, draft = _writable(assignment, by)
    if revision != draft.revision:
        raise Stale(draft)
    values = draft.content.get("values", {})
    if found := opinion.lacks(values, questions=question_count(held.case), opinion_fields=terms.fields_of(held)):
        raise Incomplete(found)
    if seen is not None and seen != fingerprint(assignment=held, draft=draft):
        raise Stale(draft)
    _started(held, by)
    now = timezone.now().replace(microsecond=0)
    document = build(assignment=held, draft=draft, signed_at=now, key_images=key_images[:MOST_KEY_IMAGES])
    sha256 = report.digest(document)
    Opinion.objects.create(
        assignment=held,
        version=int(document["version"]),
        content=document,
        sha256=sha256,
        signed_by=held.specialist,
        signed_at=now,
    )
    move(held, ASSIGNMENT, "sign", actor=by, data={"sha256": sha256}, changes={"ended_at": now})
    return reports.receive_report(
        case=held.case, document=document, sha256=sha256, assignment_id=held.pk, by=by, signed_at=now
    )
