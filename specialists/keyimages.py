"""Pictures of the cited images for the report: they travel inside the document, so that it needs no record to be read.

Drawing reads sealed bytes and takes time: call it before the transaction of the signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from cases.models import Case
from portal.core import storage
from records.dicom import overlays, render
from records.models import Instance
from records.states import RecordState
from specialists.models import OpinionDraft
from specialists.rules import draft as drafts

log = structlog.get_logger(__name__)
MOST = 6
LONGEST = 900
"""Pixels of the longer side: sharp at 78 mm on paper."""
MOST_FRAME_BYTES = 64 * 1024**2


def rendered(case: Case, draft: OpinionDraft) -> Sequence[Mapping[str, Any]]:
    """{png, label} of each cited image that can be drawn, in the order of the citations, at most MOST."""
    citations = draft.content.get("citations", {})
    used = {one for ids in drafts.cited(draft.content.get("values", {}), citations).values() for one in ids}
    asked = [one for key, one in citations.items() if key in used and one["kind"] == "image"][:MOST]
    found = [(_picture(case, one), one["label"]) for one in asked]
    return [{"png": png, "label": label} for png, label in found if png]


def _picture(case: Case, cited: Mapping[str, Any]) -> bytes | None:
    instance = (
        Instance.objects.select_related("file__object__key", "pack__key", "series__study")
        .filter(
            uid=cited["instance"],
            series__uid=cited["series"],
            series__study__uid=cited["study"],
            series__study__case=case,
            series__study__state=RecordState.READY,
        )
        .first()
    )
    if instance is None or not instance.frame_bytes or instance.frame_bytes > MOST_FRAME_BYTES:
        return None
    at = (int(cited["frame"]) - 1) * instance.frame_bytes
    if instance.pack is not None:
        stored = instance.pack
    elif instance.native_offset is not None and instance.file.object is not None:
        stored, at = instance.file.object, at + instance.native_offset
    else:
        return None
    try:
        raw = b"".join(storage.read_range(stored, at, at + instance.frame_bytes))
        look = render.Look.from_json(instance.look) if instance.look else render.Look()
        pixels = render.pixels_of(raw, look, instance.rows, instance.columns)
        frame = int(cited["frame"]) - 1
        drawn = overlays.draw(render.render(pixels, look, frame=frame), look.overlays, frame)
        return render.encode(drawn, media_type="image/png", longest=LONGEST)
    except (storage.Damaged, storage.Erased, ValueError) as problem:
        log.warning("key_image_left_out", instance=str(instance.pk), problem=type(problem).__name__)
        return None
