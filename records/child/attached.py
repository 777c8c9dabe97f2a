"""Files that are attached to a PDF, which become files of their own: a clinic's letter often carries its findings so."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from typing import Any

from records.dicom.metadata import clean

from .job import Job

MOST = 50
FREE = 32 * 1024 * 1024
RATIO = 120  # as in archives
_FLATE = ("/FlateDecode", "/Fl")


def save(job: Job, specs: list[Any]) -> tuple[list[dict[str, Any]], bool]:
    """Name, size and file of each, and whether these are all: what is too much or packed in another way stays in the original."""
    allowed = min(job.limits.extracted, max(FREE, RATIO * job.size))
    found: list[dict[str, Any]] = []
    if job.depth > job.limits.depth:
        return found, not specs
    for number, spec in enumerate(specs[:MOST], 1):
        content = _content(spec, allowed)
        if content is None:
            continue
        allowed -= len(content)
        name = _name(spec) or f"attachment {number}"
        ending = re.search(r"\.([A-Za-z0-9]{1,6})\Z", name)
        file = job.save(f"a{number:03d}.{ending[1].lower() if ending else 'bin'}", content)
        found.append({"name": name, "size": len(content), "file": file})
    return found, len(found) == len(specs)


def _content(spec: Any, allowed: int) -> bytes | None:
    """The bytes of the attached file, never more than `allowed`."""
    import pikepdf

    with suppress(pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError, zlib.error):
        streams = spec.get("/EF", {})
        stream = streams.get("/F") or streams.get("/UF")
        if not isinstance(stream, pikepdf.Stream):
            return None
        raw: bytes = stream.read_raw_bytes()
        packed = stream.get("/Filter", pikepdf.Array([]))
        filters = [str(one) for one in packed] if isinstance(packed, pikepdf.Array) else [str(packed)]
        if filters and (len(filters) > 1 or filters[0] not in _FLATE or "/DecodeParms" in stream):
            return None
        if filters:
            engine = zlib.decompressobj()
            raw = engine.decompress(raw, allowed + 1)
        return raw if 0 < len(raw) <= allowed else None
    return None


def _name(spec: Any) -> str:
    said = str(spec.get("/UF") or spec.get("/F") or "")
    return clean(re.split(r"[\\/]", said)[-1]).strip(". ")[:150]
