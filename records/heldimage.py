"""The picture of an image that was set aside, for the one who decides: drawn when it is asked for, and kept nowhere.

Nothing was derived of it at intake, so its file is read once more by a confined child, as at intake.
"""

from __future__ import annotations

from contextlib import ExitStack

import structlog
from django.conf import settings

from portal.core import storage
from portal.core.workfolder import work_folder
from records import sandbox
from records.child.protocol import ChildInput, Limits
from records.dicom import render
from records.models import File
from records.rules.codes import TRAILING_IGNORED

log = structlog.get_logger(__name__)
SIDE = 800
"""Pixels of the square that both pictures are fitted into."""
SECONDS = 30
MAX_BYTES = 256 * 1024**2
"""Of the file, and of one frame: nobody waits longer on a page."""


def picture(file: File) -> bytes | None:
    """Its middle frame as JPEG; None when it cannot be drawn here and now."""
    if file.object is None or file.size > MAX_BYTES:
        return None
    with ExitStack() as stack:
        try:
            plain = stack.enter_context(storage.open_plain(file.object))
            folder = stack.enter_context(work_folder())
            source = ChildInput(
                str(file.pk), plain.fileno(), thumbnail=False, trailing=TRAILING_IGNORED in file.warnings
            )
            limits = Limits(memory=settings.CHILD_MEMORY_MB * 1024**2, extracted=0, cpu=SECONDS, wall=SECONDS)
            unconfined = getattr(settings, "CHILD_ALLOW_UNCONFINED", False)
            (result,) = sandbox.run_batch([source], work=folder, limits=limits, allow_unconfined=unconfined)
            frames = result.data.get("frames") or {}
            size, middle = frames.get("frame_bytes", 0), frames.get("count", 0) // 2
            if result.kind != "dicom" or not 0 < size <= MAX_BYTES or not frames.get("count"):
                return None
            look = render.Look.from_json(result.data["look"])
            start = frames["offset"] + middle * size
            if frames["source"] == "pack":
                with (folder / frames["pack"]).open("rb") as pack:
                    pack.seek(middle * size)
                    raw = pack.read(size)
            else:
                raw = b"".join(storage.read_range(file.object, start, start + size))
            pixels = render.pixels_of(raw, look, frames["rows"], frames["columns"])
            return render.picture(pixels, look, frame=middle, viewport=(SIDE, SIDE))
        except (storage.Damaged, storage.Erased, storage.NotReady, sandbox.SandboxUnavailable, ValueError) as problem:
            log.warning("held_image_not_drawn", file=str(file.pk), problem=type(problem).__name__)
            return None
