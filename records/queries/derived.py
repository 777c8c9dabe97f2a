"""What was made of originals, and where it is missing."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.core.models import Job, StoredObject
from portal.core.states import ObjectState
from records.models import Document, File, Instance, Page, Series

REBUILD = "records.rebuild"


def derived(case_id: UUID | None = None) -> QuerySet[StoredObject]:
    """Derived objects that should be there."""
    found = StoredObject.objects.filter(kind="derived", state=ObjectState.STORED)
    return found if case_id is None else found.filter(case_id=case_id)


def lost(case_id: UUID | None = None) -> QuerySet[StoredObject]:
    """Derived objects that are to be made again."""
    found = StoredObject.objects.filter(kind="derived", state=ObjectState.LOST)
    return found if case_id is None else found.filter(case_id=case_id)


def files_to_read_again(case_id: UUID) -> QuerySet[File]:
    """Originals from which something lost is made: decoded frames, page images, a safe copy, a thumbnail."""
    gone = ObjectState.LOST
    packs = Instance.objects.filter(file=OuterRef("pk"), pack__state=gone)
    papers = Document.objects.filter(Q(view_copy__state=gone) | Q(thumbnail__state=gone), file=OuterRef("pk"))
    pages = Page.objects.filter(document__file=OuterRef("pk"), image__state=gone)
    found = File.objects.filter(case_id=case_id, object__state=ObjectState.STORED)
    return found.filter(Exists(packs) | Exists(papers) | Exists(pages)).order_by("created_at", "pk")


def series_to_prepare_again(case_id: UUID) -> QuerySet[Series]:
    return Series.objects.filter(
        Q(metadata__state=ObjectState.LOST) | Q(thumbnail__state=ObjectState.LOST), study__case_id=case_id
    )


def rebuilds() -> QuerySet[Job]:
    """Jobs that make lost things again, the newest first."""
    return Job.objects.filter(name=REBUILD).order_by("-created_at")
