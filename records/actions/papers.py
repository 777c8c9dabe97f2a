"""What people and later readings say about a paper: corrections, words read from its picture, whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from cases.states import Phase
from portal.catalogue import queries as catalogue
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, move, note
from records.actions import checklist, processing
from records.models import Correction, Document, Page
from records.moves import DOCUMENT
from records.queries import describing
from records.rules import learning
from records.rules.codes import CONFIRMED, WRONG_PATIENT
from records.rules.documents import a_day, unread
from records.rules.identity import Verdict
from records.states import CorrectedField, KlassSource, RecordState, WordsState

ENDED = frozenset({Phase.DECLINED, Phase.WITHDRAWN, Phase.CLOSED})
COLUMNS = {
    CorrectedField.KLASS: "klass",
    CorrectedField.DATE: "date",
    CorrectedField.AUTHOR: "author",
    CorrectedField.INSTITUTION: "institution",
}


def may_correct(phase: str, role: str) -> bool:
    """The patient and the desk, until the case has ended."""
    return phase not in ENDED and role in (Role.PATIENT, Role.COORDINATOR)


def correct(*, document: Document, field: CorrectedField, value: str, by: Actor) -> Correction:
    """A person says what a paper is, or that what we read is right. The row stays; the newest holds over whatever is read later.

    Args:
        value: a class key of the case's edition, a day as YYYY-MM-DD or "", or a name.

    Raises:
        Refused: the case has ended, not for this role, or the value is no class or no day of a life ("value_unknown").
    """
    with transaction.atomic():
        case = lock(document.case_id)
        if not may_correct(case.phase, by.role):
            raise Refused("correct: not now")
        held = Document.objects.select_related("file").get(pk=document.pk)
        said = " ".join(value.split())[:200]
        columns = _columns(case, field, said)
        row = Correction.objects.create(
            case=case,
            document=held,
            field=field,
            value=said,
            before=str(getattr(held, COLUMNS[field]) or ""),
            likeness=_likeness(case, held) if field == CorrectedField.KLASS else [],
            by=by.user,
        )
        Document.objects.filter(pk=held.pk).update(**columns)
        note(held, "document", "correct", actor=by, data={"field": str(field)})
    checklist.refresh(case=case, by=by)
    return row


def _columns(case: Case, field: CorrectedField, said: str) -> dict[str, Any]:
    if field == CorrectedField.KLASS:
        if said not in {one.key for one in catalogue.edition(case.catalogue_id).documents}:
            raise Refused("value_unknown")
        return {"klass": said, "klass_confidence": 1.0, "source": KlassSource.PERSON}
    if field == CorrectedField.DATE:
        day = a_day(said, today=timezone.localdate())
        if said and day is None:
            raise Refused("value_unknown")
        return {"date": day}
    return {COLUMNS[field]: said}


def _likeness(case: Case, document: Document) -> list[str]:
    first = Page.objects.filter(document=document).order_by("number").values_list("text", flat=True).first()
    return learning.likeness(document.title, first or "", document.institution, describing.person_of(case).names)


def describe_again(*, document_id: UUID, by: Actor) -> None:
    """Read a paper's kind, day and person anew, corrected fields left as people said. In the caller's transaction, case locked."""
    document = Document.objects.select_related("file").get(pk=document_id)
    case = Case.objects.select_related("patient").get(pk=document.case_id)
    texts = list(Page.objects.filter(document=document).order_by("number").values_list("text", flat=True))
    found = describing.describe(
        case, title=document.title, name=document.file.name, texts=texts, about=document.about, taken=document.date
    )
    for field in describing.corrections(document):
        found.pop(COLUMNS[CorrectedField(field)])
        if field == CorrectedField.KLASS:
            del found["klass_confidence"], found["source"]
    Document.objects.filter(pk=document.pk).update(**found)
    document.refresh_from_db()
    judge(document=document, by=by)


def judge(*, document: Document, by: Actor) -> None:
    """Set a paper aside that names another person, and take it back when the case's own name explains it. A coordinator's word stands."""
    if document.code == CONFIRMED:
        return
    if document.identity == Verdict.OTHER and document.state == RecordState.READY:
        processing.set_aside(document, by)
        return
    held = document.state == RecordState.QUARANTINED and document.code == WRONG_PATIENT
    held = held and processing.may_take_back(document.case)
    if held and document.identity != Verdict.OTHER and not processing.held_by_outer(document):
        move(document, DOCUMENT, "clear", actor=by, changes={"code": ""})


def check_identity(*, case: Case, by: Actor) -> None:
    """The patient's name or birth date became known or changed: compare every paper anew. In the caller's transaction, case locked."""
    rows = Document.objects.filter(case=case, state__in=[RecordState.READY, RecordState.QUARANTINED]).order_by("pk")
    for document in rows:
        first = Page.objects.filter(document=document).order_by("number").values_list("text", flat=True)
        day_first = str(case.patient.country) not in describing.DAY_FIRST_NOT
        found = describing.named(case, "\n".join(first), document.about, day_first=day_first)
        Document.objects.filter(pk=document.pk).update(**found)
        document.refresh_from_db()
        judge(document=document, by=by)


def keep_words(*, document_id: UUID, texts: Mapping[int, str], by: Actor) -> None:
    """Words read from pictures of pages; a page that has words of its own keeps them. In the caller's transaction, case locked."""
    for page in Page.objects.filter(document_id=document_id, number__in=list(texts)).order_by("number"):
        if unread(page.text) and texts[page.number].strip():
            Page.objects.filter(pk=page.pk).update(text=texts[page.number])


def finish_words(*, document_id: UUID, by: Actor) -> None:
    """All pages were tried: say whether there are words, and read anew what the paper is. In the caller's transaction, case locked."""
    texts = Page.objects.filter(document_id=document_id).values_list("text", flat=True)
    read = any(not unread(text) for text in texts)
    state = WordsState.SCAN if read else WordsState.UNREAD
    changed = Document.objects.filter(pk=document_id, words=WordsState.WAITING).update(words=state)
    if changed and read:
        describe_again(document_id=document_id, by=by)


def release(*, document: Document, reason: str, by: Actor) -> None:
    """A coordinator says that a paper that was set aside is this patient's, with the files inside it.

    Raises:
        Refused: it is not set aside, or the role may not.
    """
    with transaction.atomic():
        case = lock(document.case_id)
        move(document, DOCUMENT, "release", actor=by, changes={"code": CONFIRMED})
        inner = Document.objects.filter(
            file__container=document.file_id, state=RecordState.QUARANTINED, code=WRONG_PATIENT
        )
        for one in inner.order_by("pk"):
            move(one, DOCUMENT, "release", actor=by, changes={"code": CONFIRMED})
        note(document, "document", "identity", actor=by, data={"reason": bool(reason.strip())})
    checklist.refresh(case=case, by=by)
