"""One-time upload links: the token as people hand it on, and how a link stands. No request, no database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, so that a code on paper is read as it was printed."""
LENGTH = 52
"""256 bits at 5 bits a letter, rounded up."""
DAYS = (7, 14, 30)
"""How long a link may live; a provider in the United States has 30 days to act (45 CFR 164.524(b)(2))."""
LIVE_LINKS = 20
"""Open links of one case at a time."""
DAILY_LINKS = 40
"""Links of one case within a day, stopped ones included: each may be mailed to an address that nobody has asked."""


class LinkState(StrEnum):
    """How a link stands, the strongest fact first: what ended it, then how far it came."""

    REVOKED = "revoked"
    FINISHED = "finished"
    EXPIRED = "expired"
    USED = "used"
    OPENED = "opened"
    SENT = "sent"
    MADE = "made"


OPEN_STATES = frozenset({LinkState.MADE, LinkState.SENT, LinkState.OPENED})
"""Nobody has claimed it yet."""


def new_token() -> str:
    """256 random bits as 52 letters."""
    number = secrets.randbits(256)
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(LENGTH)))


def read_token(typed: str) -> str:
    """The token in what somebody typed or pasted: the code in groups, or the whole address. Empty when it is none."""
    code = typed.rpartition("#")[2].upper().translate(str.maketrans("ILO", "110"))
    code = "".join(letter for letter in code if letter not in " -–—.\t\n\r\u00a0")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def grouped(token: str) -> list[str]:
    """Four letters at a time, for paper."""
    return [token[n : n + 4] for n in range(0, len(token), 4)]


def hashed(secret: str) -> str:
    """What is kept of a token or of a holder's cookie. The secret has 256 random bits, so no salt and no stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()


def state_of(
    *,
    now: datetime,
    until: datetime,
    revoked_at: datetime | None,
    mailed_at: datetime | None,
    opened_at: datetime | None,
    redeemed_at: datetime | None,
    finished_at: datetime | None,
) -> LinkState:
    """One word for how the link stands."""
    steps = (
        (revoked_at is not None and finished_at is None, LinkState.REVOKED),
        (finished_at is not None, LinkState.FINISHED),
        (until <= now, LinkState.EXPIRED),
        (redeemed_at is not None, LinkState.USED),
        (opened_at is not None, LinkState.OPENED),
        (mailed_at is not None, LinkState.SENT),
    )
    return next((state for holds, state in steps if holds), LinkState.MADE)


def initials(*names: str) -> str:
    """ "T. E.": enough to see that one has the right letter, too little to tell a stranger who it is."""
    parts = [part for name in names for part in name.replace("-", " ").split()]
    return " ".join(f"{part[0].upper()}." for part in parts)
