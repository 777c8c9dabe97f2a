"""The gates of the kernel: views without a permission, actors, append-only rows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from portal.core import audit
from portal.core.access import Actor, BaseView, Permission
from portal.core.models import AuditEntry, Event


def test_a_view_without_a_permission_fails_at_import() -> None:
    with pytest.raises(TypeError, match="declares no permission"):
        type("Forgotten", (BaseView,), {})


def test_an_abstract_base_needs_none_but_its_children_do() -> None:
    base = type("Base", (BaseView,), {"abstract": True})
    with pytest.raises(TypeError, match="declares no permission"):
        type("Child", (base,), {})
    type("Declared", (base,), {"permission": Permission.SIGNED_IN})


def test_an_anonymous_actor_does_not_exist() -> None:
    with pytest.raises(PermissionDenied):
        Actor.of(AnonymousUser())


@pytest.mark.django_db
@pytest.mark.parametrize("model", [AuditEntry, Event])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_history_cannot_be_changed(model: type[AuditEntry] | type[Event], verb: str) -> None:
    if model is AuditEntry:
        audit.record(actor=Actor.job("test"), action="test")
    else:
        Event.objects.create(
            subject_kind="x", subject_id="0" * 32, name="x", actor_kind="job", actor_id="t", actor_role="system"
        )
    rows = model.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(actor_id="somebody else") if verb == "update" else rows.delete()
