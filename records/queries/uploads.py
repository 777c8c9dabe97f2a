"""Uploads on their way in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from cases import queries as cases
from cases.models import Case
from portal.core.compiled import STAND_IN_MOMENT, adapted, compiled
from records.models import File, Upload
from records.states import RecordState, UploadState


def visible_uploads(user: Any) -> QuerySet[Upload]:
    """Uploads in cases that this user sees in full."""
    return Upload.objects.filter(case__in=cases.visible_to(user))


def own_uploads(user: Any, case: Case) -> QuerySet[Upload]:
    """What this person sends: nobody else continues or removes it while it is on its way."""
    return visible_uploads(user).filter(case=case, by=user)


def unfinished(user: Any, case: Case) -> list[Upload]:
    """Uploads of this person that can be continued: choose the same files again."""
    return waiting(own_uploads(user, case))


def waiting(sent: QuerySet[Upload]) -> list[Upload]:
    """Those of `sent` that can be continued, the oldest first."""
    open_ones = sent.filter(state=UploadState.RECEIVING, expires_at__gt=timezone.now())
    return list(open_ones.order_by("created_at", "pk"))


def used(case: Case) -> tuple[int, int]:
    """(bytes, files) that the case holds or has promised to take; members of archives count as well."""
    stand_in, values = {"case": UUID(int=1)}, adapted({"case": case.pk})
    sent = compiled("bytes and files of a case", stand_in, lambda: _sent(UUID(int=1))).rows(values)
    members = compiled("bytes of members of archives", stand_in, lambda: _members(UUID(int=1))).rows(values)
    size, number = sent[0] if sent else (0, 0)
    return int(size) + sum(int(one) for (one,) in members), int(number)


def named_case(user: Any, *, ref: str | None = None, case_id: UUID | None = None) -> Case | None:
    """The case of this reference, this id, or both, if the user sees it in full. Asked at each request of a push, so planned once."""
    if not getattr(user, "is_authenticated", False):
        return None
    named = {name: value for name, value in (("ref", ref), ("pk", case_id)) if value is not None}
    values = adapted({"user": user.pk, "at": timezone.now(), **named})
    all_of_them: dict[str, Any] = {
        "user": UUID(int=1),
        "at": STAND_IN_MOMENT,
        "ref": "stands for a case",
        "pk": UUID(int=2),
    }
    stand_ins = {name: all_of_them[name] for name in values}

    def query() -> QuerySet[Any, Any]:
        somebody = get_user_model()(pk=stand_ins["user"], role=user.role)
        seen = cases.visible_to(somebody, at=STAND_IN_MOMENT)
        return seen.filter(**{name: stand_ins[name] for name in named}).order_by()

    found = compiled(("named case", user.role, *sorted(named)), stand_ins, query).models(values)
    return found[0] if found else None


def _sent(case_id: UUID) -> QuerySet[Any, Any]:
    kept = Upload.objects.filter(case_id=case_id, state__in=[UploadState.RECEIVING, UploadState.RECEIVED])
    sums = kept.order_by().values("case_id").annotate(bytes=Sum("size"), number=Count("pk"))
    return sums.values_list("bytes", "number")


def _members(case_id: UUID) -> QuerySet[Any, Any]:
    kept = File.objects.filter(case_id=case_id, container__isnull=False).exclude(state=RecordState.REMOVED)
    return kept.order_by().values("case_id").annotate(bytes=Sum("size")).values_list("bytes")


def room_left(case: Case) -> int:
    """Bytes that the case still takes."""
    left: int = settings.MAX_CASE_BYTES - used(case)[0]
    return left


def file_of(upload: Upload) -> File | None:
    """The file that an upload became, once its last byte is here."""
    return File.objects.filter(upload=upload, container__isnull=True).first()
