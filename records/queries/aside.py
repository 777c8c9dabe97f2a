"""What waits for the desk's word."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.expressions import Combinable

from records.models import Document, File, Instance, Study
from records.states import RecordState


def set_aside() -> Exists | Combinable | Any:
    """For a queryset of cases: whether a study, a paper or a file of the case is set aside."""
    held = {"case": OuterRef("pk"), "state": RecordState.QUARANTINED}
    return (
        Exists(Study.objects.filter(**held))
        | Exists(Document.objects.filter(**held))
        | Exists(File.objects.filter(**held))
    )


def image_in(file: File | None) -> Instance | None:
    """The image that a file became, with its series and study."""
    return Instance.objects.filter(file=file).select_related("series__study").first()
