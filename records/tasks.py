"""Jobs of records: an id in, load, act."""

from __future__ import annotations

from django.utils import timezone

from portal.core.jobs import Run, job
from records.actions import uploads
from records.models import Upload
from records.states import UploadState


@job("records.process_upload")
def process_upload(run: Run, subject_id: str) -> None:
    """Work on all files of the case that wait: a folder of 500 slices is 500 uploads, and one run takes them together."""


@job("records.expire_uploads", every_seconds=3600)
def expire_uploads(run: Run) -> None:
    """Give up what nobody continued in time, and erase what had arrived of it."""
    late = Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lte=timezone.now())
    for pk in list(late.values_list("pk", flat=True)[:500]):
        uploads.expire(upload_id=pk, by=run.actor)
        run.renew()
