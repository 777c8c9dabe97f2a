"""The Native DICOM Model in XML, compared with what DCMTK writes of the same file."""

from __future__ import annotations

import email
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pydicom
import pytest

from records.dicomweb import native
from tests.factories.dicom import make_cr, make_ct_series

SPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
MARKED = {"0020000D": {"vr": "UI", "Value": ["1.2"]}}


def flat(element: ElementTree.Element, path: str = "") -> dict[str, tuple[str, ...]]:
    """Every attribute by its path of tags and items: VR, keyword, values."""
    found: dict[str, tuple[str, ...]] = {}
    for one in element.findall(f"{SPACE}DicomAttribute"):
        here = f"{path}/{one.get('tag')}"
        values = [value.text or "" for value in one.findall(f"{SPACE}Value")]
        values += [
            "^".join(part.text for part in name.iter() if part.text and part.text.strip())
            for name in one.findall(f"{SPACE}PersonName")
        ]
        found[here] = (one.get("vr", ""), one.get("keyword", ""), *values)
        for item in one.findall(f"{SPACE}Item"):
            found |= flat(item, f"{here}/{item.get('number')}")
    return found


@pytest.mark.skipif(shutil.which("dcm2xml") is None, reason="needs DCMTK")
@pytest.mark.parametrize("content", [make_ct_series(1, 16)[0], make_cr(16)], ids=["ct", "cr"])
def test_the_model_is_the_one_that_dcmtk_writes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(content)
    command = ["dcm2xml", "--native-format", "--use-xml-namespace", str(tmp_path / "one.dcm")]
    theirs = flat(ElementTree.fromstring(subprocess.run(command, check=True, capture_output=True).stdout))
    dataset = pydicom.dcmread(io.BytesIO(content))
    ours = flat(ElementTree.fromstring(native.document(dataset.to_json_dict(1024, lambda _: "x"))))
    for group in ("/0002", "/7FE0"):
        theirs = {path: value for path, value in theirs.items() if not path.startswith(group)}
        ours = {path: value for path, value in ours.items() if not path.startswith(group)}

    def comparable(found: dict[str, tuple[str, ...]]) -> dict[str, Any]:
        return {path: (vr, name, [_number(v) for v in values]) for path, (vr, name, *values) in found.items()}

    assert comparable(ours) == comparable(theirs)
    assert len(ours) > 30


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_names_private_blocks_and_large_values_are_told() -> None:
    row = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Beispiel^Testina^^Dr", "Ideographic": "例"}]},
        "00290010": {"vr": "LO", "Value": ["A & B"]},
        "00291001": {"vr": "UN", "InlineBinary": "AAE="},
        "00420011": {"vr": "OB", "BulkDataURI": "/x?a=1&b=2"},
        "00081030": {"vr": "LO"},
        "00104000": {"vr": "LT", "Value": ["a\x0bb <c>"]},
    }
    found = native.document(row).decode()
    assert "<FamilyName>Beispiel</FamilyName><GivenName>Testina</GivenName><NamePrefix>Dr</NamePrefix>" in found
    assert "<Ideographic><FamilyName>例</FamilyName></Ideographic>" in found
    assert 'tag="00291001" vr="UN" privateCreator="A &amp; B"><InlineBinary>AAE=</InlineBinary>' in found
    assert '<BulkData uri="/x?a=1&amp;b=2"/>' in found
    assert '<DicomAttribute tag="00081030" vr="LO" keyword="StudyDescription"/>' in found
    assert [one.text for one in ElementTree.fromstring(found).iter(f"{SPACE}Value")] == ["a?b <c>", "A & B"]
    assert "a?b &lt;c&gt;" in found


def test_each_row_is_a_part() -> None:
    answer = native.response([MARKED, MARKED])
    raw = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.getvalue()  # type: ignore[attr-defined]
    sent = email.message_from_bytes(raw).get_payload()
    assert [part["Content-Type"] for part in sent] == ["application/dicom+xml"] * 2  # type: ignore[union-attr,index]
