"""C-CDA R2.1 and other CDA R2 documents, and the sections that people copy out of them.

Facts are taken from the entry templates of C-CDA (Problem Observation, Medication Activity, Allergy Observation, Result Observation,
Procedure Activities), never from words; a document without entries is still read, by its narrative.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from records.structured import coding, narrative
from records.structured.cda_entries import SECTION_KINDS, code_text, facts_of, person_name
from records.structured.model import UNREADABLE, Attachment, Block, Fact, Page, Record, Who, table, unique
from records.structured.xmltree import Node

ROOTS = frozenset({"ClinicalDocument", "section", "component", "recordTarget", "structuredBody", "entry", "author", "observation",
                   "organizer", "act", "substanceAdministration", "procedure", "encounter", "supply"})  # fmt: skip
ENDINGS = {
    "application/pdf": "pdf", "text/plain": "txt", "text/rtf": "rtf", "application/rtf": "rtf", "image/jpeg": "jpg", "image/png": "png",
    "image/tiff": "tif", "text/html": "html", "application/msword": "doc", "text/xml": "xml", "application/xml": "xml",
}  # fmt: skip


def is_fragment(root: Node) -> bool:
    """Whether a root without a namespace is a CDA document or a part of one: by its name and what must stand below it."""
    if root.name not in ROOTS:
        return False
    if root.name in ("ClinicalDocument", "section"):
        return True
    if root.name == "recordTarget":
        return root.first("patientRole") is not None
    return any(
        one.name == "section"
        or (one.name == "templateId" and one.get("root").startswith("2.16.840.1.113883.10.20."))
        or (one.name == "code" and one.get("codeSystem") == "2.16.840.1.113883.6.1")
        for one in root.nodes()
    )


def read(root: Node) -> Record:
    """The whole document, or what a fragment holds."""
    record = Record()
    author = ""
    if root.name == "ClinicalDocument":
        author = _head(root, record)
        _body_that_is_a_file(root, record)
    targets = [root] if root.name == "recordTarget" else list(root.all("recordTarget"))
    for target in targets[:1]:
        record.who, page = _who(target)
        if root.name == "recordTarget":
            record.pages.append(page)
    facts: list[Fact] = []
    sections = list(_sections(root))
    for section in sections:
        page, left_out = _page(section)
        record.cleaned |= left_out
        found = facts_of(section, author=author)
        facts += found
        if not page.blocks and found:
            page.blocks = _table_of(found)
        if page.blocks:
            record.pages.append(page)
    if not sections and root.name not in ("ClinicalDocument", "recordTarget"):
        facts = facts_of(root, author="")
        record.pages.append(Page(code_text(root.first("code")), _table_of(facts) or _bare(root)))
    record.facts = unique(facts)
    if root.name != "ClinicalDocument" and sections:
        code = sections[0].first("code")
        record.loinc = code.get("code") if code is not None else ""
    if not record.title and record.pages:
        record.title = record.pages[0].title
    if root.name != "ClinicalDocument" and not record.pages:
        record.pages.append(Page("", _bare(root)))
    return record


def _head(root: Node, record: Record) -> str:
    """Title, kind, day, author and institution (CDA R2 section 4.2). Returns the author."""
    code = root.first("code")
    record.title = root.text_of("title") or code_text(code)
    record.loinc = code.get("code") if code is not None and coding.system(code.get("codeSystem")) == "loinc" else ""
    record.language = root.value("languageCode", "code")[:2].lower()
    service = root.first("documentationOf/serviceEvent/effectiveTime")
    days = [] if service is None else [service.value("low"), service.get("value"), service.value("high")]
    encounter = root.first("componentOf/encompassingEncounter/effectiveTime")
    if encounter is not None:
        days = [encounter.value("high"), encounter.value("low"), encounter.get("value"), *days]
    # A summary covers a life: its day is the day on which it was written.
    if record.loinc in ("34133-9", "60591-5", "52521-2", "18776-5"):
        days = []
    written = root.value("effectiveTime")
    record.date = next((day for text in [*days, written] if (day := coding.moment(text))), "")
    author = next(
        (name for one in root.all("author/assignedAuthor") if (name := person_name(one.first("assignedPerson/name")))),
        "",
    )
    record.author = author
    places = (
        "author/assignedAuthor/representedOrganization/name",
        "custodian/assignedCustodian/representedCustodianOrganization/name",
    )
    record.institution = next((name for path in reversed(places) if (name := root.text_of(path))), "")
    return author


def _who(target: Node) -> tuple[Who, Page]:
    patient = target.first("patientRole/patient")
    if patient is None:
        return Who(), Page("")
    names = [name for one in patient.all("name") if (name := person_name(one))]
    birth = patient.value("birthTime")[:8]
    sex = patient.value("administrativeGenderCode", "code").upper()
    who = Who(" / ".join(names)[:200], birth if len(birth) == 8 and birth.isdigit() else "", sex[:1])
    rows = [["Name", who.name], ["Date of birth", coding.moment(birth)], ["Sex", sex]]
    return who, Page("Patient", table(["", ""], [row for row in rows if row[1]]))


def _sections(root: Node) -> Iterator[Node]:
    """Sections in order, those inside sections too."""
    return (one for one in root.nodes() if one.name == "section")


def _page(section: Node) -> tuple[Page, bool]:
    """A section's own title and narrative (its inner sections are pages of their own)."""
    title = section.text_of("title") or code_text(section.first("code"))
    text = section.first("text")
    blocks, left_out = narrative.blocks(text) if text is not None else ([], False)
    return Page(title, blocks), left_out


def _table_of(facts: list[Fact]) -> list[Block]:
    """Entries whose section has no narrative: they must not be lost to the reader."""
    heads = ["What", "Value", "Reference range", "Status", "Date", "Details"]
    return table(
        heads, [[f.text, f"{f.value} {f.unit}".strip(), f.reference, f.status, f.date, f.detail] for f in facts]
    )


def _bare(root: Node) -> list[Block]:
    """A part without narrative or known entries: the words that its codes carry."""
    words = [one.get("displayName") or one.text_of("originalText") for one in root.nodes() if one.get("displayName")]
    text = root.text()
    return [{"l": list(dict.fromkeys(words))[:200]}] if words else ([{"p": text[:5000]}] if text else [])


def _body_that_is_a_file(root: Node, record: Record) -> None:
    """A nonXMLBody: a PDF or letter inside the document (C-CDA Unstructured Document)."""
    for number, text in enumerate(root.all("component/nonXMLBody/text"), 1):
        kind = text.get("mediaType").lower() or "text/plain"
        words = "".join(part for part in text.parts if isinstance(part, str))
        if text.get("representation").upper() == "B64":
            try:
                content = base64.b64decode("".join(words.split()), validate=True)
            except (binascii.Error, ValueError):
                record.pages.append(Page("", [{"p": UNREADABLE}]))
                continue
        elif words.strip():
            content = words.encode()
        else:
            continue
        record.attachments.append(Attachment(f"attachment-{number}.{ENDINGS.get(kind, 'bin')}", content))


__all__ = ["ROOTS", "SECTION_KINDS", "is_fragment", "read"]
