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


def ips() -> bytes:
    """An International Patient Summary (hl7.org/fhir/uv/ips): a document whose composition names its sections' coded entries by fullUrl."""
    here = "urn:uuid:0000000{}-1111-4222-8333-444444444444".format
    snomed, loinc, absent = (
        "http://snomed.info/sct",
        "http://loinc.org",
        "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
    )
    patient = {"reference": here(1), "display": "Testina Example"}

    def concept(code: str, words: str, system: str = snomed) -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code, "display": words}]}

    def status(name: str, code: str) -> dict[str, Any]:
        return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}

    def section(title: str, code: str, words: str, *entries: int) -> dict[str, Any]:
        div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'
        named = {"entry": [{"reference": here(number)} for number in entries]} if entries else {}
        return {
            "title": title,
            "code": concept(code, title, loinc),
            "text": {"status": "generated", "div": div},
            **named,
        }

    kept = [
        {"resourceType": "Patient", "name": [{"family": "Example", "given": ["Testina"]}], "gender": "female", "birthDate": "1961-05-04"},
        {"resourceType": "Practitioner", "name": [{"family": "Sample", "given": ["Ada"], "prefix": ["Dr"]}]},
        {"resourceType": "Organization", "name": "Sample Hospital"},
        {"resourceType": "Condition", "clinicalStatus": status("condition-clinical", "active"),
         "code": concept("13645005", "Chronic obstructive pulmonary disease"), "subject": patient, "onsetDateTime": "2016"},
        {"resourceType": "Medication", "code": concept("387207008", "Ibuprofen")},
        {"resourceType": "MedicationStatement", "status": "active", "medicationReference": {"reference": here(5)}, "subject": patient,
         "effectivePeriod": {"start": "2015-03"}, "dosage": [{"text": "400 mg with meals"}]},
        {"resourceType": "AllergyIntolerance", "patient": patient,
         "code": concept("no-allergy-info", "No information about allergies", absent)},
        {"resourceType": "Procedure", "status": "completed", "code": concept("80146002", "Appendectomy"), "subject": patient,
         "performedDateTime": "1985-06-01"},
        {"resourceType": "Observation", "status": "final", "category": [status("observation-category", "laboratory")],
         "code": concept("718-7", "Hemoglobin", loinc), "subject": patient, "effectiveDateTime": "2026-02-11T08:30:00+01:00",
         "performer": [{"reference": here(3)}],
         "valueQuantity": {"value": 13.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
         "referenceRange": [{"low": {"value": 12, "unit": "g/dL"}, "high": {"value": 16, "unit": "g/dL"}}]},
        {"resourceType": "Observation", "status": "final", "category": [status("observation-category", "social-history")],
         "code": concept("72166-2", "Tobacco smoking status", loinc), "subject": patient, "effectiveDateTime": "2026-02-11",
         "valueCodeableConcept": concept("8517006", "Ex-smoker")},
        {"resourceType": "Immunization", "status": "completed", "vaccineCode": concept("6142004", "Influenza vaccine"), "patient": patient,
         "occurrenceDateTime": "2025-10-02"},
    ]  # fmt: skip
    composition = {
        "resourceType": "Composition", "status": "final", "type": concept("60591-5", "Patient summary Document", loinc), "subject": patient,
        "date": "2026-02-12T10:00:00+01:00", "author": [{"reference": here(2)}],
        "title": "Patient Summary", "custodian": {"reference": here(3)}, "language": "en-GB", "section": [
            section("Active Problems", "11450-4", "Chronic obstructive pulmonary disease since 2016", 4),
            section("Medication", "10160-0", "Ibuprofen 400 mg with meals", 6),
            section("Allergies and Intolerances", "48765-2", "No information about allergies", 7),
            section("Immunizations", "11369-6", "Influenza, October 2025", 11),
            section("Results", "30954-2", "Haemoglobin 13.5 g/dL", 9),
            section("History of Procedures", "47519-4", "Appendectomy 1985", 8),
        ],
    }  # fmt: skip
    entries = [{"fullUrl": here(number), "resource": one} for number, one in enumerate([composition, *kept])]
    return json.dumps(
        {"resourceType": "Bundle", "type": "document", "timestamp": "2026-02-12T10:00:00+01:00", "entry": entries}
    ).encode()
