"""Letters of word processors, through the confined LibreOffice: text, pages and a copy that is safe to open."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from records import office
from records.child.protocol import FileResult
from tests.records.helpers import run

pytestmark = pytest.mark.skipif(not office.program(), reason="no LibreOffice: letters are kept and not shown here")
WORDS = "Dear colleague, Testina Example has an invented valve."
OPEN = "application/vnd.oasis.opendocument.text"


def odt() -> bytes:
    spaces = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", OPEN)
        body = f"<office:body><office:text><text:p>{WORDS}</text:p></office:text></office:body>"
        archive.writestr(
            "content.xml", f'<office:document-content {spaces} office:version="1.2">{body}</office:document-content>'
        )
        files = "".join(
            f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
            for path, kind in (("/", OPEN), ("content.xml", "text/xml"))
        )
        archive.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}">{files}</manifest:manifest>'
        )
    return out.getvalue()


def doc(folder: Path) -> bytes:
    """The same letter as the binary format of older Word versions, which nobody writes by hand."""
    source = folder / "letter.odt"
    source.write_bytes(odt())
    program = Path(office.program()) / "soffice"
    command = [
        str(program),
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "doc",
    ]
    subprocess.run([*command, "--outdir", str(folder), str(source)], check=True, capture_output=True, timeout=120)
    return (folder / "letter.doc").read_bytes()


def letters(contents: list[bytes], folder: Path) -> list[FileResult]:
    folder.mkdir()
    return run(contents, folder, limits=office.limits())


def test_letters_of_open_document_and_of_older_word_are_shown(tmp_path: Path) -> None:
    results = letters([odt(), doc(tmp_path)], tmp_path / "work")
    assert [one.media_type for one in results] == [OPEN, "application/msword"]
    for result in results:
        assert (result.status, result.code) == ("ready", "")
        assert WORDS in result.data["pages"][0]["text"]
        copy = (tmp_path / "work" / result.data["view_copy"]).read_bytes()
        assert copy.startswith(b"%PDF-")


def test_letter_that_is_cut_short_is_kept_and_said(tmp_path: Path) -> None:
    (result,) = letters([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)], tmp_path / "work")
    assert (result.status, result.code) in (("ready", "kept_not_shown"), ("ready", "office_not_shown"))
