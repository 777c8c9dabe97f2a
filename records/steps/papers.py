"""A paper becomes a document with its pages; what it is is told from its words and codes."""

from __future__ import annotations

from typing import Any

from cases.actions.locking import lock
from cases.models import Case
from records.actions import processing
from records.child.protocol import FileResult
from records.models import File
from records.queries.describing import describe
from records.rules.documents import unread
from records.states import RecordState, WordsState
from records.steps.work import Sealer, Work, Write
from records.structured.model import Fact


def prepare(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
    """A paper: its pages sealed, its kind and day told from its words. Files inside it become files of their own."""
    data = result.data
    pages = [
        processing.NewPage(
            seal(page.get("image")), page["width"], page["height"], page.get("text", ""), page.get("blocks", [])
        )
        for page in data.get("pages", [])
    ]
    if not pages and data.get("text"):
        pages = [processing.NewPage(None, 0, 0, data["text"])]
    _attach(work, file, result, seal)
    texts = [page.text for page in pages]
    title = str(data.get("title") or "") or file.name.rsplit(".", 1)[0]
    about = data.get("about") or {}
    case = Case.objects.select_related("patient").get(pk=work.case_id)
    taken = processing.day_of(str(data.get("taken") or ""))
    scanned = any(page.image and unread(page.text) for page in pages)
    found = processing.NewDocument(
        title=title,
        description=describe(case, title=title, name=file.name, texts=texts, about=about, taken=taken),
        pages=pages,
        page_count=int(data.get("page_count", len(pages))),
        words=WordsState.WAITING if scanned else WordsState.LAYER,
        about=about,
        facts=[Fact.from_json(fact) for fact in data.get("facts", [])],
        view_copy=seal(data.get("view_copy")),
        thumbnail=seal(data.get("thumbnail")),
    )
    return lambda _case, row: processing.keep_document(
        file=row, found=found, code=result.code, by=work.run.actor, **columns
    )


def _attach(work: Work, file: File, result: FileResult, seal: Sealer) -> None:
    """A letter inside a health record, a report inside a message: read like any upload, once."""
    inside = result.data.get("attachments") or []
    if not inside or File.objects.filter(container=file).exists():
        return
    stem = file.name.rsplit(".", 1)[0][:200]
    members = [
        (file.folder, f"{stem} {one['name']}", stored) for one in inside if (stored := seal(one["file"], "original"))
    ]
    with work.run.commit():
        lock(work.case_id)
        if processing.waiting(file.pk):
            processing.add_members(container=file, members=members, by=work.run.actor)


SIGNALS = frozenset({"dat", "atr", "xyz", "qrs", "ari"})
"""Endings of the parts of a WFDB record besides its header; nothing in them says what they are."""


def is_signal(file: File) -> bool:
    """Whether a header of the same name lies beside it: then it is the tracing itself, and kept."""
    stem, _dot, ending = file.name.rpartition(".")
    if ending.lower() not in SIGNALS:
        return False
    beside = File.objects.filter(case_id=file.case_id, folder=file.folder, name=f"{stem}.hea")
    return beside.exclude(state=RecordState.REMOVED).exists()
