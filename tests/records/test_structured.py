"""Structured records as published (C-CDA, FHIR, HL7 v2, annotated ECG), and what attacks a reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.child.protocol import ProtocolError, parse_result
from records.structured import cda, coding, fhir, hl7, model, narrative, xmltree
from tests.factories.health import bundle, ccda, ips, observation, oru
from tests.records.helpers import one, run


def _read(content: bytes) -> model.Record:
    root, _space = xmltree.parse(content)
    return cda.read(root)


def test_every_published_sample_is_readable(real_files: Path, tmp_path: Path) -> None:
    folder = real_files / "documents"
    paths = [
        path
        for kind in ("ccda", "ccda-sections", "fhir-r4", "hl7v2", "ecg-aecg")
        for path in sorted((folder / kind).iterdir())
    ]
    assert len(paths) > 50
    unread = {}
    for path, result in zip(paths, run([path.read_bytes() for path in paths], tmp_path), strict=True):
        shown = [page for page in result.data.get("pages", []) if page["text"].strip()]
        if result.status != "ready" or result.code or not (shown or result.data.get("attachments")):
            unread[path.name] = (result.status, result.code)
    assert unread == {}


def test_published_samples_give_their_facts(real_files: Path) -> None:
    sample = _read((real_files / "documents/ccda/Transfer_Summary.xml").read_bytes())
    kinds = {kind: sum(1 for fact in sample.facts if fact.kind == kind) for kind in model.KINDS}
    assert kinds == {"problem": 5, "medicine": 2, "allergy": 2, "laboratory": 6, "procedure": 3}
    bundles = json.loads((real_files / "documents/fhir-r4/synthea_02.json").read_bytes())
    record = fhir.read(bundles)
    assert sum(1 for fact in record.facts if fact.kind == "allergy") == 10
    assert (
        record.pages[-1].title.startswith("Also in this file") and "Immunization: 25" in record.pages[-1].blocks[0]["l"]
    )


def test_fact_carries_dose_reaction_range_and_source() -> None:
    record = _read(ccda())
    facts = {fact.text: fact for fact in record.facts}
    assert facts["Lisinopril 10 MG Oral Tablet"].detail == "1 tablet, every day"
    assert facts["Penicillin V"].detail == "Hives"
    assert (facts["Pneumonia"].status, facts["Pneumonia"].end) == ("resolved", "2019-02-01")
    glucose = [fact for fact in record.facts if fact.kind == "laboratory"]
    assert [(fact.number, fact.unit, fact.low, fact.high) for fact in glucose] == [
        (0.99, "g/L", 0.7, 1.0),
        (104.0, "mg/dL", 70.0, 100.0),
    ]
    assert (record.who.name, record.who.birth, record.author) == ("Testina Example", "19610504", "Dr Ada Sample")


def test_fragment_with_undeclared_prefixes_is_read() -> None:
    part = b"""<section><templateId root="2.16.840.1.113883.10.20.22.2.3"/><title>Results</title>
    <text><paragraph>All is well</paragraph></text><entry><sdtc:x xsi:type="CD"/></entry></section>"""
    record = _read(part)
    assert record.pages[0].blocks == [{"p": "All is well"}]


def test_negated_entries_are_known_absence_not_facts() -> None:
    kind = '"> <templateId root="2.16.840.1.113883.10.20.22.4.7"/>'
    plain = " ".join(line.strip() for line in ccda().decode().splitlines(keepends=False))
    text = plain.replace(f'moodCode="EVN{kind}', f'moodCode="EVN" negationInd="true{kind}')
    (allergy,) = [fact for fact in _read(text.encode()).facts if fact.kind == "allergy"]
    assert (allergy.status, allergy.text) == ("none", "No known Penicillin V")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE x SYSTEM "http://example.test/x.dtd"><x/>', "xml_dtd"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "xml_dtd"),
        (b"<a>" * 300 + b"</a>" * 300, "xml_too_deep"),
        (b"<a><b></a>", "xml_damaged"),
        (b"", "xml_damaged"),
    ],
)
def test_xml_that_attacks_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(xmltree.Unsafe) as refused:
        xmltree.parse(content)
    assert refused.value.code == code


def test_narrative_keeps_text_and_nothing_of_the_markup() -> None:
    root, _space = xmltree.parse(
        b"<div onclick='x()'><h2>Plan</h2><script>alert(1)</script><p>Go <a href='javascript:x'>on</a><img src='http://x.test/i.png'/></p>"
        b"<ul><li>one</li><li>two<br/>more</li></ul><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table></div>"
    )
    blocks, left_out = narrative.blocks(root)
    assert left_out
    assert blocks == [
        {"h": "Plan"},
        {"p": "Go on"},
        {"l": ["one", "two; more"]},
        {"t": [["A", "B"], ["1", ""]], "head": 1, "caption": ""},
    ]


def test_fhir_in_xml_says_the_same_as_in_json() -> None:
    xml = b"""<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Observation><status value="final"/>
    <category><coding><code value="laboratory"/></coding></category>
    <code><coding><system value="http://loinc.org"/><code value="2345-7"/><display value="Glucose"/></coding></code>
    <effectiveDateTime value="2025-09-01"/><valueQuantity><value value="97"/><code value="mg/dL"/></valueQuantity>
    </Observation></resource></entry></Bundle>"""
    root, _space = xmltree.parse(xml)
    (from_xml,) = fhir.read(fhir.from_xml(root)).facts
    (from_json,) = fhir.read(json.loads(bundle(observation("2025-09-01", 97, "mg/dL")))).facts
    assert (
        (from_xml.number, from_xml.unit, from_xml.code)
        == (from_json.number, from_json.unit, from_json.code)
        == (97.0, "mg/dL", "2345-7")
    )


def test_international_patient_summary_is_read_with_its_sections_and_entries(tmp_path: Path) -> None:
    result = one(ips(), tmp_path)
    assert (result.status, result.code, result.media_type) == ("ready", "", "application/fhir+json")
    titles = [page["text"].split("\n")[0] for page in result.data["pages"]]
    shown = "\n".join(page["text"] for page in result.data["pages"])
    for words in (
        "Active Problems",
        "Immunizations",
        "Influenza, October 2025",
        "History of Procedures",
        "Appendectomy 1985",
    ):
        assert words in shown, (words, titles)
    record = fhir.read(json.loads(ips()))
    assert (record.title, record.loinc, record.date, record.language) == (
        "Patient Summary",
        "60591-5",
        "2026-02-12",
        "en",
    )
    assert (record.author, record.institution) == ("Dr Ada Sample", "Sample Hospital")
    assert (record.who.name, record.who.birth, record.who.sex) == ("Testina Example", "19610504", "F")
    facts = {fact.kind: fact for fact in record.facts}
    assert len(record.facts) == len(facts) == 4, "smoking and vaccination are told, and are no results"
    assert (facts["problem"].text, facts["problem"].date) == ("Chronic obstructive pulmonary disease", "2016")
    assert (facts["medicine"].text, facts["medicine"].detail) == ("Ibuprofen", "400 mg with meals"), (
        "named by another entry"
    )
    assert "allergy" not in facts, "nothing is known about allergies: that is not the same as none"
    result_ = facts["laboratory"]
    assert (result_.number, result_.unit, result_.low, result_.high, result_.author) == (
        13.5,
        "g/dL",
        12.0,
        16.0,
        "Sample Hospital",
    )
    assert (facts["procedure"].text, facts["procedure"].date) == ("Appendectomy", "1985-06-01")


def test_message_gives_results_and_the_file_inside(tmp_path: Path) -> None:
    record = hl7.read(
        oru(
            "NM|718-7^Hemoglobin^LN||13.5|g/dL|12.0-16.0|N|||F|||20250612",
            "ED|1^Report^L||^Application^PDF^Base64^JVBERi0xLjQK",
        ).decode()
    )
    (fact,) = record.facts
    assert (fact.number, fact.low, fact.high, fact.date, record.klass) == (13.5, 12.0, 16.0, "2025-06-12", "laboratory")
    assert record.attachments[0].content == b"%PDF-1.4\n"
    result = one(oru("ST|x||a\\.br\\b \\T\\ c", "NM|1^A^L||1|mg|||||F"), tmp_path)
    assert result.media_type == "application/hl7-v2"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ({"data": "JVBERi0xLjQK"}, False),
        ({"data": "JVBERi0xLjQ*", "title": "Echo"}, True),
        ({"url": "https://fhir.example/Binary/7/_history/1"}, False),
        ({"url": "https://fhir.example/Binary/8", "title": "Echo"}, True),
    ],
)
def test_file_in_a_bundle_is_read_or_told_of(file: dict[str, str], told: bool) -> None:
    """Broken or elsewhere: silence would let it be missed."""
    held = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "application/pdf", **file}}],
    }
    binary = {"resourceType": "Binary", "id": "7", "contentType": "application/pdf", "data": "JVBERi0xLjUK"}
    record = fhir.read({"resourceType": "Bundle", "entry": [{"resource": held}, {"resource": binary}]})
    assert record.attachments[-1].content == b"%PDF-1.5\n"
    assert len(record.attachments) == 1 + (file.get("data") == "JVBERi0xLjQK")
    assert [page.blocks for page in record.pages] == ([[{"p": model.UNREADABLE}, {"l": ["Echo"]}]] if told else [])


@pytest.mark.parametrize(
    ("text", "ends"),
    [("4.5-11.0", (4.5, 11.0)), ("<200", (None, 200.0)), (">= 60", (60.0, None)), ("70 to 100 mg/dL", (70.0, 100.0)),
     ("Negative: <1:80", (None, None)), ("men 13-17, women 12-15", (None, None)), ("", (None, None))],
)  # fmt: skip
def test_reference_range_is_taken_only_when_it_is_one(text: str, ends: tuple[float | None, float | None]) -> None:
    assert coding.ends(text) == ends


NAMES = "resourceType entry resource code coding valueQuantity name text div system".split()
LEAVES = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8)


@given(
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
        max_leaves=20,
    )
)
def test_no_json_breaks_the_reader(value: object) -> None:
    record = fhir.read({"resourceType": "Bundle", "entry": [{"resource": value}, value]})
    model.check(
        {
            "facts": [fact.to_json() for fact in record.facts],
            "pages": [page.to_json() for page in record.pages],
            "about": record.about(),
        }
    )


@given(st.text(max_size=300))
def test_no_text_breaks_the_message_reader(text: str) -> None:
    record = hl7.read("MSH|^~\\&|A|B\rPID|1||" + text + "\rOBX|1|NM|" + text)
    model.check(
        {
            "facts": [fact.to_json() for fact in record.facts],
            "pages": [page.to_json() for page in record.pages],
            "about": record.about(),
        }
    )


@pytest.mark.parametrize(
    "data",
    [
        {"facts": [{"kind": "spell", "text": "x"}]},
        {"facts": [{"kind": "problem"}]},
        {"facts": [{"kind": "laboratory", "text": "x", "number": "1"}]},
        {"pages": [{"width": 0, "height": 0, "text": "", "blocks": [{"html": "<b>"}]}]},
        {"about": {"who": []}},
        {"about": {"title": 1}},
        {"attachments": [{"name": "x", "size": 1, "file": "00000.x"}]},
        {"read": [[1, 2]]},
    ],
)
def test_parent_refuses_what_a_child_may_not_say(data: dict[str, object]) -> None:
    said = {
        "status": "ready",
        "code": "",
        "kind": "xml",
        "media_type": "application/xml",
        "flags": [],
        "data": data,
        "outputs": [],
    }
    with pytest.raises(ProtocolError):
        parse_result(said, key="0", size=1)
