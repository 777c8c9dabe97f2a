"""What people do with files: remove one, try one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from cases.actions.locking import lock
from cases.states import Phase
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import Job, StoredObject
from portal.core.states import ObjectState
from portal.core.workflow import Refused, move
from records.actions.processing import finish
from records.actions.uploads import forget_parts
from records.models import Correction, CustodyEntry, Document, File, HealthFact, Instance, Page, Series, Study
from records.moves import DOCUMENT, FILE, STUDY, UPLOAD
from records.rules.codes import AGAIN, DUPLICATE, FAILED, SAME_UID
from records.rules.header import header_of, header_of_study, text_of
from records.states import RecordState, UploadState

REMOVABLE = frozenset({Phase.DRAFT, Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING})
"""Before a specialist works on them; afterwards an opinion may rest on a record."""


def may_remove(phase: str) -> bool:
    return phase in REMOVABLE


def in_custody_log(file: File) -> bool:
    """Whether a line of the custody log, which nobody changes, shows this file."""
    return CustodyEntry.objects.filter(photo=file).exists()


def remove(*, file: File, by: Actor, copies: bool = False) -> None:
    """Take a file out of the case, with what was made of it and with what came inside it; its bytes are erased.

    A copy of the same file that was sent as well becomes the record in its place; with `copies` it goes too: it shows the same
    person.

    Raises:
        Refused: it is removed already, a specialist works with the records (`in_review`), or the custody log shows it (`in_log`).
    """
    with transaction.atomic():
        held = lock(file.case_id)
        if not may_remove(held.phase):
            raise Refused("in_review")
        erasable = _remove(File.objects.get(pk=file.pk), by, copies)
    for stored in erasable:
        storage.erase(stored)


def _remove(file: File, by: Actor, copies: bool = False) -> list[StoredObject]:
    if in_custody_log(file):
        raise Refused("in_log")
    erasable = [file.object] if file.object else []
    move(file, FILE, "remove", actor=by)
    if file.container_id is None and file.upload.state == UploadState.RECEIVED:
        move(file.upload, UPLOAD, "remove", actor=by)  # its bytes no longer count against the case
        erasable += forget_parts(file.upload_id)  # they were not put together yet
    erasable += unindex(file, by)
    erasable += shelve(file, by)
    HealthFact.objects.filter(document__file=file).delete()
    Correction.objects.filter(
        document__file=file
    ).delete()  # they hold words of the paper, and later papers are compared with them
    Document.objects.filter(file=file).update(**SAID_OF_PAPER)
    for member in File.objects.filter(container=file).exclude(state=RecordState.REMOVED).order_by("pk"):
        erasable += _remove(member, by, copies)
    if copies:
        same = File.objects.filter(duplicate_of=file, code=DUPLICATE).exclude(state=RecordState.REMOVED).order_by("pk")
        for one in list(same):
            erasable += _remove(one, by, copies)
    copy = File.objects.filter(duplicate_of=file, state=RecordState.READY).order_by("created_at", "pk").first()
    if copy is not None:
        move(copy, FILE, "revive", actor=by, changes=FRESH | {"duplicate_of": None})
        File.objects.filter(duplicate_of=file).update(duplicate_of=copy)
    else:
        for held in File.objects.filter(duplicate_of=file, state=RecordState.QUARANTINED, code=SAME_UID).order_by("pk")[
            :1
        ]:
            move(held, FILE, "process_again", actor=by, changes=FRESH | {"duplicate_of": None})
            File.objects.filter(duplicate_of=file).update(duplicate_of=held)
    return erasable


def leftovers() -> QuerySet[StoredObject]:
    """Originals of removed files that are still here: the process died between the removal and the erasing."""
    removed = File.objects.filter(state=RecordState.REMOVED, object__state=ObjectState.STORED)
    still_used = File.objects.exclude(state=RecordState.REMOVED).filter(object__isnull=False)
    return StoredObject.objects.filter(pk__in=removed.values("object")).exclude(pk__in=still_used.values("object"))


FRESH = {"code": "", "processed_at": None, "claim_job": None, "claim_fence": 0}
"""Columns of a file that is read once more."""


SAID_OF_IMAGES = (
    "time", "description", "accession", "study_id", "institution", "referring",
    "patient_name", "patient_id", "patient_birth_date", "patient_sex",
)  # fmt: skip
"""Columns of a study that tell of its images and the person on them: they go with the last image."""
SAID_OF_PAPER: dict[str, Any] = {
    "title": "", "date": None, "author": "", "institution": "", "language": "", "about": {}, "named": {}, "identity": "",
}  # fmt: skip
"""Columns of a paper that were read from it, emptied."""


def unindex(file: File, by: Actor) -> list[StoredObject]:
    """Take the image out of its series; a study without images goes too."""
    instance = Instance.objects.filter(file=file).select_related("series__study", "pack").first()
    if instance is None:
        return []
    series, study = instance.series, instance.series.study
    instance.delete()
    Series.objects.filter(pk=series.pk).update(
        revision=F("revision") + 1,
        instance_count=F("instance_count") - 1,
        frame_count=F("frame_count") - instance.frames,
    )
    first = Instance.objects.filter(series__study=study).order_by("file__created_at", "pk").values("metadata").first()
    if first is not None:
        _rename(study, first["metadata"])
    elif study.state != RecordState.REMOVED:
        move(
            study,
            STUDY,
            "remove",
            actor=by,
            changes=dict.fromkeys(SAID_OF_IMAGES, "") | {"date": None, "dated_by": None},
        )
    return [instance.pack] if instance.pack else []


def _rename(study: Study, metadata: dict[str, Any]) -> None:
    """The study names the person of the images that are left: the one that named it may have been the stranger's."""
    header = header_of(metadata)
    if header.who == header_of_study(study).who:
        return
    study.patient_name, study.patient_birth_date, study.patient_sex, study.patient_id = header.who
    study.institution, study.referring = text_of(metadata, "00080080")[:200], text_of(metadata, "00080090")[:200]
    study.save(
        update_fields=[
            "patient_name", "patient_birth_date", "patient_sex", "patient_id", "institution", "referring",
        ]
    )  # fmt: skip


def shelve(file: File, by: Actor) -> list[StoredObject]:
    document = Document.objects.filter(file=file).select_related("view_copy", "thumbnail").first()
    if document is None or document.state == RecordState.REMOVED:
        return []
    pages = Page.objects.filter(document=document).select_related("image")
    erasable = [one for one in (document.view_copy, document.thumbnail, *(page.image for page in pages)) if one]
    pages.delete()
    move(document, DOCUMENT, "remove", actor=by, changes={"view_copy": None, "thumbnail": None})
    return erasable


@transaction.atomic
def process_again(*, file: File, by: Actor) -> None:
    """Try a failed file once more. The event queues the work.

    Raises:
        Refused: the file did not fail, or trying again cannot help (`no_use`).
    """
    lock(file.case_id)
    held = File.objects.get(pk=file.pk)
    if held.code not in AGAIN:
        raise Refused("no_use")
    move(held, FILE, "process_again", actor=by, changes=FRESH)


def give_up(*, subject_id: UUID, job_name: str, by: Actor) -> int:
    """The last attempt of a job failed: the files that it held say so, and can be tried again. In the job's own commit."""
    jobs = Job.objects.filter(name=job_name, args__subject_id=str(subject_id)).values("pk")
    held = File.objects.filter(state=RecordState.PROCESSING).filter(
        Q(claim_job__in=jobs) | Q(upload=subject_id) | Q(pk=subject_id)
    )
    waiting = list(held.order_by("pk"))
    for case_id in {file.case_id for file in waiting}:
        lock(case_id)
    for file in waiting:
        finish(file, "reject", by=by, code=FAILED)
    return len(waiting)
