"""The receipt of what was sent in one go. Written only when the last file of the batch has been read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from cases.models import Case
from portal.core.access import Actor
from portal.core.workflow import note
from records.models import File, Receipt, Upload
from records.queries.receipts import document_of
from records.states import RecordState, UploadState


def write(*, case: Case, by: Actor) -> list[Receipt]:
    """Write or renew the receipts of this case. Inside the caller's transaction, with the case locked.

    A batch is settled when none of its files is on its way or being read. Running it again changes nothing.
    """
    written: list[Receipt] = []
    for batch in settled(case):
        document = document_of(case, batch)
        known = Receipt.objects.filter(batch=batch).first()
        if known is None:
            known = Receipt.objects.create(case=case, batch=batch, document=document)
        elif known.document == document:
            continue
        else:
            known.document, known.version, known.at = document, known.version + 1, timezone.now()
            known.save(update_fields=["document", "version", "at"])
        note(case, "case", "receipt", actor=by, data={"receipt": str(known.pk), "version": known.version})
        written.append(known)
    return written


def settled(case: Case) -> list[UUID]:
    """Batches of the case that have come to rest."""
    uploads = Upload.objects.filter(case=case)
    moving: set[Any] = set(uploads.filter(state=UploadState.RECEIVING).values_list("batch", flat=True))
    moving |= set(File.objects.filter(case=case, state=RecordState.PROCESSING).values_list("upload__batch", flat=True))
    batches = uploads.filter(received_at__isnull=False).order_by("created_at").values_list("batch", flat=True)
    return [batch for batch in dict.fromkeys(batches) if batch not in moving]
