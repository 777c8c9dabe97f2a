"""The job of the crash tests: some work, a file touched before the commit, one event row in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

from portal.core.jobs import Run, job
from portal.core.models import Event

NO_REACTIONS: dict[tuple[str, str], tuple[()]] = {}


@job("crash.work", attempts=1000, backoff_seconds=1)
def work(run: Run, number: int) -> None:
    with (Path(settings.DATA_DIR) / "tries").open("a") as tries:
        tries.write(f"{number}\n")
    digest = b""
    for _ in range(20_000):
        digest = hashlib.sha256(digest).digest()
    run.renew()
    with run.finish():
        Event.objects.create(
            subject_kind="crash",
            subject_id=run.job.pk,
            name="worked",
            actor_kind="job",
            actor_id="crash.work",
            actor_role="system",
            data={"number": number},
        )
