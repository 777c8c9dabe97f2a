"""What WADO-RS gives: originals of a study, a series or an instance, prepared metadata, thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from portal.core.states import ObjectState
from records.models import Instance, Series
from records.queries.imaging import visible_instances, visible_series

ORIGINAL = ("file__object__key", "pack__key", "series__study")


@dataclass(frozen=True, slots=True)
class Original:
    """An instance whose original is kept: what an answer says of it before its bytes are looked for. `size` is in bytes."""

    pk: UUID
    series: Series
    uid: str
    sop_class: str
    transfer_syntax: str
    number: int | None
    size: int


def kept(
    user: Any,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    *,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> list[Original]:
    """What a study, a series or one instance sends, in its order: as little of each as its length and the audit need."""
    shown = visible_series(user, study, ref=ref, case_id=case_id)
    if series is not None:
        shown = shown.filter(uid=series)
    known = {one.pk: one for one in shown.select_related("study")}
    rows = Instance.objects.filter(series__in=known, file__object__state=ObjectState.STORED)
    if instance is not None:
        rows = rows.filter(uid=instance)
    columns = ("pk", "series_id", "uid", "sop_class", "transfer_syntax", "number", "file__object__size")
    found = rows.order_by("series__number", "series__uid", "number", "uid").values_list(*columns)
    return [Original(pk, known[series_id], *rest) for pk, series_id, *rest in found]


def metadata_of(instances: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """For instances that were found through `kept`."""
    return dict(Instance.objects.filter(pk__in=instances).values_list("pk", "metadata"))


def originals(
    user: Any,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    *,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> QuerySet[Instance]:
    """Instances with the objects that hold their originals; one query, without their metadata."""
    found = visible_instances(user, study, series, ref=ref, case_id=case_id)
    if instance is not None:
        found = found.filter(uid=instance)
    found = found.filter(file__object__state=ObjectState.STORED).select_related(*ORIGINAL)
    return found.order_by("series__number", "series__uid", "number", "uid").defer("metadata", "look", "position")


def prepared(
    user: Any, study: str, series: str | None = None, *, ref: str | None = None, case_id: UUID | None = None
) -> list[Series]:
    """Series of a study, or the one named, with what was prepared of them."""
    found = visible_series(user, study, ref=ref, case_id=case_id).filter(instance_count__gt=0)
    if series is not None:
        found = found.filter(uid=series)
    return list(found.select_related("study", "metadata__key", "thumbnail__key"))


def described(
    user: Any,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    *,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> QuerySet[Instance]:
    """Instances with their metadata, for what is not prepared."""
    found = visible_instances(user, study, series, ref=ref, case_id=case_id)
    return (found.filter(uid=instance) if instance is not None else found).select_related("series__study")


@dataclass(frozen=True, slots=True)
class Picture:
    """How an instance is drawn."""

    look: dict[str, Any] | None
    rows: int
    columns: int


def pictures(instances: list[UUID]) -> dict[UUID, Picture]:
    """For instances that were found through `frames.places`."""
    rows = Instance.objects.filter(pk__in=instances).values_list("pk", "look", "rows", "columns")
    return {pk: Picture(look, height, width) for pk, look, height, width in rows}
