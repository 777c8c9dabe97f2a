"""A person's key images and measurements as DICOM objects: a key object selection (PS3.3 A.35.4), a structured report (TID 1500).

`python -m records.dicom.notes` reads a JSON order on standard input and writes the object to standard output: highdicom takes
135 MB and seconds to load, so it lives in a short process of its own and not in the web workers.
"""

from __future__ import annotations

import io
import json
import math
import re
import sys
import warnings
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

UIDS = UUID("6f0d1c3e-6c0a-4a5e-9a2b-0d4d9a4b8c11")
Point = tuple[float, float]


def uid_for(*parts: object) -> str:
    """A UID (PS3.5 B.2) that is the same whenever the same thing is written again."""
    return f"2.25.{uuid5(UIDS, '/'.join(str(part) for part in parts)).int}"


def pixel_points(metadata: dict[str, Any], frame: int, points: Sequence[Sequence[float]]) -> list[Point]:
    """Patient millimetres to (column, row) of an image, 0.5 at the middle of the first pixel (PS3.3 C.18.6).

    As the viewer lays images out: without a place in space at the origin, without a spacing one millimetre a pixel.
    """
    position = _geometry(metadata, frame, "00209113", "00200032") or [0.0, 0.0, 0.0]
    across = _geometry(metadata, frame, "00209116", "00200037") or [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    spacing = _geometry(metadata, frame, "00289110", "00280030") or _values(metadata, "00181164") or [1.0, 1.0]
    found = []
    for point in points:
        away = [float(point[axis]) - position[axis] for axis in range(3)]
        column = sum(away[axis] * across[axis] for axis in range(3)) / (spacing[1] or 1.0)
        row = sum(away[axis] * across[axis + 3] for axis in range(3)) / (spacing[0] or 1.0)
        found.append((column + 0.5, row + 0.5))
    return found


def _values(items: dict[str, Any], tag: str) -> list[float]:
    return [float(one) for one in items.get(tag, {}).get("Value", []) if isinstance(one, (int, float))]


def _geometry(metadata: dict[str, Any], frame: int, group: str, tag: str) -> list[float]:
    """From the image itself, or from its functional groups (PS3.3 C.7.6.16): the frame's own first, then the shared ones."""
    if own := _values(metadata, tag):
        return own
    frames = metadata.get("52009230", {}).get("Value", [])
    shared = metadata.get("52009229", {}).get("Value", [])
    for groups in (frames[frame - 1 : frame], shared[:1]):
        for one in groups:
            for inner in one.get(group, {}).get("Value", [])[:1]:
                if found := _values(inner, tag):
                    return found
    return []


def write(order: dict[str, Any]) -> bytes:
    """The object as a DICOM file.

    `order`: kind ("key-images" or "measurements"), person (DICOM PN), title, uids {series, instance}, rows (of the viewer's state),
    evidence {instance UID: DICOM JSON of the image}.
    """
    from pydicom import Dataset

    evidence = {}
    for uid, metadata in order["evidence"].items():
        plain = {tag: one for tag, one in metadata.items() if "BulkDataURI" not in one}
        image = Dataset.from_json(plain)
        image.SpecificCharacterSet = "ISO_IR 192"
        mend(image)
        evidence[uid] = image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that others wrote badly
        made = (_key_objects if order["kind"] == "key-images" else _measurements)(order, evidence)
        made.SeriesDescription = order["title"][:64]
        out = io.BytesIO()
        made.save_as(out, enforce_file_format=True)
    return out.getvalue()


_TEXTS = ("StudyID", "AccessionNumber", "PatientID")
_DAYS = ("StudyDate", "PatientBirthDate")


def mend(image: Any) -> None:
    """Say of the study and the person what the new object repeats, in the form it has to have: an old "1994.01.30" as 19940130, what
    cannot be understood as unknown.
    """
    for keyword in _TEXTS:
        if keyword not in image:
            setattr(image, keyword, "")
    for keyword in _DAYS:
        day = re.sub(r"[.\-/\s]", "", str(image.get(keyword) or ""))
        setattr(image, keyword, day if _is_day(day) else "")
    time = re.sub(r"[:\s]", "", str(image.get("StudyTime") or ""))
    known = re.fullmatch(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?)?)?", time)
    image.StudyTime = time if known else ""
    if image.get("PatientSex") not in ("M", "F", "O"):
        image.PatientSex = ""


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9]{8}", text) and date.fromisoformat(text))
    except ValueError:
        return False


def _common(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "series_instance_uid": order["uids"]["series"],
        "series_number": 9000,
        "sop_instance_uid": order["uids"]["instance"],
        "instance_number": order["number"],
        "manufacturer": "Consilium",
    }


def _observer(order: dict[str, Any]) -> Any:
    from highdicom.sr import ObserverContext, PersonObserverIdentifyingAttributes
    from pydicom.sr.codedict import codes

    return ObserverContext(codes.DCM.Person, PersonObserverIdentifyingAttributes(name=order["person"]))


def _key_objects(order: dict[str, Any], evidence: dict[str, Any]) -> Any:
    from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
    from pydicom.sr.codedict import codes

    images = [evidence[uid] for uid in dict.fromkeys(row["instance"] for row in order["rows"])]
    content = KeyObjectSelection(codes.DCM.OfInterest, images, _observer(order), description=order["title"])
    for row in order["rows"]:  # a frame of a film is named as such (PS3.3 table C.18-4)
        for item in content[0].ContentSequence:
            if item.ValueType == "IMAGE" and row["count"] > 1:
                target = item.ReferencedSOPSequence[0]
                if target.ReferencedSOPInstanceUID == row["instance"]:
                    frames = [one["frame"] for one in order["rows"] if one["instance"] == row["instance"]]
                    target.ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]
    return KeyObjectSelectionDocument(images, content, **_common(order))


def _measurements(order: dict[str, Any], evidence: dict[str, Any]) -> Any:
    from highdicom.sr import ComprehensiveSR, MeasurementReport, ObservationContext
    from pydicom.sr.codedict import codes

    groups = [_group(row, evidence) for row in order["rows"]]
    report = MeasurementReport(
        observation_context=ObservationContext(observer_person_context=_observer(order)),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion
        if order["modality"] == "CT"
        else codes.DCM.ImagingProcedure
        if hasattr(codes.DCM, "ImagingProcedure")
        else codes.SCT.ImagingProcedure,
        imaging_measurements=groups,
    )
    images = [evidence[uid] for uid in dict.fromkeys(row["instance"] for row in order["rows"])]
    return ComprehensiveSR(images, report[0], is_complete=True, is_final=False, **_common(order))


def _group(row: dict[str, Any], evidence: dict[str, Any]) -> Any:
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, SourceImageForMeasurementGroup, TrackingIdentifier

    image = evidence[row["instance"]]
    frames = [row["frame"]] if row["count"] > 1 else None
    tracking = TrackingIdentifier(uid=uid_for(row["uid"]), identifier=(row.get("label") or row["tool"])[:200])
    if row["tool"] in ("arrow", "text"):  # no figure that could carry the place: the region itself is named (TID 1410)
        return _pointed_at(row, image, frames, tracking)
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        measurements=_figures(row, image, frames),
        source_images=[SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID, frames)],
    )


def _pointed_at(row: dict[str, Any], image: Any, frames: list[int] | None, tracking: Any) -> Any:
    import numpy as np
    from highdicom.sr import ImageRegion, PlanarROIMeasurementsAndQualitativeEvaluations, SourceImageForRegion

    source = SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID, frames)
    tip = row["pixels"][-1 if row.get("arrowFirst") is False else 0]
    region = ImageRegion("POINT", np.array([tip], dtype=np.float32), source)
    return PlanarROIMeasurementsAndQualitativeEvaluations(tracking_identifier=tracking, referenced_region=region)


def _figures(row: dict[str, Any], image: Any, frames: list[int] | None) -> list[Any]:
    import numpy as np
    from highdicom.sr import CoordinatesForMeasurement, Measurement, SourceImageForRegion
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    source = SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID, frames)
    kind, points = shape(row["tool"], row["pixels"])
    where = CoordinatesForMeasurement(kind, np.array(points, dtype=np.float32), source)
    stats = row.get("stats", {})
    degrees, millimetre, square = Code("deg", "UCUM", "degree"), codes.UCUM.Millimeter, codes.UCUM.SquareMillimeter
    pixel = Code("{pixels}", "UCUM", "pixels")
    hounsfield = str(stats.get("modalityUnit", "")).upper() == "HU"
    unit = codes.UCUM.HounsfieldUnit if hounsfield else Code("1", "UCUM", "no units")
    value = codes.DCM.AttenuationCoefficient if hounsfield else Code("pixel-value", "99CONSILIUM", "Pixel value")
    derived = {
        "mean": codes.SCT.Mean, "stdDev": codes.SCT.StandardDeviation, "min": codes.SCT.Minimum, "max": codes.SCT.Maximum,
    }  # fmt: skip
    asked: list[tuple[Any, Any, Any, Any]] = []
    if row["tool"] == "length":
        length, in_pixels = in_millimetres(stats.get("length"), stats.get("unit"), 1)
        asked.append((codes.SCT.Length, length, pixel if in_pixels else millimetre, None))
    elif row["tool"] in ("angle", "cobb"):
        name = Code("1483009", "SCT", "Angle") if row["tool"] == "angle" else Code("285285000", "SCT", "Cobb angle")
        asked.append((name, stats.get("angle"), degrees, None))
    elif row["tool"] in ("ellipse", "rectangle"):
        area, in_pixels = in_millimetres(stats.get("area"), stats.get("areaUnit"), 2)
        asked.append((codes.SCT.Area, area, pixel if in_pixels else square, None))
        asked += [(value, stats.get(name), unit, code) for name, code in derived.items()]
    elif row["tool"] == "probe":
        asked.append((value, stats.get("value"), unit, None))
    return [
        Measurement(name, float(figure), unit=of, derivation=how, referenced_coordinates=[where])
        for name, figure, of, how in asked
        if isinstance(figure, (int, float)) and math.isfinite(figure)
    ]


def in_millimetres(figure: Any, unit: Any, power: int) -> tuple[float | None, bool]:
    """A length (power 1) or area (2) in millimetres, or in pixels when the flag says so. The viewer measures regions of ultrasound in
    centimetres; None for what is no length, such as seconds or Hertz along a Doppler curve.
    """
    text = str(unit or "mm")
    if isinstance(figure, bool) or not isinstance(figure, (int, float)):
        return None, False
    if "px" in text:
        return float(figure), True
    factor = {"mm": 1.0, "cm": 10.0**power}.get(text[:2])
    return (None if factor is None or "/" in text else float(figure) * factor), False


def shape(tool: str, points: Sequence[Point]) -> tuple[str, list[Point]]:
    """Graphic type and points of PS3.3 C.18.6 from the handles of a tool."""
    found = [(point[0], point[1]) for point in points]
    if tool in ("probe", "text"):
        return "POINT", found[:1]
    if tool == "ellipse":  # handles: bottom, top, left, right; the standard wants the ends of the longer axis first
        axes = [found[0:2], found[2:4]]
        axes.sort(key=lambda pair: -math.dist(pair[0], pair[1]))
        return "ELLIPSE", axes[0] + axes[1]
    if tool == "rectangle":  # handles: top left, top right, bottom left, bottom right
        return "POLYLINE", [found[0], found[1], found[3], found[2], found[0]]
    if tool == "cobb":
        return "MULTIPOINT", found[:4]
    return "POLYLINE", found


if __name__ == "__main__":
    sys.stdout.buffer.write(write(json.load(sys.stdin)))
