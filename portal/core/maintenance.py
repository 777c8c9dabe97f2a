"""The switch that closes the portal for work on it: a small file in DATA_DIR.

It is a file because it must work while the database, the cache and the broker are what is being worked on. Every process that shares
DATA_DIR sees it with its next request or job: the two web processes of one machine, and the web and worker containers of
docker-compose.yml, which share a volume. Machines that share no folder are switched one by one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

RETRY_SECONDS = 300
"""What Retry-After says when nobody said until when."""
SOONEST_SECONDS = 60


@dataclass(frozen=True)
class Maintenance:
    """Since when, until about when, and what the operator has to say to people (no clinical word: it is on a public page)."""

    since: datetime
    until: datetime | None = None
    message: str = ""

    @property
    def retry_after(self) -> int:
        """Seconds after which trying again makes sense."""
        if self.until is None:
            return RETRY_SECONDS
        return max(SOONEST_SECONDS, int((self.until - timezone.now()).total_seconds()))

    @property
    def shown_until(self) -> datetime | None:
        """The promised time while it lies ahead: a time that has passed helps nobody."""
        return self.until if self.until and self.until > timezone.now() else None


def path() -> Path:
    return Path(settings.DATA_DIR) / "maintenance.json"


def current() -> Maintenance | None:
    """None while the portal is open. A file that cannot be read still closes it: somebody meant to."""
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError:
        return Maintenance(timezone.now())
    try:
        said = json.loads(text)
        since, until = parse_datetime(said["since"]), said.get("until")
        return Maintenance(since or timezone.now(), parse_datetime(until) if until else None, str(said["message"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Maintenance(timezone.now())


def is_on() -> bool:
    return path().exists()


def begin(*, until: datetime | None = None, message: str = "") -> Maintenance:
    """Close the portal; asked again it changes what people are told."""
    before = current()
    found = Maintenance(before.since if before else timezone.now(), until, message)
    target = path()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(f".maintenance.{os.getpid()}")
    said = {"since": found.since.isoformat(), "until": until.isoformat() if until else None, "message": message}
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.replace(target)
    return found


def end() -> bool:
    """Open it again. Returns whether it was closed."""
    try:
        path().unlink()
    except FileNotFoundError:
        return False
    return True
