"""Making again what was made of originals: says what is lost, and puts the new in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from django.db import transaction

from portal.core import storage
from portal.core.jobs import enqueue, retry
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState
from records.models import Document, File, Instance, Page
from records.queries.derived import REBUILD, derived, lost

AT_ONCE = 500


def lose_all(*, case_id: UUID) -> int:
    """Have everything that was made in a case made again."""
    return derived(case_id).update(state=ObjectState.LOST)


def lose_missing(*, case_id: UUID | None = None) -> int:
    """Look for the bytes of everything that was made, and say what is lost: after a restore, that is all of it."""
    if case_id is None:
        present = {one.name for one in storage.backend().listed() if one.whole}
        rows = derived().values_list("pk", "name").iterator()
        gone = [pk for pk, name in rows if name not in present]
    else:
        gone = [stored.pk for stored in derived(case_id).iterator() if not storage.is_here(stored)]
    for start in range(0, len(gone), AT_ONCE):
        StoredObject.objects.filter(pk__in=gone[start : start + AT_ONCE]).update(state=ObjectState.LOST)
    return len(gone)


def queue(*, case_ids: Iterable[UUID] | None = None) -> int:
    """One job for each case that lacks something, unless one waits already. Returns how many cases those are."""
    found = lost().order_by().values_list("case_id", flat=True).distinct()
    wanted = list(found if case_ids is None else found.filter(case_id__in=list(case_ids)))
    for case_id in wanted:
        with transaction.atomic():
            latest = Job.objects.filter(name=REBUILD, case_id=case_id).order_by("-created_at").first()
            if latest is None or latest.state == JobState.DONE:
                enqueue(REBUILD, key=f"{REBUILD}:{case_id}:{uuid4()}", case_id=case_id, case=str(case_id))
            elif latest.state == JobState.FAILED:
                retry(latest)
    return len(wanted)


def replace_pack(*, file: File, made: StoredObject | None) -> list[StoredObject]:
    """Give an instance its decoded frames or its video again. Returns what nobody names any more: the lost one, or the new one that
    came too late. What could not be made now stays lost, so that it is tried again and not forgotten."""
    if made is None:
        return []
    row = Instance.objects.filter(file=file, pack__state=ObjectState.LOST).select_related("pack").first()
    if row is None:
        return [made]
    old = row.pack
    Instance.objects.filter(pk=row.pk).update(pack=made)
    return [old] if old else []


def replace_papers(
    *,
    file: File,
    pages: Mapping[int, StoredObject | None],
    view_copy: StoredObject | None,
    thumbnail: StoredObject | None,
) -> list[StoredObject]:
    """Give a document its pictures and copies again; only what is lost is replaced, and what could not be made now stays lost.

    Returns what nobody names any more.
    """
    document = Document.objects.filter(file=file).select_related("view_copy", "thumbnail").first()
    unused = [one for one in (*pages.values(), view_copy, thumbnail) if one is not None]
    if document is None:
        return unused
    old: list[StoredObject] = []

    def used(made: StoredObject, before: StoredObject | None) -> None:
        unused.remove(made)
        if before is not None:
            old.append(before)

    for page in Page.objects.filter(document=document, image__state=ObjectState.LOST).select_related("image"):
        made = pages.get(page.number)
        if made is not None:
            used(made, page.image)
            Page.objects.filter(pk=page.pk).update(image=made)
    if view_copy is not None and document.view_copy is not None and document.view_copy.state == ObjectState.LOST:
        used(view_copy, document.view_copy)
        Document.objects.filter(pk=document.pk).update(view_copy=view_copy)
    if thumbnail is not None and document.thumbnail is not None and document.thumbnail.state == ObjectState.LOST:
        used(thumbnail, document.thumbnail)
        Document.objects.filter(pk=document.pk).update(thumbnail=thumbnail)
    return old + unused
