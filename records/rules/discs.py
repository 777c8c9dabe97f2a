"""Which files of a disc belong to its programs, told by what they are and where they lie.

A patient's disc carries the hospital's viewer: programs, and hundreds of icons, help pages and settings beside them that could each
pass for a paper or a picture of the patient. A folder counts as the viewer's when the disc has it beside its table of contents (PS3.10
section 8.6, DICOMDIR), programs lie in it and no DICOM file does. DICOM files and health documents are never left out for their place,
nor are PDFs and letters unless they are called a manual or a licence, nor is what names a person or says what kind of record it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from records.rules.codes import PROGRAM, PROGRAM_PART, SYSTEM_FILE

SYSTEM = re.compile(
    r"(\.DS_Store|\._.*|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.Trashes|\.fseventsd|\.Spotlight-V100)\Z", re.IGNORECASE
)
COMPANION = re.compile(
    r".*\.(inf|ini|ico|icns|cfg|config|conf|cmd|bat|sh|reg|dat|db|css|js|htm|html|log|hlp|chm|lnk|url|plist|properties|manifest|xsl|xslt|md5|sha1|"
    r"sha256|lic|dtd|xsd|ttf|vbs|cur|ver|idx)\Z",
    re.IGNORECASE,
)
"""Names that companions of a program have, where records may lie beside them."""
SPEAKING = frozenset({
    "readme", "read", "liesmich", "lies", "lisezmoi", "lisez", "leggimi", "leeme", "licence", "license", "licenses", "lizenz", "eula",
    "copying", "copyright", "notice", "notices", "changelog", "change", "release", "releasenotes", "version", "autorun", "start",
    "starthere", "index", "splash", "logo", "icon", "background", "banner", "install", "setup", "launch", "viewer",
})  # fmt: skip
FILLING = frozenset(
    {
        "mich",
        "moi",
        "log",
        "notes",
        "here",
        "first",
        "dicom",
        "third",
        "party",
        "and",
        "english",
        "deutsch",
        "small",
        "big",
    }
)
"""Names of companions are made of such words alone: a record may begin with one ("Notice of discharge.docx")."""
MANUAL = re.compile(
    r".*(manual|handbuch|guide|help|read.?me|licen[sc]e|lizenz|eula|instruction|anleitung|quick.?start)", re.IGNORECASE
)
RECORDS = re.compile(
    r"(dicom|reports?|documents?|letters?|befunde?|berichte?|papers?|patient.*|labs?|pdfs?|images?)\Z", re.IGNORECASE
)
"""Folders that hold records even when a program lies in them."""
HEALTH = frozenset({"application/cda+xml", "application/fhir+xml", "application/fhir+json", "application/hl7-v2"})


class Seen(NamedTuple):
    """A file of one choice, as far as this question needs it."""

    key: UUID
    folder: str
    name: str
    kind: str
    media_type: str
    code: str
    speaks: bool = False
    """Whether it shows by itself that it is a record: it names a person, says what kind it is, or a person has said so."""


@dataclass
class Folder:
    """A folder with what lies in it; `programs` and `images` count all below."""

    files: list[Seen] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)
    programs: int = 0
    images: int = 0

    def below(self) -> Iterable[Seen]:
        yield from self.files
        for one in self.folders.values():
            yield from one.below()


def left_out(files: Collection[Seen]) -> Mapping[UUID, str]:
    """The code for each file that is no record because of its name or place."""
    found = {one.key: SYSTEM_FILE for one in files if SYSTEM.match(one.name)}
    for disc in _discs(_tree(files)):
        _sort(disc, found)
    return found


def _tree(files: Iterable[Seen]) -> Folder:
    root = Folder()
    for one in files:
        path = [root]
        for part in one.folder.split("/") if one.folder else ():
            path.append(path[-1].folders.setdefault(part, Folder()))
        path[-1].files.append(one)
        for folder in path:
            folder.programs += one.code == PROGRAM
            folder.images += one.kind == "dicom" and one.code != "dicomdir"
    return root


def _discs(folder: Folder) -> Iterable[Folder]:
    """The outermost folders that are the top of a disc: a table of contents, or something that starts by itself beside a program."""
    marks = any(one.code == "dicomdir" or one.name.upper() == "DICOMDIR" for one in folder.files)
    starts = any(one.name.lower() == "autorun.inf" for one in folder.files)
    if marks or (folder.programs and (starts or (folder.images and any(one.code == PROGRAM for one in folder.files)))):
        yield folder
        return
    for one in folder.folders.values():
        yield from _discs(one)


def _sort(folder: Folder, found: dict[UUID, str]) -> None:
    """A folder that holds records as well: companions go by name, folders by what is in them."""
    for one in folder.files:
        if _companion(one.name) and _may_go(one):
            found.setdefault(one.key, PROGRAM_PART)
    for name, inner in folder.folders.items():
        if inner.programs and not inner.images and not RECORDS.match(name):
            for one in inner.below():
                if _may_go(one):
                    found.setdefault(one.key, PROGRAM_PART)
        elif inner.programs:
            _sort(inner, found)


def _may_go(one: Seen) -> bool:
    if one.kind == "dicom" or one.media_type in HEALTH or one.code == PROGRAM or one.speaks:
        return False
    return one.kind not in ("pdf", "office") or bool(MANUAL.match(one.name)) or _companion(one.name)


def _companion(name: str) -> bool:
    if COMPANION.match(name):
        return True
    stem = name.rpartition(".")[0] or name
    words = re.findall(r"[^\W\d_]+", stem.lower())
    return any(one in SPEAKING for one in words) and all(
        one in SPEAKING or one in FILLING or len(one) <= 2 for one in words
    )
