"""What was sent, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import queries as cases
from cases.models import Case
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState, Role
from records.models import Document, File, Instance, Receipt, Study
from records.refusals import Words
from records.rules.codes import AGAIN, LOCKED, MALWARE, NOT_A_RECORD, NOT_OPENED, SAME_UID, TRAILING
from records.rules.remarks import remarks
from records.states import RecordState
from records.told import told

LOCKED_FILE = Q(state=RecordState.REJECTED, code__in=LOCKED)
REFUSED = Q(state=RecordState.REJECTED) & ~Q(code__in=LOCKED) | Q(state=RecordState.QUARANTINED, code__in=NOT_OPENED)
SINGLE = 6
"""Up to so many files of one choice are shown one by one; more as one line."""
SHOWN_REFUSED = 50


def visible_files(user: Any) -> QuerySet[File]:
    """Files in cases that this user sees in full. What was removed is gone for everybody."""
    return File.objects.filter(case__in=cases.visible_to(user)).exclude(state=RecordState.REMOVED)


def readable_files(user: Any) -> QuerySet[File]:
    """Files whose bytes this user may have: the desk any that is stored, others what was found to be in order. Malware nobody."""
    holding = File.objects.filter(code=MALWARE, container__isnull=False).values("container")
    found = visible_files(user).filter(object__isnull=False)
    found = found.exclude(code=MALWARE).exclude(duplicate_of__code=MALWARE).exclude(pk__in=holding)
    if getattr(user, "role", "") == Role.COORDINATOR:
        return found
    return found.filter(state=RecordState.READY).exclude(_hides_what_is_set_aside())


def _hides_what_is_set_aside() -> Q:
    """Files that would give away what is set aside: images of such a study, such papers, what lies inside them, copies, and the archive
    that brought them. An archive still holds what was removed from the case as another person's."""
    aside = File.objects.filter(
        Q(state=RecordState.QUARANTINED)
        | Q(pk__in=Instance.objects.filter(series__study__state=RecordState.QUARANTINED).values("file"))
        | Q(pk__in=Document.objects.filter(state=RecordState.QUARANTINED).values("file"))
    )
    packed = File.objects.filter(Q(pk__in=aside) | Q(state=RecordState.REMOVED), container__isnull=False)
    twice = packed.filter(container__container__isnull=False)
    return (
        Q(pk__in=aside)
        | Q(container__in=aside)
        | Q(duplicate_of__in=aside)
        | Q(duplicate_of__duplicate_of__in=aside)
        | Q(duplicate_of__container__in=aside)
        | Q(pk__in=packed.values("container"))
        | Q(duplicate_of__in=packed.values("container"))
        | Q(pk__in=twice.values("container__container"))
    )


def came_in(containers: Iterable[File | None]) -> list[File]:
    """What was sent and holds all of these (a packed file, a copy of a disc, a paper with files inside). It holds them still when what
    was inside is removed from the case."""
    found: dict[UUID, File] = {}
    for outer in containers:
        while outer is not None and outer.container is not None:
            outer = outer.container
        if outer is not None and outer.state != RecordState.REMOVED:
            found[outer.pk] = outer
    return sorted(found.values(), key=lambda one: one.name)


def containers_of(study: Study) -> QuerySet[File]:
    """What the images of a study came inside."""
    images = File.objects.filter(pk__in=Instance.objects.filter(series__study=study).values("file"))
    return File.objects.filter(pk__in=images.values("container")).select_related("container")


RECEIPT_WITHIN = timedelta(minutes=2)
"""So long a page goes on asking for the receipt after the last file was read."""


@dataclass(frozen=True)
class FileView:
    file: File

    @property
    def state(self) -> str:
        """processing, ready, left_out, duplicate, set_aside, refused."""
        if self.file.state == RecordState.READY:
            if self.file.code == "duplicate":
                return "duplicate"
            return "left_out" if self.file.code in NOT_A_RECORD else "ready"
        if self.file.code in NOT_OPENED:
            return "refused"
        if self.locked:
            return "locked"
        return {"processing": "processing", "quarantined": "set_aside", "rejected": "refused"}.get(
            self.file.state, self.file.state
        )

    @property
    def locked(self) -> bool:
        """Waits for a password."""
        return self.file.state == RecordState.REJECTED and self.file.code in LOCKED

    @property
    def words(self) -> Words | None:
        return told(self.file.code) if self.file.code else None

    @property
    def again(self) -> bool:
        return self.file.state == RecordState.REJECTED and self.file.code in AGAIN


@dataclass
class BatchView:
    """What was chosen in one go."""

    id: UUID
    at: datetime
    folder: str = ""
    total: int = 0
    processing: int = 0
    ready: int = 0
    refused: int = 0
    locked: int = 0
    set_aside: int = 0
    files: list[FileView] = field(default_factory=list)
    receipt: Receipt | None = None
    last_read: datetime | None = None

    @property
    def title(self) -> str:
        top = self.folder.split("/")[0]
        return top or ngettext("%(n)d file", "%(n)d files", self.total) % {"n": self.total}

    @property
    def done(self) -> int:
        return self.total - self.processing

    @property
    def receipt_due(self) -> bool:
        """All is read, and the receipt is written in a moment. A batch of which files are still on their way has none."""
        recent = self.last_read is not None and timezone.now() - self.last_read < RECEIPT_WITHIN
        return self.receipt is None and not self.processing and recent

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


@dataclass(frozen=True)
class FilesView:
    """All of a case: batches newest first, what needs a look, and sums."""

    batches: list[BatchView]
    refused: list[FileView]
    refused_count: int
    locked: list[FileView]
    """They wait for a password."""
    aside: list[FileView]
    """Images under a UID that another image has: the desk decides."""
    processing: int
    total: int

    @property
    def busy(self) -> bool:
        return self.processing > 0

    @property
    def changing(self) -> bool:
        """Whether the page should look again by itself."""
        return self.busy or any(batch.receipt_due for batch in self.batches)

    @property
    def done(self) -> int:
        return self.total - self.processing


def files(case: Case) -> FilesView:
    """Seven queries, however many files there are."""
    present = File.objects.filter(case=case).exclude(state=RecordState.REMOVED)
    sums = present.values("upload__batch").annotate(
        at=Min("created_at"),
        last_read=Max("processed_at"),
        low=Min("folder"),
        high=Max("folder"),
        total=Count("pk"),
        top=Count("pk", filter=Q(container__isnull=True)),
        processing=Count("pk", filter=Q(state=RecordState.PROCESSING)),
        ready=Count("pk", filter=Q(state=RecordState.READY)),
        refused=Count("pk", filter=REFUSED),
        locked=Count("pk", filter=LOCKED_FILE),
        set_aside=Count("pk", filter=Q(state=RecordState.QUARANTINED) & ~REFUSED),
    )
    batches: dict[UUID, BatchView] = {}
    few: list[UUID] = []
    for row in sums.order_by("-at"):
        same = row["low"].split("/")[0] == row["high"].split("/")[0]
        batches[row["upload__batch"]] = BatchView(
            id=row["upload__batch"],
            at=row["at"],
            last_read=row["last_read"],
            folder=row["low"] if same else "",
            **{name: row[name] for name in ("total", "processing", "ready", "refused", "locked", "set_aside")},
        )
        if row["top"] <= SINGLE:
            few.append(row["upload__batch"])
    single = present.filter(upload__batch__in=few, container__isnull=True).select_related("upload")
    for file in single.order_by("created_at", "pk"):
        batches[file.upload.batch].files.append(FileView(file))
    for receipt in Receipt.objects.filter(case=case, batch__in=batches):
        batches[receipt.batch].receipt = receipt
    refused = present.filter(REFUSED).order_by("-created_at", "pk")
    aside = present.filter(state=RecordState.QUARANTINED, code__in=[SAME_UID, TRAILING]).select_related("duplicate_of")
    return FilesView(
        batches=list(batches.values()),
        refused=[FileView(file) for file in refused[:SHOWN_REFUSED]],
        locked=[FileView(file) for file in locked_files(case)[:SHOWN_REFUSED]],
        aside=[FileView(file) for file in aside.order_by("created_at", "pk")[:SHOWN_REFUSED]],
        refused_count=sum(batch.refused for batch in batches.values()),
        processing=sum(batch.processing for batch in batches.values()),
        total=sum(batch.total for batch in batches.values()),
    )


def locked_files(case: Case) -> QuerySet[File]:
    """Files that wait for a password, the newest first."""
    return File.objects.filter(LOCKED_FILE, case=case).order_by("-created_at", "pk")


def of_batch(case: Case, batch: UUID) -> QuerySet[File]:
    """Every file of one choice, members of archives included, what needs a look first."""
    found = File.objects.filter(case=case, upload__batch=batch).exclude(state=RecordState.REMOVED)
    return found.order_by("-state", "folder", "name", "pk")


def stuck(case: Case) -> bool:
    """Whether files wait although no job is queued for them: a person should be told rather than shown a bar for ever."""
    waits = File.objects.filter(case=case, state=RecordState.PROCESSING).exists()
    alive = Job.objects.filter(case_id=case.pk, state__in=[JobState.QUEUED, JobState.RUNNING])
    return waits and not alive.filter(name="records.process_upload").exists()


def preparing(case: Case) -> bool:
    """Whether pictures of this case are being made again from their originals."""
    return StoredObject.objects.filter(case_id=case.pk, state=ObjectState.LOST).exists()


def summary(view: FilesView) -> str:
    """One line for the top of a list."""
    if view.busy:
        return _("%(done)d of %(total)d files checked") % {"done": view.done, "total": view.total}
    return ngettext("%(n)d file", "%(n)d files", view.total) % {"n": view.total}


def oddities(case: Case) -> list[tuple[str, int]]:
    """For staff: what was odd about files of the case that were taken all the same, and in how many."""
    present = File.objects.filter(case=case).exclude(state=RecordState.REMOVED).exclude(warnings=[])
    return remarks(present.values_list("warnings", flat=True))
