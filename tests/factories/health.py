"""Structured records of an invented person: a C-CDA as a portal exports it, a FHIR bundle, a laboratory message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

TEMPLATE = "2.16.840.1.113883.10.20.22"


def ccda(
    *,
    given: str = "Testina",
    family: str = "Example",
    birth: str = "19610504",
    glucose: Sequence[tuple[str, str, str]] = (("20250110", "0.99", "g/L"), ("20250612", "104", "mg/dL")),
    body: str = "",
) -> bytes:
    """A Continuity of Care Document: one medicine, one allergy, two problems (one over), glucose over time, one operation."""
    results = "".join(
        f"""<component><observation classCode="OBS" moodCode="EVN"><templateId root="{TEMPLATE}.4.2"/>
        <code code="2345-7" codeSystem="2.16.840.1.113883.6.1" displayName="Glucose"/><statusCode code="completed"/>
        <effectiveTime value="{day}"/><value xsi:type="PQ" value="{value}" unit="{unit}"/>
        <referenceRange><observationRange><value xsi:type="IVL_PQ">
        <low value="{"0.7" if unit == "g/L" else "70"}" unit="{unit}"/><high value="{"1.0" if unit == "g/L" else "100"}" unit="{unit}"/>
        </value></observationRange></referenceRange></observation></component>"""
        for day, value, unit in glucose
    )
    sections = [
        _section("10160-0", "Medications", "<paragraph>Lisinopril 10 mg</paragraph>", _medicine()),
        _section("48765-2", "Allergies", "<list><item>Penicillin V: hives</item></list>", _allergy()),
        _section(
            "11450-4",
            "Problems",
            "",
            _problem("44054006", "Type 2 diabetes", "20120301")
            + _problem("233604007", "Pneumonia", "20190101", "20190201"),
        ),
        _section("30954-2", "Results", "", f'<organizer classCode="BATTERY" moodCode="EVN">{results}</organizer>'),
        _section("47519-4", "Procedures", "", _procedure()),
    ]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Sample portal summary</title><effectiveTime value="20250701"/>
<languageCode code="en-US"/>
<recordTarget><patientRole><patient><name><given>{given}</given><family>{family}</family></name>
<administrativeGenderCode code="F"/><birthTime value="{birth}"/></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name><prefix>Dr</prefix><given>Ada</given><family>Sample</family></name></assignedPerson>
<representedOrganization><name>Sample Hospital</name></representedOrganization></assignedAuthor></author>
<component><structuredBody>{"".join(sections)}{body}</structuredBody></component></ClinicalDocument>""".encode()


def _section(code: str, title: str, text: str, entries: str) -> str:
    return (
        f'<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>{title}</title>'
        f"<text>{text}</text><entry>{entries}</entry></section></component>"
    )


def _medicine() -> str:
    return f"""<substanceAdministration classCode="SBADM" moodCode="EVN"><templateId root="{TEMPLATE}.4.16"/><statusCode code="active"/>
    <effectiveTime xsi:type="IVL_TS"><low value="20200115"/></effectiveTime>
    <effectiveTime xsi:type="PIVL_TS"><period value="1" unit="d"/></effectiveTime><doseQuantity value="1" unit="tablet"/>
    <consumable><manufacturedProduct><manufacturedMaterial><code code="314076" codeSystem="2.16.840.1.113883.6.88"
    displayName="Lisinopril 10 MG Oral Tablet"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration>"""


def _allergy() -> str:
    return f"""<act classCode="ACT" moodCode="EVN"><entryRelationship><observation classCode="OBS" moodCode="EVN">
    <templateId root="{TEMPLATE}.4.7"/><statusCode code="completed"/>
    <participant><participantRole><playingEntity><code code="7980" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin V"/>
    </playingEntity></participantRole></participant>
    <entryRelationship><observation classCode="OBS" moodCode="EVN"><templateId root="{TEMPLATE}.4.9"/>
    <value xsi:type="CD" code="247472004" displayName="Hives"/></observation></entryRelationship>
    </observation></entryRelationship></act>"""


def _problem(code: str, name: str, begin: str, end: str = "") -> str:
    high = f'<high value="{end}"/>' if end else ""
    return f"""<act classCode="ACT" moodCode="EVN"><entryRelationship><observation classCode="OBS" moodCode="EVN">
    <templateId root="{TEMPLATE}.4.4"/><effectiveTime><low value="{begin}"/>{high}</effectiveTime>
    <value xsi:type="CD" code="{code}" codeSystem="2.16.840.1.113883.6.96" displayName="{name}"/>
    </observation></entryRelationship></act>"""


def _procedure() -> str:
    return f"""<procedure classCode="PROC" moodCode="EVN"><templateId root="{TEMPLATE}.4.14"/>
    <code code="80146002" codeSystem="2.16.840.1.113883.6.96" displayName="Appendectomy"/><statusCode code="completed"/>
    <effectiveTime value="1999"/></procedure>"""


def bundle(*resources: dict[str, Any]) -> bytes:
    """A FHIR R4 collection of Testina Example's resources."""
    patient = {
        "resourceType": "Patient",
        "name": [{"given": ["Testina"], "family": "Example"}],
        "birthDate": "1961-05-04",
    }
    entries = [{"resource": one} for one in (patient, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def observation(day: str, value: float, unit: str, *, code: str = "2345-7", name: str = "Glucose") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "code": unit},
    }


def oru(*results: str) -> bytes:
    """A laboratory message; `results` are OBX segments without their name and number."""
    lines = [
        r"MSH|^~\&|LAB|Sample Laboratory|||20250612||ORU^R01|1|P|2.5",
        "PID|1||X^^^LAB||Example^Testina||19610504|F",
        "OBR|1|||24323-8^Metabolic panel^LN|||20250612080000|||||||||||||||||LAB|F",
        *(f"OBX|{number}|{one}" for number, one in enumerate(results, 1)),
    ]
    return "\r".join(lines).encode()
