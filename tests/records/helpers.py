"""Give contents to the confined child and look at what comes back; send to the portal as tus says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from records.sandbox import ChildInput, FileResult, Limits, run_batch

OCTETS = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}
BATCH = "0f9c1f6e-6c8e-4d5e-9d3f-0123456789ab"


@contextmanager
def descriptors(contents: Sequence[bytes]) -> Iterator[list[int]]:
    """Memory files, as the pipeline hands them over."""
    found = []
    try:
        for content in contents:
            descriptor = os.memfd_create("input")
            found.append(descriptor)
            with os.fdopen(os.dup(descriptor), "wb") as out:
                out.write(content)
        yield found
    finally:
        for descriptor in found:
            os.close(descriptor)


def run(contents: Sequence[bytes], work: Path, *, limits: Limits | None = None, **options: Any) -> list[FileResult]:
    """Results for `contents`; `options` are those of ChildInput, the same for each."""
    with descriptors(contents) as found:
        inputs = [ChildInput(str(place), fd, **options) for place, fd in enumerate(found)]
        return run_batch(inputs, work=work, limits=limits)


def one(content: bytes, work: Path, **options: Any) -> FileResult:
    (result,) = run([content], work, **options)
    return result


def release(desk: Client, study: Any, reason: str) -> HttpResponse:
    """The desk looks at a study that is set aside, and says that it is the patient's."""
    address = f"/cases/{study.case.ref}/records/studies/{study.pk}/release/"
    return desk.post(address, {"reason": reason, "seen": desk.get(address).context["seen"]})


def patch(client: Client, url: str, offset: int, body: bytes, **headers: str) -> HttpResponse:
    return client.patch(url, body, content_type=OCTETS, headers={**TUS, "Upload-Offset": str(offset), **headers})
