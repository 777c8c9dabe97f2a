"""Reads of DICOM studies. All start from the cases that this user may see in full."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from cases.queries import visible_to
from portal.core.states import Role
from records.models import Instance, Series, Study
from records.states import RecordState

MARKS = ("key_objects", "presentation", "segmentation", "rt_structures", "annotations")
"""Kinds of content that mark other images: PS3.3 A.35.4, A.33, A.51, A.19, A.87."""


def visible_studies(
    user: Any, *, ref: str | None = None, case_id: UUID | None = None, at: datetime | None = None
) -> QuerySet[Study]:
    """Studies that this user may look at; with `ref` or `case_id` (a token's one case), those of one case.

    A study that is set aside (perhaps another person's) is seen by the desk only, until a coordinator decides.
    """
    states = [RecordState.READY]
    if getattr(user, "role", "") == Role.COORDINATOR:
        states.append(RecordState.QUARANTINED)
    cases = visible_to(user, at=at)
    if ref is not None:
        cases = cases.filter(ref=ref)
    if case_id is not None:
        cases = cases.filter(pk=case_id)
    if ref is not None or case_id is not None:
        return Study.objects.filter(case__in=cases, state__in=states)
    # Asked of each study, not listed first: a list would grow with the cases of the house, whichever study is looked for.
    return Study.objects.filter(Exists(cases.filter(pk=OuterRef("case_id"))), state__in=states)


def visible_series(
    user: Any, study: str, *, ref: str | None = None, case_id: UUID | None = None, at: datetime | None = None
) -> QuerySet[Series]:
    """Series of the study with this UID. The same study in two cases of one user counts once, the older first."""
    first = visible_studies(user, ref=ref, case_id=case_id, at=at).filter(uid=study).order_by("created_at", "pk")[:1]
    return Series.objects.filter(study__in=first.values("pk")).order_by("number", "uid")


def visible_instances(
    user: Any,
    study: str,
    series: str | None = None,
    *,
    ref: str | None = None,
    case_id: UUID | None = None,
    at: datetime | None = None,
) -> QuerySet[Instance]:
    """Instances in the order of their numbers, with what is needed to serve their bytes in the same query."""
    found = Instance.objects.filter(series__in=visible_series(user, study, ref=ref, case_id=case_id, at=at).order_by())
    if series is not None:
        found = found.filter(series__uid=series)
    return found.order_by("number", "uid")


def visible_videos(user: Any) -> QuerySet[Instance]:
    """Videos that can be played, in studies that this user may look at. Kept as an MP4 in `pack`."""
    found = Instance.objects.filter(series__study__in=visible_studies(user), pack__isnull=False)
    return found.filter(content__kind="video", content__media_type="video/mp4")


def marked_instances(user: Any, study: str, *, ref: str) -> QuerySet[Instance]:
    """What others marked on the images of a study: `content` names the images, what is drawn on them or the parts that are outlined."""
    found = visible_instances(user, study, ref=ref)
    return found.filter(content__kind__in=MARKS)
