"""Answers that take long: while one leaves, it is asked again and again whether its caller may still look."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from portal.accounts import queries as accounts
from portal.accounts.models import AccessToken
from records.queries.imaging import visible_studies

AGAIN_SECONDS = 5.0


class Ended(Exception):
    """Access ended while the answer was on its way. The connection is cut, so the client knows that it has not all of it."""


def allowed(
    pieces: Iterable[bytes],
    *,
    user: Any,
    token: AccessToken | None,
    study: str,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> Iterator[bytes]:
    """The pieces; before one that is due `AGAIN_SECONDS` after the last look, the account, its token and the study are looked for anew.

    Raises:
        Ended: one of them is gone.
    """
    asked = time.monotonic()
    for piece in pieces:
        if time.monotonic() - asked >= AGAIN_SECONDS:
            now = accounts.with_id(str(user.pk))
            open_still = now is not None and now.is_active and (token is None or accounts.token_works(token.pk))
            if not (open_still and visible_studies(now, ref=ref, case_id=case_id).filter(uid=study).exists()):
                raise Ended
            asked = time.monotonic()
        yield piece
