"""Rows as DICOM JSON (PS3.18 annex F) for QIDO-RS answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from records.dicomweb.multipart import EXPLICIT_LITTLE_ENDIAN
from records.models import Instance, Series, Study

Json = dict[str, Any]


def element(vr: str, *values: Any) -> Json:
    """One attribute; empty values give an attribute without Value, as the standard asks."""
    kept = [v for v in values if v not in (None, "")]
    if vr == "PN":
        kept = [{"Alphabetic": v} for v in kept]
    return {"vr": vr, "Value": kept} if kept else {"vr": vr}


def _day(value: date | None) -> str:
    return value.strftime("%Y%m%d") if value else ""


def study_json(study: Study, series: int, instances: int) -> Json:
    """Study level (PS3.18 table 10.6.3-3)."""
    return {
        "00080020": element("DA", _day(study.date)),
        "00080030": element("TM", study.time),
        "00080050": element("SH", study.accession),
        "00080056": element("CS", "ONLINE"),
        "00080061": element("CS", *study.modalities),
        "00080090": element("PN", study.referring),
        "00081030": element("LO", study.description),
        "00100010": element("PN", study.patient_name),
        "00100020": element("LO", study.patient_id),
        "00100030": element("DA", study.patient_birth_date),
        "00100040": element("CS", study.patient_sex),
        "0020000D": element("UI", study.uid),
        "00200010": element("SH", study.study_id),
        "00201206": element("IS", series),
        "00201208": element("IS", instances),
    }


def series_json(series: Series, study: str) -> Json:
    """Series level (PS3.18 table 10.6.3-4)."""
    return {
        "00080021": element("DA", _day(series.date)),
        "00080060": element("CS", series.modality),
        "0008103E": element("LO", series.description),
        "00180015": element("CS", series.body_part),
        "00200060": element("CS", series.laterality),
        "0020000D": element("UI", study),
        "0020000E": element("UI", series.uid),
        "00200011": element("IS", series.number),
        "00201209": element("IS", series.instance_count),
    }


QIDO_INSTANCE = (
    "00080016",
    "00080018",
    "00200013",
    "00280010",
    "00280011",
    "00280100",
    "00280008",
    "0020000D",
    "0020000E",
)


def instance_summary(instance: Instance) -> Json:
    """Instance level (PS3.18 table 10.6.3-5)."""
    return {tag: instance.metadata[tag] for tag in QIDO_INSTANCE if tag in instance.metadata}


def instance_metadata(instance: Instance) -> Json:
    """All attributes, bulk data left out; frames leave decoded, so the available transfer syntax is Explicit little endian."""
    found: Json = {tag: value for tag, value in instance.metadata.items() if not tag.startswith("7FE0")}
    if instance.frames:
        found["00083002"] = {"vr": "UI", "Value": [EXPLICIT_LITTLE_ENDIAN]}
        found["7FE00010"] = {"vr": "OW", "BulkDataURI": f"instances/{instance.uid}/frames"}
    return found
