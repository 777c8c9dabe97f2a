"""Where a series stands, by one compiled query that decides access as well: what was made of that state before can be given again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from portal.core.compiled import STAND_IN_MOMENT, adapted, compiled
from records.queries.imaging import visible_series

_STAND_INS: dict[str, Any] = {
    "user": UUID(int=1),
    "at": STAND_IN_MOMENT,
    "study": "stands for a study",
    "series": "stands for a series",
    "ref": "stands for a case",
    "case_id": UUID(int=2),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A series in one state of its images: `state` changes with every change of them and with everything prepared from them."""

    series_id: UUID
    study_id: UUID
    case_id: UUID
    images: int
    state: tuple[Any, ...]


def standing(
    user: Any, study: str, series: str, *, ref: str | None = None, case_id: UUID | None = None
) -> Standing | None:
    """The series with this UID as it stands now, if this user may look at it."""
    if not getattr(user, "is_authenticated", False):
        return None
    values = {"user": user.pk, "at": timezone.now(), "study": study, "series": series}
    values |= {name: value for name, value in (("ref", ref), ("case_id", case_id)) if value is not None}
    stand_ins = {name: value for name, value in _STAND_INS.items() if name in values}

    def query() -> QuerySet[Any]:
        asks = {name: stand_ins.get(name) for name in ("ref", "case_id", "at")}
        somebody = get_user_model()(pk=stand_ins["user"], role=user.role)
        found = visible_series(somebody, stand_ins["study"], **asks).filter(uid=stand_ins["series"])
        columns = ("pk", "study_id", "study__case_id", "instance_count", "revision", "derived_revision", "metadata_id")
        return found.filter(instance_count__gt=0).values_list(*columns)

    rows = compiled(("standing", user.role, *sorted(values)), stand_ins, query).rows(adapted(values))
    if not rows:
        return None
    series_id, study_id, found_in, images, *state = rows[0]
    return Standing(_uuid(series_id), _uuid(study_id), _uuid(found_in), images, tuple(state))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
