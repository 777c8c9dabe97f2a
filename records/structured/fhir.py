"""FHIR R4 (and R4B) bundles, International Patient Summaries and single resources, in JSON or XML.

Read tolerantly rather than validated: a record that breaks a rule of the specification is still a patient's record. Only what is
understood becomes a fact; everything else is counted, so that nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from records.structured import coding, narrative
from records.structured.cda import ENDINGS
from records.structured.fhir_values import (
    Json,
    coded,
    dose_words,
    first,
    human,
    many,
    measured,
    reference,
    text,
    text_data,
)
from records.structured.model import LONG, SHORT, UNREADABLE, Attachment, Block, Fact, Page, Record, Who, table, unique
from records.structured.xmltree import Node, Unsafe, parse

_SHOWN = frozenset({"Condition", "MedicationRequest", "MedicationStatement", "AllergyIntolerance", "Observation", "Procedure", "Patient",
                    "Bundle", "Composition", "Medication", "DiagnosticReport", "DocumentReference", "Media", "Binary"})  # fmt: skip
_DONE = frozenset({"entered-in-error", "cancelled", "not-done", "not-taken", "draft"})
_CLASSES = {
    "LAB": "laboratory",
    "CH": "laboratory",
    "HM": "laboratory",
    "RAD": "image_report",
    "PAT": "pathology",
    "SP": "pathology",
}


def _day(resource: Json, *names: str) -> str:
    for name in names:
        value = resource.get(name)
        if isinstance(value, Mapping | list):
            value = first(value).get("start") or first(value).get("end")
        if found := coding.iso_moment(text(value)):
            return found
    return ""


def from_xml(root: Node) -> Json:
    """A resource in XML as the same resource in JSON, every element that repeats as a list (FHIR R4, 2.1.0 formats)."""
    return {"resourceType": root.name, **_object(root)}


def _object(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in node.parts:
        if not isinstance(part, Node):
            continue
        inner = [one for one in part.parts if isinstance(one, Node)]
        if part.name == "div":
            value: Any = part
        elif inner and part.name in ("resource", "contained") and inner[0].name[:1].isupper():
            value = from_xml(inner[0])
        elif inner:
            value = _object(part)
        else:
            value = part.get("value")
        found[part.name] = [*many(found[part.name]), value] if part.name in found else value
    return found


class _Reader:
    def __init__(self, root: Json) -> None:
        self.record = Record()
        self.resources = list(_resources(root))
        self.by_reference: dict[str, Json] = {}
        for address, one in self.resources:
            kind, identifier = text(one.get("resourceType")), text(one.get("id"))
            for name in (address, f"{kind}/{identifier}", f"urn:uuid:{identifier}"):
                self.by_reference.setdefault(name, one)

    def of(self, *kinds: str) -> Iterator[Json]:
        return (one for _address, one in self.resources if one.get("resourceType") in kinds)

    def name_of(self, reference: Any) -> str:
        """Who or what a reference names: its display, else the resource itself."""
        one = first(reference)
        if shown := text(one.get("display")):
            return shown[:SHORT]
        target = self.by_reference.get(text(one.get("reference")), {})
        name = target.get("name")
        return (text(name) or human(name))[:SHORT] if name else ""

    def read(self) -> Record:
        record = self.record
        self._who()
        self._about()
        record.facts = unique(self._facts())
        self._narratives()
        self._tables()
        self._files()
        other = Counter(text(one.get("resourceType")) for _address, one in self.resources)
        rest = [f"{name}: {count}" for name, count in sorted(other.items()) if name and name not in _SHOWN]
        if rest:
            record.pages.append(Page("Also in this file, not shown here", [{"l": rest[:100]}]))
        return record

    def _who(self) -> None:
        patient = next(self.of("Patient"), None)
        if patient is None:
            return
        names = [name for one in many(patient.get("name")) if (name := human(one))]
        birth = coding.iso_moment(text(patient.get("birthDate"))).replace("-", "")
        sex = {"male": "M", "female": "F", "other": "O"}.get(text(patient.get("gender")), "")
        self.record.who = Who(" / ".join(dict.fromkeys(names))[:200], birth if len(birth) == 8 else "", sex)
        self.record.title = "Health record"

    def _about(self) -> None:
        record = self.record
        composition = next(self.of("Composition"), None) or next(self.of("DiagnosticReport"), None)
        reports = list(self.of("DiagnosticReport"))
        if composition is not None and (composition.get("resourceType") == "Composition" or len(self.resources) < 30):
            words, code, system = coded(composition.get("type") or composition.get("code"))
            record.title = text(composition.get("title")) or words
            record.loinc = code if system == "loinc" else ""
            record.date = _day(composition, "date", "effectiveDateTime", "effectivePeriod", "issued")
            record.author = self.name_of(composition.get("author") or composition.get("performer"))
            record.institution = self.name_of(composition.get("custodian"))
            record.language = text(composition.get("language"))[:2].lower()
        if reports and not any(True for _ in self.of("Composition")) and len(reports) == 1 and len(self.resources) < 30:
            category = {
                text(c.get("code"))
                for c in many(first(reports[0].get("category")).get("coding"))
                if isinstance(c, Mapping)
            }
            record.klass = next((_CLASSES[one] for one in sorted(category) if one in _CLASSES), "")
        elif not record.loinc and len(self.resources) > 1:
            record.klass = "summary"
        record.institution = record.institution or next((text(one.get("name")) for one in self.of("Organization")), "")
        if not record.date:
            days = [
                _day(one, "effectiveDateTime", "performedPeriod", "authoredOn", "issued", "period")
                for _a, one in self.resources
            ]
            record.date = max((day for day in days if len(day) == 10), default="")
        record.title = record.title or "Health record"

    def _facts(self) -> Iterator[Fact]:
        for one in self.of("Condition"):
            yield from self._condition(one)
        for one in self.of("MedicationRequest", "MedicationStatement"):
            yield from self._medicine(one)
        for one in self.of("AllergyIntolerance"):
            yield from self._allergy(one)
        for one in self.of("Observation"):
            yield from self._observation(one)
        for one in self.of("Procedure"):
            yield from self._procedure(one)

    def _condition(self, one: Json) -> Iterator[Fact]:
        words, code, system = coded(one.get("code"))
        _w, verified, _s = coded(one.get("verificationStatus"))
        if not words or _unsaid(code) or verified in ("entered-in-error", "refuted"):
            return
        _w, status, _s = coded(one.get("clinicalStatus"))
        status = "none" if code.startswith("no-") or code == "160245001" else status
        end = _day(one, "abatementDateTime", "abatementPeriod")
        date = _day(one, "onsetDateTime", "onsetPeriod", "recordedDate")
        author = self.name_of(one.get("recorder") or one.get("asserter"))
        yield Fact("problem", words, code, system, date=date, end=end, status=status, author=author)

    def _medicine(self, one: Json) -> Iterator[Fact]:
        if text(one.get("status")) in _DONE:
            return
        concept = one.get("medicationCodeableConcept")
        if concept is None:
            reference = first(one.get("medicationReference"))
            target = self.by_reference.get(text(reference.get("reference")), {})
            concept = target.get("code") or {"text": text(reference.get("display"))}
        words, code, system = coded(concept)
        if not words or _unsaid(code):
            return
        dose = first(one.get("dosageInstruction") or one.get("dosage"))
        yield Fact(
            "medicine", words, code, system, date=_day(one, "effectivePeriod", "effectiveDateTime", "authoredOn", "dateAsserted"),
            status="none" if code.startswith("no-") else text(one.get("status")), detail=dose_words(dose)[:LONG],
            author=self.name_of(one.get("requester") or one.get("informationSource")),
        )  # fmt: skip

    def _allergy(self, one: Json) -> Iterator[Fact]:
        words, code, system = coded(one.get("code"))
        _w, verified, _s = coded(one.get("verificationStatus"))
        if not words or _unsaid(code) or verified in ("entered-in-error", "refuted"):
            return
        _w, status, _s = coded(one.get("clinicalStatus"))
        reactions = [coded(what)[0] for r in many(one.get("reaction")) for what in many(first(r).get("manifestation"))]
        none = code.startswith("no-") or code in ("716186003", "409137002")
        yield Fact(
            "allergy", words, code, system, date=_day(one, "onsetDateTime", "recordedDate"), status="none" if none else status,
            detail=", ".join(dict.fromkeys(r for r in reactions if r))[:LONG], author=self.name_of(one.get("recorder")),
        )  # fmt: skip

    def _observation(self, one: Json) -> Iterator[Fact]:
        kinds = {
            text(c.get("code"))
            for cat in many(one.get("category"))
            for c in many(first(cat).get("coding"))
            if isinstance(c, Mapping)
        }
        if text(one.get("status")) in _DONE or (kinds and "laboratory" not in kinds):
            return
        date = _day(one, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
        author = self.name_of(one.get("performer"))
        parts = [p for p in many(one.get("component")) if isinstance(p, Mapping)]
        for source in [one, *parts]:
            words, code, system = coded(source.get("code"))
            written, number, unit = measured(source)
            if not words or not written:
                continue
            low, high, written_range = reference(source, unit)
            flag = next((f for i in many(source.get("interpretation")) if (f := coding.flag(coded(i)[1]))), "")
            yield Fact(
                "laboratory", words, code, system, date=date, value=written, number=number, unit=unit[:60], low=low, high=high,
                reference=written_range[:SHORT], flag=flag, author=author,
            )  # fmt: skip

    def _procedure(self, one: Json) -> Iterator[Fact]:
        words, code, system = coded(one.get("code"))
        if not words or _unsaid(code) or text(one.get("status")) in (*_DONE, "preparation"):
            return
        date = _day(one, "performedDateTime", "performedPeriod", "performedString")
        author = self.name_of(first(one.get("performer")).get("actor"))
        status = "none" if code.startswith("no-") else ""
        yield Fact(
            "procedure",
            words,
            code,
            system,
            date=date,
            status=status,
            detail=coded(one.get("bodySite"))[0],
            author=author,
        )

    def _narratives(self) -> None:
        """Sections of a composition, then the words of reports; single resources by their own narrative."""
        for composition in self.of("Composition"):
            self._sections(composition, 0)
        for report in self.of("DiagnosticReport"):
            words = coded(report.get("code"))[0]
            blocks = self._div(report.get("text"))
            if conclusion := text(report.get("conclusion")):
                blocks.append({"p": conclusion})
            if blocks:
                self.record.pages.append(Page(words or "Report", blocks))
        if len(self.resources) == 1 and not self.record.pages:
            blocks = self._div(self.resources[0][1].get("text"))
            if blocks:
                self.record.pages.append(Page(self.record.title, blocks))

    def _sections(self, holder: Json, depth: int) -> None:
        for section in many(holder.get("section")):
            if isinstance(section, Mapping) and depth < 5:
                title = text(section.get("title")) or coded(section.get("code"))[0]
                blocks = self._div(section.get("text"))
                if blocks:
                    self.record.pages.append(Page(title[:SHORT], blocks))
                self._sections(section, depth + 1)

    def _div(self, holder: Any) -> list[Block]:
        div = first(holder).get("div")
        if isinstance(div, str):
            try:
                div, _space = parse(div.encode())
            except Unsafe:
                self.record.cleaned = True
                return []
        if not isinstance(div, Node):
            return []
        found, dropped = narrative.blocks(div)
        self.record.cleaned |= dropped
        return found

    def _tables(self) -> None:
        """Facts as tables: a bundle of a portal has no narrative to read."""
        titles = {
            "problem": "Problems",
            "medicine": "Medicines",
            "allergy": "Allergies",
            "laboratory": "Results",
            "procedure": "Procedures",
        }
        heads = ["What", "Value", "Reference range", "Status", "Date", "Until", "Details", "Author"]
        for kind, title in titles.items():
            rows = [
                [f.text, f"{f.value} {f.unit}".strip(), f.reference, f.status, f.date, f.end, f.detail, f.author]
                for f in sorted(self.record.facts, key=lambda f: f.date, reverse=True)
                if f.kind == kind
            ]
            if rows:
                self.record.pages.append(Page(title, table(heads, rows)))
        who = self.record.who
        if who.name and not self.record.pages:
            rows = [["Name", who.name], ["Date of birth", coding.moment(who.birth)], ["Sex", who.sex]]
            self.record.pages.append(Page("Patient", table(["", ""], [row for row in rows if row[1]])))

    def _files(self) -> None:
        """Files inside, also those that stand as a Binary beside the resource that names them; what cannot be read is told."""
        inside = [file for one in self.of("DiagnosticReport") for file in many(one.get("presentedForm"))]
        inside += [
            first(one).get("attachment") for held in self.of("DocumentReference") for one in many(held.get("content"))
        ]
        inside += [one.get("content") for one in self.of("Media")]
        unread: list[str] = []
        for file in (*map(first, inside), *self.of("Binary")):
            if data := text_data(file.get("data")):
                kind = text(file.get("contentType")).split(";")[0].strip().lower()
                number = len(self.record.attachments) + 1
                self.record.attachments.append(Attachment(f"attachment-{number}.{ENDINGS.get(kind, 'bin')}", data))
            elif file.get("data") or (text(file.get("url")) and not self._is_here(text(file.get("url")))):
                unread.append(text(file.get("title")) or text(file.get("contentType")))
        if unread:
            named = list(dict.fromkeys(filter(None, unread)))[:100]
            self.record.pages.append(Page("", [{"p": UNREADABLE}, *([{"l": named}] if named else [])]))

    def _is_here(self, address: str) -> bool:
        """Whether an address names a Binary of this same record, with or without its server and version."""
        short = re.search(r"\bBinary/[^/?#]+", address)
        found = self.by_reference.get(address) or (self.by_reference.get(short[0]) if short else None)
        return found is not None and found.get("resourceType") == "Binary"


def _unsaid(code: str) -> bool:
    """ "No information about allergies" and its like (IPS, absent-unknown-uv-ips): neither an allergy nor the word that there is none."""
    return code.startswith("no-") and code.endswith("-info")


def _resources(root: Json, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """(address, resource) of everything inside, bundles and contained resources opened."""
    if not isinstance(root, Mapping) or depth > 5:
        return
    yield "", root
    for inner in many(root.get("contained")):
        if isinstance(inner, Mapping):
            yield "#" + text(inner.get("id")), inner
    for entry in many(root.get("entry")) if root.get("resourceType") == "Bundle" else []:
        if isinstance(entry, Mapping) and isinstance(entry.get("resource"), Mapping):
            resource = entry["resource"]
            found = list(_resources(resource, depth + 1))
            if found:
                yield text(entry.get("fullUrl")), found[0][1]
                yield from found[1:]


def read(root: Json) -> Record:
    """A bundle or one resource."""
    return _Reader(root).read()
