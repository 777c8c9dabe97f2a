"""QIDO-RS matching (PS3.18 section 8.3.4.1, PS3.4 section C.2.2.2) over what this user may see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Exists, F, Lookup, Max, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.sql.compiler import SQLCompiler

from records.models import Instance, Series, Study
from records.queries.imaging import visible_studies


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute that can be matched: its keyword and tag, where it is kept (a path from the study), and how it is compared."""

    keyword: str
    tag: str
    column: str
    how: str


STUDY = (
    Key("StudyInstanceUID", "0020000D", "uid", "uid"),
    Key("StudyDate", "00080020", "date", "date"),
    Key("StudyTime", "00080030", "time", "time"),
    Key("AccessionNumber", "00080050", "accession", "text"),
    Key("ModalitiesInStudy", "00080061", "", "modalities"),
    Key("InstitutionName", "00080080", "institution", "text"),
    Key("ReferringPhysicianName", "00080090", "referring", "name"),
    Key("StudyDescription", "00081030", "description", "text"),
    Key("PatientName", "00100010", "patient_name", "name"),
    Key("PatientID", "00100020", "patient_id", "text"),
    Key("PatientBirthDate", "00100030", "patient_birth_date", "day"),
    Key("PatientSex", "00100040", "patient_sex", "text"),
    Key("StudyID", "00200010", "study_id", "text"),
)
SERIES = (
    Key("SeriesInstanceUID", "0020000E", "uid", "uid"),
    Key("Modality", "00080060", "modality", "text"),
    Key("SeriesNumber", "00200011", "number", "number"),
    Key("SeriesDescription", "0008103E", "description", "text"),
    Key("SeriesDate", "00080021", "date", "date"),
    Key("BodyPartExamined", "00180015", "body_part", "text"),
    Key("Laterality", "00200060", "laterality", "text"),
)
INSTANCE = (
    Key("SOPInstanceUID", "00080018", "uid", "uid"),
    Key("SOPClassUID", "00080016", "sop_class", "uid"),
    Key("InstanceNumber", "00200013", "number", "number"),
    Key("Rows", "00280010", "rows", "number"),
    Key("Columns", "00280011", "columns", "number"),
    Key("BitsAllocated", "00280100", "bits_allocated", "number"),
    Key("NumberOfFrames", "00280008", "frames", "number"),
)
LEVELS = {"study": STUDY, "series": SERIES, "instance": INSTANCE}
_NAMES = {name: (level, key) for level, keys in LEVELS.items() for key in keys for name in (key.keyword, key.tag)}


class Unmatchable(Exception):
    """The value does not have the form that its attribute asks for. The argument is the attribute as it was sent."""


def key_of(name: str) -> tuple[str, Key] | None:
    """The level and key of a keyword or tag that can be matched."""
    return _NAMES.get(name) or _NAMES.get(name.upper())


def studies(
    user: Any, matches: Mapping[str, str], *, ref: str | None = None, case_id: UUID | None = None
) -> QuerySet[Study]:
    """Studies that match, the newest first. The same study in two cases of one user is found once, the older.

    Raises:
        Unmatchable: a value cannot be read.
    """
    return _studies(user, matches, ref, case_id).order_by("-date", "uid")


def _studies(user: Any, matches: Mapping[str, str], ref: str | None, case_id: UUID | None) -> QuerySet[Study]:
    visible = visible_studies(user, ref=ref, case_id=case_id)
    older = Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__lt=OuterRef("pk"))
    found = visible.filter(_conditions("study", matches))
    if ref is None and case_id is None:
        found = found.exclude(Exists(visible.filter(uid=OuterRef("uid")).exclude(pk=OuterRef("pk")).filter(older)))
    return found


def series(
    user: Any,
    matches: Mapping[str, str],
    *,
    study: str | None = None,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> QuerySet[Series]:
    """Series that match, of one study or of all. Raises Unmatchable."""
    if study is not None:
        matches = {**matches, "StudyInstanceUID": study}
    inside = _studies(user, matches, ref, case_id)
    found = Series.objects.filter(study__in=inside, instance_count__gt=0).filter(_conditions("series", matches))
    return found.order_by("study_id", "number", "uid")


def instances(
    user: Any,
    matches: Mapping[str, str],
    *,
    study: str | None = None,
    series_uid: str | None = None,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> QuerySet[Instance]:
    """Instances that match, of one series, of one study or of all. Raises Unmatchable."""
    if series_uid is not None:
        matches = {**matches, "SeriesInstanceUID": series_uid}
    inside = series(user, matches, study=study, ref=ref, case_id=case_id)
    found = Instance.objects.filter(series__in=inside.order_by()).filter(_conditions("instance", matches))
    return found.order_by("series_id", "number", "uid")


def counts(rows: list[Study]) -> dict[UUID, tuple[int, int]]:
    """Number of series and instances of each study."""
    found = Series.objects.filter(study__in=rows, instance_count__gt=0).values("study_id")
    counted = found.annotate(series=Count("pk"), images=Sum("instance_count"))
    return {pk: (series, images or 0) for pk, series, images in counted.values_list("study_id", "series", "images")}


def samples(rows: list[Study] | list[Series]) -> dict[UUID, dict[str, Any]]:
    """The metadata of one instance of each study or series: attributes that all of its instances share are read there."""
    if not rows:
        return {}
    level = "series__study" if isinstance(rows[0], Study) else "series"
    inside = Instance.objects.filter(**{f"{level}__in": rows})
    chosen = inside.values(level).annotate(one=Max("uid")).values_list(level, "one")
    wanted = Q(pk__in=[])
    for owner, uid in chosen:
        wanted |= Q(**{level: owner, "uid": uid})
    return dict(Instance.objects.filter(wanted).values_list(level, "metadata"))


def parents(keys: set[UUID]) -> dict[UUID, Series]:
    """Series with their studies, for rows that were found through `instances`."""
    return {one.pk: one for one in Series.objects.filter(pk__in=keys).select_related("study")}


def _conditions(level: str, matches: Mapping[str, str]) -> Q:
    found = Q()
    for name, value in matches.items():
        known = key_of(name)
        if known is not None and known[0] == level and value not in ("", "*", '""'):
            found &= _condition(known[1], name, value)
            if known[1].tag == "00080020":
                found &= Q(dated_by=None)  # a day that a person typed is not told here, so it is not found either
    return found


def _condition(key: Key, name: str, value: str) -> Q:
    column = key.column
    if key.how == "uid":
        uids = [one for one in re.split(r"[,\\]", value) if one]
        if any(re.fullmatch(r"[0-9.*?]{1,64}", one) is None for one in uids):
            raise Unmatchable(name)
        return Q(**{f"{column}__in": uids})
    if key.how == "number":
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", value):
            raise Unmatchable(name)
        return Q(**{column: int(value)})
    if key.how == "modalities":
        return Q(Exists(Series.objects.filter(study=OuterRef("pk"), modality__in=re.split(r"[,\\]", value))))
    if key.how in {"date", "time", "day"}:
        return _range(key, name, value)
    same = "i" if key.how == "name" else ""  # a person's name may be compared without regard to case
    if "*" in value or "?" in value:
        pattern = Value(re.sub(r"\*+", "*", value)[:200])
        return Q(_AnyCase(F(column), pattern) if same else _SameCase(F(column), pattern))
    return Q(**{f"{column}__{same}exact": value})


class _SameCase(Lookup):
    """`*` and `?` matched by LIKE or GLOB, whose time is bounded: as a regular expression one request could hold a process for hours.

    SQLite's LIKE knows no case, its GLOB does and has the wildcards of DICOM; only `[` begins something else there.
    """

    lookup_name = "wildcard"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return self._compare("{} LIKE {} ESCAPE '\\'", _like, compiler, connection)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return self._compare("{} GLOB {}", lambda value: value.replace("[", "[[]"), compiler, connection)

    def _compare(
        self, shape: str, pattern: Callable[[str], str], compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        column, before = self.process_lhs(compiler, connection)
        return shape.format(column, "%s"), (*before, pattern(self.rhs.value))


class _AnyCase(_SameCase):
    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return self._compare("UPPER({}) LIKE UPPER({}) ESCAPE '\\'", _like, compiler, connection)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return self.as_sql(compiler, connection)


def _like(value: str) -> str:
    return re.sub(r"[%_\\]", r"\\\g<0>", value).translate({ord("*"): "%", ord("?"): "_"})


def _range(key: Key, name: str, value: str) -> Q:
    """A day or time, or a range with one end open (PS3.4 section C.2.2.2.5)."""
    low, dash, high = value.partition("-")
    if not dash:
        low = high = value
    if not (low or high):
        raise Unmatchable(name)
    found = Q()
    if low:
        found &= Q(**{f"{key.column}__gte": _end(key, name, low, "000000.000000")})
    if high:
        found &= Q(**{f"{key.column}__lte": _end(key, name, high, "235959.999999")})
    return found & ~Q(**{f"{key.column}": ""}) if key.how != "date" else found


def _end(key: Key, name: str, text: str, filled: str) -> str | date:
    if key.how == "time":
        if not re.fullmatch(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?)?)?", text):
            raise Unmatchable(name)
        # Kept as sent, hence compared as text: the lower end as it is, the upper filled to the last instant that it can mean.
        return text if filled.startswith("0") else text + filled[len(text) :]
    try:
        day = datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day of a calendar, without a zone
    except ValueError:
        raise Unmatchable(name) from None
    return day if key.how == "date" else text
