"""What an object without pictures of its own says, as plain data: reports, key images, presentation states, plans, segments.

`content_of` gives what other parts read: the viewer (which images a key object selection or presentation state names, what is
drawn on them), the list of scans (what lies on the disc besides images) and the page of a report. Lengths in it are bounded.
"""

from __future__ import annotations

from typing import Any

from .metadata import Values
from .report import report_of, root_title
from .walker import Items

MOST = 2_000  # entries of one list
TEXT = 500  # characters of one label

_ROOT = "1.2.840.10008.5.1.4.1.1."
KEY_OBJECTS = _ROOT + "88.59"
SEGMENTATIONS = frozenset({_ROOT + "66.4", _ROOT + "66.5", _ROOT + "66.7"})
PRESENTATIONS = frozenset(f"{_ROOT}11.{n}" for n in range(1, 13))
RADIOTHERAPY = {
    _ROOT + "481.1": "rt_image", _ROOT + "481.2": "rt_dose", _ROOT + "481.3": "rt_structures", _ROOT + "481.4": "rt_record",
    _ROOT + "481.5": "rt_plan", _ROOT + "481.6": "rt_record", _ROOT + "481.7": "rt_record", _ROOT + "481.8": "rt_plan",
    _ROOT + "481.9": "rt_record",
}  # fmt: skip
SLIDES = frozenset({_ROOT + "77.1.6"})
ANNOTATIONS = _ROOT + "91.1"
_OTHER = {
    _ROOT + "66.1": "registration", _ROOT + "66.2": "registration", _ROOT + "66.3": "registration", _ROOT + "66": "raw",
    _ROOT + "30": "parametric_map", _ROOT + "68.1": "surface", _ROOT + "66.6": "tracts",
    "1.2.840.10008.5.1.4.1.1.104.3": "model", "1.2.840.10008.5.1.4.1.1.104.4": "model", "1.2.840.10008.5.1.4.1.1.104.5": "model",
}  # fmt: skip


def is_report(sop_class: str) -> bool:
    """Structured reports (PS3.3 A.35), key object selections apart."""
    return sop_class.startswith(_ROOT + "88.") and sop_class != KEY_OBJECTS


def is_waveform(sop_class: str) -> bool:
    return sop_class.startswith(_ROOT + "9.")


def content_of(values: Values, index: dict[str, Any]) -> dict[str, Any] | None:
    """The content of an object that is more or other than images; `kind` names it. None for plain images and papers.

    `label`, `count` and `names` sum it up for a list: what it is called, how many images or parts it names, and the parts' names.
    """
    found = _content(values, index)
    if found is not None:
        parts = found.get("segments") or found.get("structures") or found.get("references") or []
        names = [one if isinstance(one, str) else str(one.get("label", "")) for one in parts]
        found["label"] = found.get("label") or found.get("title") or ""
        found["count"] = len(parts)
        found["names"] = ", ".join(name for name in names[:20] if name)[:300]
    return found


def _content(values: Values, index: dict[str, Any]) -> dict[str, Any] | None:
    sop_class = index["sop_class_uid"]
    if is_report(sop_class):
        return report_of(values)
    if sop_class == KEY_OBJECTS:
        return _key_objects(values)
    if sop_class in PRESENTATIONS:
        return _presentation(values)
    if sop_class in SEGMENTATIONS:
        return _segmentation(values)
    if sop_class in RADIOTHERAPY:
        return _radiotherapy(values, RADIOTHERAPY[sop_class])
    if sop_class in SLIDES:
        return {"kind": "slide", "label": values.text(0x00400560) or values.text(0x00400512)}
    if sop_class == ANNOTATIONS:
        return _annotations(values)
    if sop_class in _OTHER:
        return {"kind": _OTHER[sop_class], "label": _label(values)}
    return None


def _label(values: Values) -> str:
    for tag in (0x00700080, 0x300A0002, 0x30060002, 0x0008103E):
        if text := values.text(tag):
            return text[:TEXT]
    return ""


def _reference(values: Values, item: Items) -> dict[str, Any]:
    return {
        "sop_class": values.text(0x00081150, item)[:64],
        "instance": values.text(0x00081155, item)[:64],
        "frames": [int(number) for number in values.numbers(0x00081160, item)[:MOST]],
    }


def _images_of_series(values: Values, items: Items | None = None) -> list[dict[str, Any]]:
    """Referenced Series Sequence (0008,1115) with the images below (PS3.3 C.11.11)."""
    found = []
    for series in values.items(0x00081115, items)[:MOST]:
        uid = values.text(0x0020000E, series)[:64]
        rows = values.items(0x00081140, series) or values.items(0x0008114A, series)
        found += [{"series": uid, **_reference(values, item)} for item in rows]
    return found[:MOST]


def _key_objects(values: Values) -> dict[str, Any]:
    """PS3.3 A.35.4: which images somebody marked, and why. The evidence sequence says where they are."""
    places: dict[str, tuple[str, str]] = {}
    for study in values.items(0x0040A375)[:MOST] + values.items(0x0040A385)[:MOST]:
        for series in values.items(0x00081115, study)[:MOST]:
            for item in values.items(0x00081199, series)[:MOST]:
                uids = values.text(0x0020000D, study)[:64], values.text(0x0020000E, series)[:64]
                places[values.text(0x00081155, item)] = uids
    references, notes = [], []
    for item in values.items(0x0040A730)[:MOST]:
        kind = values.text(0x0040A040, item)
        if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
            for target in values.items(0x00081199, item)[:1]:
                found = _reference(values, target)
                study_uid, series_uid = places.get(found["instance"], ("", ""))
                references.append({"study": study_uid, "series": series_uid, **found})
        elif kind == "TEXT" and (text := values.text(0x0040A160, item)):
            notes.append(text[:TEXT])
    return {"kind": "key_objects", "title": root_title(values), "notes": notes[:50], "references": references}


def _presentation(values: Values) -> dict[str, Any]:
    """PS3.3 A.33: how somebody set the images up: windows, shown area, what is drawn. The whole is in the metadata as well."""
    windows = []
    for item in values.items(0x00283110)[:MOST]:
        center, width = values.numbers(0x00281050, item), values.numbers(0x00281051, item)
        if center and width:
            images = [_reference(values, one) for one in values.items(0x00081140, item)[:MOST]]
            windows.append({"center": center[0], "width": width[0], "references": images})
    annotations = []
    for item in values.items(0x00700001)[:MOST]:
        texts = [
            {
                "text": values.text(0x00700006, one)[:TEXT],
                "box": values.numbers(0x00700010, one) + values.numbers(0x00700011, one),
                "anchor": values.numbers(0x00700014, one),
                "units": values.text(0x00700003, one) or values.text(0x00700004, one),
            }
            for one in values.items(0x00700008, item)[:MOST]
        ]
        graphics = [
            {
                "type": values.text(0x00700023, one),
                "points": values.numbers(0x00700022, one)[:MOST],
                "units": values.text(0x00700005, one),
                "filled": values.text(0x00700024, one) == "Y",
            }
            for one in values.items(0x00700009, item)[:MOST]
        ]
        images = [_reference(values, one) for one in values.items(0x00081140, item)[:MOST]]
        annotations.append({"references": images, "texts": texts, "graphics": graphics})
    return {
        "kind": "presentation",
        "label": values.text(0x00700080)[:TEXT],
        "description": values.text(0x00700081)[:TEXT],
        "references": _images_of_series(values),
        "windows": windows,
        "annotations": annotations,
    }


def _segmentation(values: Values) -> dict[str, Any]:
    segments = []
    for item in values.items(0x00620002)[:MOST]:
        kinds = [values.text(0x00080104, one) for one in values.items(0x0062000F, item)[:1]]
        number = values.numbers(0x00620004, item)
        segments.append(
            {
                "number": int(number[0]) if number else 0,
                "label": (values.text(0x00620005, item) or "".join(kinds))[:TEXT],
                "type": "".join(kinds)[:TEXT],
                "made": values.text(0x00620008, item),
            }
        )
    return {
        "kind": "segmentation",
        "label": _label(values),
        "segments": segments,
        "references": _images_of_series(values),
    }


def _annotations(values: Values) -> dict[str, Any]:
    """PS3.3 C.37.1: groups of points, lines and areas on a slide; where they lie is in the metadata."""
    groups = []
    for item in values.items(0x006A0002)[:MOST]:
        number, count = values.numbers(0x0040A180, item), values.numbers(0x006A000C, item)
        kinds = [values.text(0x00080104, one) for one in values.items(0x006A000A, item)[:1]]
        groups.append(
            {
                "number": int(number[0]) if number else 0,
                "label": (values.text(0x006A0005, item) or "".join(kinds))[:TEXT],
                "type": "".join(kinds)[:TEXT],
                "marks": int(count[0]) if count else 0,
            }
        )
    references = [_reference(values, item) for item in values.items(0x00081140)[:MOST]]
    return {"kind": "annotations", "label": _label(values), "segments": groups, "references": references}


def _radiotherapy(values: Values, kind: str) -> dict[str, Any]:
    """Doses in Gy, names as the planning system gave them (PS3.3 C.8.8)."""
    found: dict[str, Any] = {"kind": kind, "label": _label(values)}
    if kind == "rt_structures":
        names = [values.text(0x30060026, item) for item in values.items(0x30060020)[:MOST]]
        found["structures"] = [name[:TEXT] for name in names if name]
    elif kind == "rt_plan":
        groups = values.items(0x300A0070)
        fractions = [values.numbers(0x300A0078, item) for item in groups]
        doses = [values.numbers(0x300A0026, item) for item in values.items(0x300A0010)]
        found["fractions"] = int(sum(one[0] for one in fractions if one))
        found["dose_gy"] = max((one[0] for one in doses if one), default=None)
        found["beams"] = len(values.items(0x300A00B0)) or len(values.items(0x300A03A2))
    elif kind == "rt_dose":
        found["sum"] = values.text(0x3004000A)
        found["units"] = values.text(0x30040002)
    return found
