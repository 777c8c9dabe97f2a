"""HL7 v2 messages (chapters 2, 3, 4 and 7): results, allergies, diagnoses, procedures, and files inside OBX segments."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from records.structured import coding
from records.structured.model import LONG, SHORT, UNREADABLE, Attachment, Block, Fact, Page, Record, Who, table, unique

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?=[^A-Za-z0-9\s]|$)")
_ESCAPES = r"[FSTREHN]|\.[a-z]{2}[-+ ]?\d*|X(?:[0-9A-Fa-f]{2})+|[CM][0-9A-Fa-f]{4,6}"
_TYPES = {
    "ORU": "Results", "ADT": "Registration", "ORM": "Order", "OMG": "Order", "OMI": "Imaging order", "OML": "Laboratory order",
    "SIU": "Appointment", "MDM": "Document", "VXU": "Immunisations", "RDE": "Prescription", "PPR": "Problems",
}  # fmt: skip
_LABS = frozenset({"LAB", "CH", "HM", "MB", "SR", "BLB", "IMM", "TX", "CUS", "PAT", "SP"})
_IMAGES = frozenset({"RAD", "CT", "MR", "NMR", "US", "RUS", "XRC", "NMS", "CUS", "CTH", "PET", "MG"})
_DOCUMENTS = frozenset(
    {"18748-4", "11526-1", "11488-4", "18842-5", "11502-2", "11524-6", "11504-8", "34109-9", "28570-0"}
)
"""LOINC codes of kinds of documents: in OBX-3 they say what the whole message brings."""
_FILES = {
    "pdf": "pdf",
    "text/xml": "xml",
    "xml": "xml",
    "jpeg": "jpg",
    "png": "png",
    "rtf": "rtf",
    "html": "html",
    "plain": "txt",
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The separators that MSH-1 and MSH-2 declare."""

    field: str
    component: str
    repeat: str
    escape: str
    sub: str

    @classmethod
    def of(cls, header: str) -> Marks:
        declared = header[4:].split(header[3], 1)[0]
        four = (declared + "^~\\&"[len(declared) :])[:4]
        return cls(header[3], four[0], four[1], four[2], four[3])

    def plain(self, text: str) -> str:
        """Escapes undone (section 2.7): separators by their letters, .br as a new line, hexadecimal; other formatting is left out.

        What is no escape stays as it is: senders write the mark into values ("0.5\\0.7\\0.9").
        """
        if self.escape not in text:
            return text.strip()
        known = {
            "F": self.field,
            "S": self.component,
            "T": self.sub,
            "R": self.repeat,
            "E": self.escape,
            ".br": "\n",
            ".sp": "\n",
        }
        mark = re.escape(self.escape)

        def undone(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("X"):
                return bytes.fromhex(name[1:]).decode("latin-1")
            return known.get(name, "")

        return re.sub(f"{mark}({_ESCAPES}){mark}", undone, text).strip()


class Segment:
    def __init__(self, text: str, marks: Marks) -> None:
        self.marks = marks
        self.fields = text.split(marks.field)
        self.name = self.fields[0][:3]

    def raw(self, number: int) -> str:
        place = number - 1 if self.name in ("MSH", "FHS", "BHS") else number
        return self.fields[place] if 0 < place < len(self.fields) else ""

    def part(self, number: int, component: int = 1, repeat: int = 0) -> str:
        """One component of a field, its escapes undone."""
        repeats = self.raw(number).split(self.marks.repeat)
        parts = (repeats[repeat] if repeat < len(repeats) else "").split(self.marks.component)
        return self.marks.plain(parts[component - 1])[:LONG] if component <= len(parts) else ""

    def whole(self, number: int) -> str:
        """All repeats of a text field, one a line."""
        return "\n".join(self.marks.plain(one) for one in self.raw(number).split(self.marks.repeat))


def segments(text: str) -> Iterator[Segment]:
    """Segments of one or more messages. A line that begins no segment goes on with the one before: senders break long fields."""
    marks: Marks | None = None
    held = ""
    for line in re.split(r"[\r\n]+", text):
        if not line.strip("\x0b\x1c "):
            continue
        line = line.lstrip("\x0b\x1c ")
        if _SEGMENT.match(line) and (marks is None or line[3:4] in (marks.field, "")):
            if held and marks:
                yield Segment(held, marks)
            if line.startswith(("MSH", "FHS", "BHS")):
                marks = Marks.of(line)
            held = line
        elif held:
            held += "\n" + line
    if held and marks:
        yield Segment(held, marks)


def _name(segment: Segment, number: int) -> str:
    """XPN or XCN as "Given Middle Family"."""
    offset = 1 if segment.name in ("OBX", "OBR", "PV1") else 0
    family, given, middle = (segment.part(number, n + offset) for n in (1, 2, 3))
    family = family.split(segment.marks.sub)[0]
    return " ".join(part for part in (given, middle, family) if part)[:SHORT]


def _coded(segment: Segment, number: int) -> tuple[str, str, str]:
    """(words, code, system) of a CE or CWE field."""
    code, words, system = (segment.part(number, n) for n in (1, 2, 3))
    if not coding.system(system) and coding.system(segment.part(number, 6)):
        code, words, system = (segment.part(number, n) or old for n, old in ((4, code), (5, words), (6, system)))
    return (words or code)[:SHORT], code[:60], coding.system(system)


class _Reader:
    def __init__(self) -> None:
        self.record = Record()
        self.facts: list[Fact] = []
        self.page = Page("")
        self.rows: list[list[str]] = []
        self.order: Segment | None = None
        self.kinds: set[str] = set()
        self.types: set[str] = set()

    def read(self, text: str) -> Record:
        for segment in segments(text):
            handler = getattr(self, f"_{segment.name.lower()}", None)
            if handler is not None:
                handler(segment)
        self._flush()
        record = self.record
        record.facts = unique(self.facts)
        results = dict.fromkeys(page.title for page in record.pages if page.title not in ("", "Patient"))
        record.title = ", ".join(results)[:200] or record.title
        if not record.klass and not self.types & {"ORU", "MDM"}:
            record.klass = "other"  # an order or an appointment is no result
        elif not record.klass and "ORU" in self.types:
            if self.kinds & _IMAGES:
                record.klass = "image_report"
            elif (
                self.kinds & _LABS
                or sum(1 for f in record.facts if f.kind == "laboratory" and f.number is not None) > 1
            ):
                record.klass = "laboratory"
        if not record.pages:
            record.pages.append(Page(record.title, [{"p": "This message carries no results."}]))
        return record

    def _flush(self) -> None:
        self.page.blocks += table(["Test", "Result", "Unit", "Reference range", "Remark", "Date"], self.rows)
        self.rows = []
        if self.page.blocks:
            self.record.pages.append(self.page)
        self.page = Page("")

    def _msh(self, segment: Segment) -> None:
        self._flush()
        kind = segment.part(9)
        self.types.add(kind)
        self.record.title = self.record.title or f"{_TYPES.get(kind, 'Message')} (HL7)"
        self.record.institution = self.record.institution or segment.part(4)
        self.record.date = self.record.date or coding.moment(segment.part(7))

    def _pid(self, segment: Segment) -> None:
        birth = segment.part(7)[:8]
        who = Who(
            _name(segment, 5)[:200], birth if len(birth) == 8 and birth.isdigit() else "", segment.part(8)[:1].upper()
        )
        if who.name or who.birth:
            self.record.who = who
        rows = [["Name", who.name], ["Date of birth", coding.moment(who.birth)], ["Sex", who.sex]]
        if not self.record.pages:
            self.page.title = "Patient"
            self.page.blocks += table(["", ""], [row for row in rows if row[1]])

    def _obr(self, segment: Segment) -> None:
        self._flush()
        self.order = segment
        words, code, system = _coded(segment, 4)
        self.page.title = words
        if system == "loinc" and not self.record.loinc:
            self.record.loinc = code
        self.kinds.add(segment.part(24).upper())
        self.record.date = coding.moment(segment.part(7)) or self.record.date
        self.record.author = _name(segment, 32) or self.record.author or _name(segment, 16)

    def _obx(self, segment: Segment) -> None:
        kind = segment.part(2)
        words, code, system = _coded(segment, 3)
        if system == "loinc" and code in _DOCUMENTS:
            self.record.loinc = code
        if kind in ("ED", "RP"):
            self._file(segment)
            return
        value = segment.whole(5)
        if kind in ("CE", "CWE", "CNE", "CF"):
            repeats = range(segment.raw(5).count(segment.marks.repeat) + 1)
            value = "\n".join(filter(None, (segment.part(5, 2, n) or segment.part(5, 1, n) for n in repeats)))
        elif kind == "SN":
            value = "".join(segment.part(5, n) for n in (1, 2, 3, 4))
        if (system == "" and code == "113014") or words.endswith("Instance UID") or words == "DICOM Study":
            return
        if not value:
            return
        self.record.institution = segment.part(23) or self.record.institution
        if kind in ("TX", "FT") or (kind == "ST" and len(value) > 120):
            lines = [line for line in value.split("\n") if line.strip()]
            head = [] if not words or {"h": words} in self.page.blocks else [{"h": words}]
            self.page.blocks += head + [{"p": line} for line in lines]
            return
        unit = segment.part(6)
        reference = segment.part(7)
        low, high = coding.ends(reference)
        date = coding.moment(segment.part(14)) or (coding.moment(self.order.part(7)) if self.order else "")
        flag = coding.flag(segment.part(8))
        self.rows.append([words, value, unit, reference, flag, date])
        if segment.part(11) in ("D", "W", "X"):
            return
        author = segment.part(23) or _name(segment, 16)
        number = coding.number(value) if kind in ("NM", "ST", "SN", "") else None
        self.facts.append(
            Fact("laboratory", words or code or "?", code, system, date=date, value=value[:LONG], number=number, unit=unit[:60], low=low,
                 high=high, reference=reference[:SHORT], flag=flag, author=author[:SHORT])
        )  # fmt: skip

    def _file(self, segment: Segment) -> None:
        marks = segment.marks
        parts = segment.raw(5).split(marks.component, 4)
        if len(parts) < 5:
            self.page.blocks.append({"p": UNREADABLE})
            return
        _source, kind, subtype, encoding, data = parts
        ending = _FILES.get(subtype.casefold()) or _FILES.get(kind.casefold()) or "bin"
        if encoding.casefold() == "base64":
            try:
                content = base64.b64decode("".join(data.split()), validate=True)
            except (binascii.Error, ValueError):
                self.page.blocks.append({"p": UNREADABLE})
                return
        else:
            content = marks.plain(data).encode()
        self.record.attachments.append(Attachment(f"attachment-{len(self.record.attachments) + 1}.{ending}", content))

    def _nte(self, segment: Segment) -> None:
        if words := segment.whole(3):
            self.page.blocks.append({"p": words})

    def _fact(self, kind: str, segment: Segment, coded: int, date: int, detail: str = "") -> None:
        words, code, system = _coded(segment, coded)
        if words:
            self.facts.append(
                Fact(
                    kind,
                    words,
                    code,
                    system,
                    date=coding.moment(segment.part(date)) if date else "",
                    detail=detail[:LONG],
                )
            )
            line = ": ".join(part for part in (words, detail) if part)
            last: Block = self.page.blocks[-1] if self.page.blocks else {}
            if "l" in last:
                last["l"].append(line)
            else:
                self.page.blocks += [
                    {"h": {"allergy": "Allergies", "problem": "Problems", "procedure": "Procedures"}.get(kind, "")},
                    {"l": [line]},
                ]

    def _al1(self, segment: Segment) -> None:
        self._fact("allergy", segment, 3, 6, ", ".join(segment.whole(5).split("\n")))

    def _dg1(self, segment: Segment) -> None:
        self._fact("problem", segment, 3 if segment.raw(3) else 4, 5)

    def _prb(self, segment: Segment) -> None:
        self._fact("problem", segment, 3, 2)

    def _pr1(self, segment: Segment) -> None:
        self._fact("procedure", segment, 3, 5)


def read(text: str) -> Record:
    """One or more messages."""
    return _Reader().read(text)
