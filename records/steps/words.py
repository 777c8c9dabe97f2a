"""Words on scans and photos: some pages at a time, each time in a confined child, so that a thick scan holds nobody up."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

from django.conf import settings

from cases.actions.locking import lock
from portal.core import storage
from portal.core.jobs import Run, enqueue
from portal.core.workfolder import work_folder
from records import sandbox
from records.actions import checklist, papers
from records.actions.processing import READ_WORDS
from records.child.protocol import ChildInput, Limits
from records.models import Document, Page
from records.rules.documents import unread
from records.states import RecordState, WordsState

AT_ONCE = 6
"""Pages of one run."""
SECONDS = 90 * AT_ONCE
MOST = 300
"""Pages of a paper that are read."""
LANGUAGES = {
    "en": "eng",
    "es": "spa",
    "de": "deu",
    "fr": "fra",
    "it": "ita",
    "pt": "por",
    "zh": "chi_sim",
    "ar": "ara",
    "ru": "rus",
    "hi": "hin",
}


def read(run: Run, document_id: UUID, first: int) -> None:
    """Read pages from number `first`; the run after this one reads the next. A second run of the same changes nothing."""
    found = Document.objects.filter(pk=document_id, words=WordsState.WAITING)
    document = found.select_related("file__object__key", "view_copy__key", "case__patient").first()
    if document is None or document.state not in (RecordState.READY, RecordState.QUARANTINED):
        return
    waiting = [
        page.number
        for page in Page.objects.filter(document=document, number__gte=first, number__lte=MOST).order_by("number")
        if page.image_id and unread(page.text)
    ]
    batch = [number for number in waiting if number < waiting[0] + AT_ONCE]
    texts = _texts(run, document, batch) if batch else {}
    after = waiting[len(batch)] if len(waiting) > len(batch) else 0
    with run.commit():
        lock(document.case_id)
        papers.keep_words(document_id=document.pk, texts=texts, by=run.actor)
        if after:
            key = f"{READ_WORDS}:{document.pk}:{after}"
            enqueue(READ_WORDS, key=key, case_id=document.case_id, subject_id=str(document.pk), page=after)
        else:
            papers.finish_words(document_id=document.pk, by=run.actor)
    if not after:
        checklist.refresh(case=document.case, by=run.actor)


def _texts(run: Run, document: Document, numbers: list[int]) -> dict[int, str]:
    stored = document.view_copy or document.file.object
    if stored is None:
        return {}
    spoken = dict.fromkeys(["eng", LANGUAGES.get(document.case.patient.language[:2], "eng")])
    with work_folder() as folder, ExitStack() as stack:
        try:
            plain = stack.enter_context(storage.open_plain(stored, run.renew))
        except (storage.Damaged, storage.Erased):
            return {}
        order = (numbers[0], numbers[-1], "+".join(spoken))
        source = ChildInput(str(document.pk), plain.fileno(), thumbnail=False, words=order)
        (result,) = sandbox.run_batch(
            [source],
            work=folder,
            limits=Limits(memory=settings.CHILD_MEMORY_MB * 1024**2, cpu=SECONDS, wall=SECONDS),
            on_progress=run.renew,
            allow_unconfined=getattr(settings, "CHILD_ALLOW_UNCONFINED", False),
        )
    return {number: text for number, text in result.data.get("read", []) if number in numbers}
