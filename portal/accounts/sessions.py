"""Who holds a session, asked in one query: for addresses that a page asks thousands of times a minute.

Nothing is believed for a while. Each time the session's row, the account's row and whether a second factor exists are read; only
what follows from exactly these bytes (decoding, signature, password hash) is remembered. So a session that was ended, an account
that was closed and a password that was changed work on the next request, as they do without this.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.accounts.models import User
from portal.core.compiled import STAND_IN_MOMENT, adapted, compiled

MAX_KNOWN = 2000
SEEN = "seen"
"""Where a session keeps when its holder was last there (seconds since 1970)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The account that a session belongs to; `second_factor` says whether one is set up."""

    user: User
    seen: float
    second_factor: bool


@dataclass(frozen=True, slots=True)
class _Known:
    account: UUID
    row: tuple[Any, ...]
    holder: Holder


_known: OrderedDict[str, _Known] = OrderedDict()
_lock = threading.Lock()


def holder(key: str) -> Holder | None:
    """Whoever this session's key signs in now. None: nobody, or it takes more than reading to say (the ordinary way decides)."""
    known = _known.get(key)
    if known is not None and _row(key, known.account) == known.row:
        return known.holder
    found = _first_look(key)
    with _lock:
        if found is None:
            _known.pop(key, None)
        else:
            _known[key] = found
            while len(_known) > MAX_KNOWN:
                _known.popitem(last=False)
    return None if found is None else found.holder


def _first_look(key: str) -> _Known | None:
    """What `django.contrib.auth.get_user` does, without its writes."""
    session = Session.objects.filter(pk=key, expire_date__gt=timezone.now()).first()
    said = SessionStore().decode(session.session_data) if session else {}
    if session is None or SEEN not in said or said.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=str(said.get(SESSION_KEY)), is_active=True).first()
    if user is None:
        return None
    if not constant_time_compare(said.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    row = _row(key, user.pk)
    if row is None or row[0] != session.session_data or not _same(user, row):
        return None
    return _Known(user.pk, row, Holder(user, said[SEEN], bool(row[1])))


def _columns() -> list[str]:
    return [field.attname for field in User._meta.concrete_fields]


def _same(user: User, row: tuple[Any, ...]) -> bool:
    """Whether the row is still the one that the account was loaded from: nothing changed between the two reads."""
    again = User.objects.filter(pk=user.pk).values_list(*_columns()).first()
    return again == tuple(getattr(user, name) for name in _columns())


def _row(key: str, account: UUID) -> tuple[Any, ...] | None:
    """The session's data, whether there is a second factor, and the account's columns, as the database's driver gives them."""
    values = {"key": key, "account": account, "at": timezone.now()}
    stand_ins: dict[str, Any] = {"key": "stands for a session", "account": UUID(int=3), "at": STAND_IN_MOMENT}

    def query() -> QuerySet[Any, Any]:
        from allauth.mfa.models import Authenticator

        live = Session.objects.filter(pk=stand_ins["key"], expire_date__gt=stand_ins["at"])
        factor = Authenticator.objects.filter(user_id=OuterRef("pk"))
        found = User.objects.filter(pk=stand_ins["account"], is_active=True)
        found = found.annotate(session_now=Subquery(live.values("session_data")), factor_now=Exists(factor))
        return found.values_list("session_now", "factor_now", *_columns())

    rows = compiled(("holder",), stand_ins, query).rows(adapted(values))
    return rows[0] if rows and rows[0][0] is not None else None
