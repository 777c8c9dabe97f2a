"""Rows as DICOM JSON (PS3.18 annex F): QIDO-RS answers, and the metadata of instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from records.dicomweb.multipart import EXPLICIT_LITTLE_ENDIAN
from records.models import Instance, Series, Study

Json = dict[str, Any]
URI_BASE = "@dicomweb@"
"""Stands in stored metadata where the service's address belongs, which differs by how it is asked."""
SHARED_BY_STUDY = frozenset(
    "00080005 00080020 00080030 00080050 00080054 00080080 00080081 00080090 00080201 00081030 00081032 00081048 00081060 00081080 "
    "00081110 00100010 00100020 00100021 00100030 00100032 00100040 00101001 00101010 00101020 00101030 00102160 00102180 001021B0 "
    "00104000 0020000D 00200010 00400560 00120062 00120063 00120064".split()
)
SHARED_BY_SERIES = SHARED_BY_STUDY | frozenset(
    "00080021 00080031 00080060 00080070 0008103E 0008103F 00081010 00081040 00081050 00081070 00081090 00081111 00180015 00181000 "
    "00181020 00181030 00185100 0020000E 00200011 00200052 00200060 00201040 00400244 00400245 00400253 00400254 00400275".split()
)
"""What all instances of a study or series have in common (PS3.3 tables C.7-3 to C.7-8): may be told from any of them."""


def element(vr: str, *values: Any) -> Json:
    """One attribute; empty values give an attribute without Value, as the standard asks."""
    kept = [v for v in values if v not in (None, "")]
    if vr == "PN":
        kept = [{"Alphabetic": v} for v in kept]
    return {"vr": vr, "Value": kept} if kept else {"vr": vr}


def _day(value: date | None) -> str:
    return value.strftime("%Y%m%d") if value else ""


def study_json(study: Study, base: str, counts: tuple[int, int] | None = None) -> Json:
    """Study level (PS3.18 table 10.6.3-3); without `counts` for the rows of lower levels."""
    found = {
        "00080005": element("CS", "ISO_IR 192"),
        "00080020": element("DA", _day(study.header_date)),
        "00080030": element("TM", study.time),
        "00080050": element("SH", study.accession),
        "00080056": element("CS", "ONLINE"),
        "00080061": element("CS", *study.modalities),
        "00080090": element("PN", study.referring),
        "00081030": element("LO", study.description),
        "00081190": element("UR", f"{base}/studies/{study.uid}"),
        "00100010": element("PN", study.patient_name),
        "00100020": element("LO", study.patient_id),
        "00100030": element("DA", study.patient_birth_date),
        "00100040": element("CS", study.patient_sex),
        "0020000D": element("UI", study.uid),
        "00200010": element("SH", study.study_id),
    }
    if not study.modalities:  # left out, not empty: OHIF's list of studies fails whole on one that is empty
        del found["00080061"]
    if counts is not None:
        found["00201206"], found["00201208"] = element("IS", counts[0]), element("IS", counts[1])
    return found


def series_json(series: Series, study: str, base: str) -> Json:
    """Series level (PS3.18 table 10.6.3-4)."""
    return {
        "00080005": element("CS", "ISO_IR 192"),
        "00080021": element("DA", _day(series.date)),
        "00080056": element("CS", "ONLINE"),
        "00080060": element("CS", series.modality),
        "0008103E": element("LO", series.description),
        "00081190": element("UR", f"{base}/studies/{study}/series/{series.uid}"),
        "00180015": element("CS", series.body_part),
        "00200060": element("CS", series.laterality),
        "0020000D": element("UI", study),
        "0020000E": element("UI", series.uid),
        "00200011": element("IS", series.number),
        "00201209": element("IS", series.instance_count),
    }


INSTANCE_COLUMNS = ("uid", "sop_class", "number", "rows", "columns", "bits_allocated", "frames")


def instance_json(row: Sequence[Any], study: str, series: str, base: str) -> Json:
    """Instance level (PS3.18 table 10.6.3-5) from the columns above."""
    uid, sop_class, number, rows, columns, bits, frames = row
    found: Json = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080016": {"vr": "UI", "Value": [sop_class]},
        "00080018": {"vr": "UI", "Value": [uid]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00081190": {"vr": "UR", "Value": [f"{base}/studies/{study}/series/{series}/instances/{uid}"]},
        "0020000D": {"vr": "UI", "Value": [study]},
        "0020000E": {"vr": "UI", "Value": [series]},
        "00200013": element("IS", number),
    }
    if frames:
        found["00280008"] = {"vr": "IS", "Value": [frames]}
    if rows:
        found["00280010"] = {"vr": "US", "Value": [rows]}
        found["00280011"] = {"vr": "US", "Value": [columns]}
        found["00280100"] = {"vr": "US", "Value": [bits]}
    return found


def include(row: Json, metadata: Json, tags: Iterable[str] | None, shared: frozenset[str] | None) -> None:
    """Add the asked attributes (None: all) from an instance's metadata. `shared` bounds them to what the level has in common."""
    for tag in metadata if tags is None else tags:
        if tag not in metadata or tag.startswith(("7FE0", "0002")):
            continue
        if shared is None or tag in shared:
            row.setdefault(tag, metadata[tag])


def instance_metadata(instance: Instance) -> Json:
    """All attributes, bulk data by reference; frames leave decoded, so the available transfer syntax is Explicit little endian."""
    address = f"{URI_BASE}/instances/{instance.uid}/bulkdata"
    found: Json = {}
    for tag, value in instance.metadata.items():
        if not tag.startswith(("7FE0", "0002")):
            found[tag] = _located(value, f"{address}/{tag}")
    if instance.frames:
        found["00083002"] = {"vr": "UI", "Value": [EXPLICIT_LITTLE_ENDIAN]}
        found["7FE00010"] = {"vr": "OW", "BulkDataURI": f"{address}/7FE00010"}
    return found


def _located(value: Any, address: str) -> Any:
    """An attribute whose large value lies in the file: where the child found it stays inside, the address goes out."""
    if "BulkDataURI" in value:
        return {"vr": value["vr"], "BulkDataURI": address}
    if value.get("vr") != "SQ" or "Value" not in value:
        return value
    items = [
        {tag: _located(one, f"{address}/{number}/{tag}") for tag, one in item.items()}
        for number, item in enumerate(value["Value"], 1)
    ]
    return {"vr": "SQ", "Value": items}


def addressed(body: bytes, base: str, study: str, series: str) -> bytes:
    """Stored metadata with addresses in it. Nothing from a file can look like the mark: quotes inside JSON texts are escaped."""
    mark = f'"BulkDataURI":"{URI_BASE}/'.encode()
    return body.replace(mark, f'"BulkDataURI":"{base}/studies/{study}/series/{series}/'.encode())
