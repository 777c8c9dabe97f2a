"""Uploads, files, DICOM studies, documents and the state of the checklist."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import CasePart
from records.outside_models import CustodyEntry as CustodyEntry
from records.outside_models import PhysicalItem as PhysicalItem
from records.outside_models import RequestLetter as RequestLetter
from records.outside_models import UploadLink as UploadLink
from records.states import CorrectedField, ItemState, KlassSource, RecordState, UploadState, WordsState

USER = settings.AUTH_USER_MODEL


class Upload(CasePart):
    """One file on its way in (tus 1.0). Its bytes are sealed parts in the order of their offsets."""

    by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey("cases.Grant", null=True, on_delete=models.PROTECT, related_name="+")
    """Who sends it: an account, or the holder of an upload link's grant."""
    name = models.CharField(max_length=255)
    """As the sender called it; shown, never used as a path."""
    folder = models.CharField(max_length=500, blank=True)
    batch = models.UUIDField()
    """What was chosen in one go (a disc, a folder) is told about together."""
    fingerprint = models.CharField(max_length=64, blank=True)
    """The sender's own mark of this file (name, size, date, hashed), to resume after the browser was closed."""
    size = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.RECEIVING)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "state", "size"]), models.Index(fields=["batch", "fingerprint"])]
        constraints = [
            models.CheckConstraint(condition=Q(offset__lte=models.F("size")), name="upload_offset_inside"),
            models.CheckConstraint(
                condition=~Q(state=UploadState.RECEIVED) | Q(offset=models.F("size"), received_at__isnull=False),
                name="upload_received_whole",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False, grant__isnull=True) | Q(by__isnull=True, grant__isnull=False),
                name="upload_one_sender",
            ),
        ]


class UploadPart(models.Model):
    """Bytes [start, start + size) of an upload, sealed."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="+")
    start = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField()
    object = models.ForeignKey("core.StoredObject", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="upload_part_once")]


class File(CasePart):
    """An original, kept for ever as it came: an upload, or a member of an uploaded archive (`container`)."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+")
    container = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    folder = models.CharField(max_length=500, blank=True)
    object = models.ForeignKey("core.StoredObject", null=True, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=20, blank=True)
    """dicom, pdf, image, text, archive, viewer_program, … as the content says, not the name."""
    media_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=12, choices=RecordState.choices, default=RecordState.PROCESSING)
    code = models.CharField(max_length=40, blank=True)
    """Why it was refused, set aside or left out: a key of records/refusals.py."""
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    warnings: models.JSONField[Any, Any] = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    claim_job = models.UUIDField(null=True)
    """The job that works on this file, under fencing number `claim_fence`; another may take it once that claim is over."""
    claim_fence = models.PositiveBigIntegerField(default=0)
    secret = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    """The password that a person typed for this file, sealed; erased as soon as it has been tried."""

    class Meta:
        indexes = [
            models.Index(fields=["case", "state"]),
            models.Index(fields=["case", "sha256"]),
            models.Index(fields=["case"], name="file_members", condition=Q(container__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[RecordState.REJECTED, RecordState.QUARANTINED]) | ~Q(code=""),
                name="file_refused_has_code",
            ),
            models.UniqueConstraint(
                fields=["upload"], condition=Q(container__isnull=True), name="file_once_per_upload"
            ),
        ]


class Study(CasePart):
    """A DICOM study of one case. The same study in two cases is two rows."""

    uid = models.CharField(max_length=64)
    date = models.DateField(null=True)
    dated_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    """Who said the day, because no header does."""
    time = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=200, blank=True)
    accession = models.CharField(max_length=64, blank=True)
    study_id = models.CharField(max_length=64, blank=True)
    institution = models.CharField(max_length=200, blank=True)
    referring = models.CharField(max_length=200, blank=True)
    modalities: models.JSONField[Any, Any] = models.JSONField(default=list)
    patient_name = models.CharField(max_length=200, blank=True)
    patient_id = models.CharField(max_length=64, blank=True)
    patient_birth_date = models.CharField(max_length=10, blank=True)
    patient_sex = models.CharField(max_length=4, blank=True)
    state = models.CharField(max_length=12, choices=RecordState.choices, default=RecordState.PROCESSING)
    code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["uid"])]
        constraints = [models.UniqueConstraint(fields=["case", "uid"], name="study_once_per_case")]

    @property
    def header_date(self) -> datetime.date | None:
        """The day as the images say it: what is said as DICOM is never what a person typed."""
        return self.date if self.dated_by_id is None else None


class Series(models.Model):
    """A DICOM series, with its prepared metadata (DICOM JSON, all instances) and thumbnail as derived objects."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    uid = models.CharField(max_length=64)
    number = models.IntegerField(null=True)
    modality = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=200, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=16, blank=True)
    date = models.DateField(null=True)
    instance_count = models.PositiveIntegerField(default=0)
    frame_count = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    """Rises with each change of its instances; metadata and thumbnail name the revision they were made from."""
    metadata = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    thumbnail = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    derived_revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "uid"], name="series_once_per_study")]


class Instance(models.Model):
    """A DICOM instance: where its frames lie, so that one query finds the bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    file = models.OneToOneField(File, on_delete=models.PROTECT, related_name="+")
    uid = models.CharField(max_length=64)
    sop_class = models.CharField(max_length=64)
    transfer_syntax = models.CharField(max_length=64)
    number = models.IntegerField(null=True)
    position: models.JSONField[Any, Any] = models.JSONField(null=True)
    """ImagePositionPatient (mm), for order and gaps."""
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    bits_allocated = models.PositiveSmallIntegerField(default=0)
    frames = models.PositiveIntegerField(default=0)
    """0: not an image (report, presentation state, encapsulated document)."""
    metadata: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """DICOM JSON (PS3.18 Annex F) without bulk data, as the viewer gets it."""
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the decoded frames (or of what an object without frames says): equal for two copies of one image."""
    native_offset = models.PositiveBigIntegerField(null=True)
    """Where frame 1 begins in the original, when it is stored uncompressed little endian."""
    frame_bytes = models.PositiveBigIntegerField(null=True)
    pack = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    """Decoded frames of `frame_bytes` each, when the original is not native; of a video the MP4 (`content` says so)."""
    look: models.JSONField[Any, Any] = models.JSONField(null=True)
    """How stored values become grey or colour (records.dicom.render.Look), for rendered frames."""
    content: models.JSONField[Any, Any] = models.JSONField(null=True)
    """What the object says beside images, with its `kind` (records.dicom.objects): key images, drawings, plans, slide tiles, video."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "uid"], name="instance_once_per_series")]


class Document(CasePart):
    """A paper: letter, report, photo of a page. Its pages are derived images and text."""

    file = models.OneToOneField(File, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    klass = models.CharField(max_length=40, blank=True)
    """Document class of the catalogue."""
    klass_confidence = models.FloatField(null=True)
    date = models.DateField(null=True)
    author = models.CharField(max_length=200, blank=True)
    institution = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=10, choices=KlassSource.choices, blank=True)
    """What told its class: a code inside, its words, earlier corrections, a person."""
    words = models.CharField(max_length=10, choices=WordsState.choices, default=WordsState.LAYER)
    about: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """What a structured record says of itself (records.structured.model.Record.about)."""
    named: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """The patient that the paper names: {name, birth as YYYYMMDD, sex}, to be shown beside the case's own."""
    identity = models.CharField(max_length=10, blank=True)
    """records.rules.identity.Verdict on `named`, or "" when it names nobody."""
    page_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=RecordState.choices, default=RecordState.PROCESSING)
    code = models.CharField(max_length=40, blank=True)
    view_copy = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    """A copy that is safe to open in a browser, when the original is not."""
    thumbnail = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)


class Page(models.Model):
    """One page of a document: picture and text layer."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    image = models.ForeignKey("core.StoredObject", null=True, on_delete=models.SET_NULL, related_name="+")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)
    blocks: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Headings, paragraphs, lists and tables of a structured record (records.structured.model.Block)."""

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="page_once")]


class Correction(CasePart):
    """A person's word on what a paper is. Rows are added, never changed; the newest of a field holds, whatever is read later.

    They go with the paper when its file is removed.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    field = models.CharField(max_length=12, choices=CorrectedField.choices)
    value = models.CharField(max_length=200, blank=True)
    before = models.CharField(max_length=200, blank=True)
    """What stood there, and what the person saw."""
    likeness: models.JSONField[Any, Any] = models.JSONField(default=list)
    """For a class: words of the paper's heading and its institution, by which later papers of this installation are compared."""
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["document", "field"]), models.Index(fields=["field", "at"])]


class HealthFact(CasePart):
    """One problem, medicine, allergy, result or procedure of a structured record, as the record says it (records.structured.model.Fact)."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=300)
    code = models.CharField(max_length=60, blank=True)
    system = models.CharField(max_length=12, blank=True)
    date = models.CharField(max_length=10, blank=True)
    """ISO 8601, as exact as the source: a year, a month or a day."""
    end = models.CharField(max_length=10, blank=True)
    status = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=1000, blank=True)
    amount = models.FloatField(null=True)
    """`value` as a number, in `unit`; null for "<5" and words."""
    unit = models.CharField(max_length=60, blank=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    reference = models.CharField(max_length=300, blank=True)
    flag = models.CharField(max_length=10, blank=True)
    detail = models.CharField(max_length=1000, blank=True)
    author = models.CharField(max_length=300, blank=True)
    taken_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True)
    """When the patient took it over into the answers."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="health_fact_once"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="health_fact_taken_whole",
            ),
        ]
        indexes = [models.Index(fields=["case", "kind"])]


class ChecklistItem(CasePart):
    """What a person or the matching rules said about one required or wanted record."""

    key = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.MISSING)
    by_person = models.BooleanField(default=False)
    """A person's word is never overwritten by a rule."""
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    documents: models.JSONField[Any, Any] = models.JSONField(default=list)
    studies: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "key"], name="checklist_item_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[ItemState.WAIVED, ItemState.CANNOT_GET])
                | (Q(by__isnull=False) & ~Q(reason="")),
                name="item_waived_has_reason",
            ),
        ]


class Receipt(CasePart):
    """What became of everything that was chosen in one go, written when the last of it was read."""

    batch = models.UUIDField(unique=True)
    version = models.PositiveSmallIntegerField(default=1)
    """Rises when a file of the batch was tried again or removed and the receipt was written anew."""
    document: models.JSONField[Any, Any] = models.JSONField()
    at = models.DateTimeField(default=timezone.now)


class ViewerState(models.Model):
    """Measurements and key images of one person on one study."""

    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=0)
    state: models.JSONField[Any, Any] = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "study"], name="viewer_state_once")]


class ViewerStateVersion(models.Model):
    """What a viewer state held at one revision. Rows are added, never changed."""

    held = models.ForeignKey(ViewerState, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()
    state: models.JSONField[Any, Any] = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["held", "revision"], name="viewer_state_version_once")]
