"""Every original is looked at by ClamAV before anything of ours opens it, where a daemon is configured."""

from __future__ import annotations

import structlog
from django.conf import settings

from cases.actions.locking import lock
from portal.core import storage
from portal.core.models import StoredObject
from records import scanning
from records.actions import processing
from records.models import File
from records.rules.codes import MALWARE, TOO_BIG_TO_SCAN
from records.scanning import Verdict
from records.steps.reading import fail
from records.steps.work import Work, told

log = structlog.get_logger(__name__)
CODES = {Verdict.FOUND: MALWARE, Verdict.TOO_BIG: TOO_BIG_TO_SCAN}


def scan(work: Work) -> None:
    """Files with something in them, and files too big to look at, are set aside. A second run asks again: signatures are newer then.

    Raises:
        scanning.Unavailable: the daemon is away. Nothing goes on unseen: the job is tried again, and fails in words in the end.
    """
    if not settings.CLAMAV_ADDRESS:
        return
    for file in work.rows():
        if file.object is None:
            continue
        try:
            code = CODES.get(_verdict(work, file.object))
        except (storage.Damaged, storage.Erased):
            fail(work, file)
            continue
        if code:
            _set_aside(work, file, code)


def _verdict(work: Work, stored: StoredObject) -> Verdict:
    if stored.size > settings.CLAMAV_MAX_BYTES:
        return Verdict.TOO_BIG
    return scanning.scan(told(work.run, storage.read_range(stored)), address=settings.CLAMAV_ADDRESS)


def _set_aside(work: Work, file: File, code: str) -> None:
    log.warning("file_set_aside", object=str(file.object_id), code=code)
    with work.run.commit():
        lock(work.case_id)
        if waiting := processing.waiting(file.pk):
            processing.finish(waiting, "quarantine", by=work.run.actor, code=code)
