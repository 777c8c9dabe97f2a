"""Who wrote a paper, where, and about whom? From labels and letterheads, in English, Spanish and German; "" where nothing is clear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from records.rules.documents import dates_in
from records.rules.identity import Person, Verdict, same_birth, same_name
from records.rules.words import folded

HEAD = 1500
"""Characters at the head of a paper in which a letterhead and the patient stand."""

_PLACE = re.compile(
    r"\b(hospital|clinics?|clinica|clinique|hopital|medical cent(?:er|re)|health (?:system|services)|\w*klinik|\w*klinikum|\w*krankenhaus"
    r"|university (?:hospital|medical)|radiology|imaging|laborator(?:y|ies|io|i)|infirmary|institute|nhs|centro medico|sanatorio|praxis"
    r"|cent(?:er|re)|ospedal[ei]|(?:family|general|medical) practice|patholog(?:y|ists) associates|cardiology associates|physicians group"
    r"|insurance company)\b"
)
_NOT_PLACE = re.compile(
    r"\b(patient|discharged?|admitted|referred|refer|please|presented|was|were|the hospital|this clinic|phone|fax|dear)\b"
)
_PAPER = re.compile(
    r"^(?:clinic|clinical|hospital|outpatient|laboratory|lab|practice)\W+(?:\w+ )?(?:letter|note|report|summary|course|visit|results?)\b"
)
"""What a paper is called, not who wrote it."""
_TITLE = r"(?:Prof\.?\s+|Dr\.?\s?(?:med\.)?\s*|Dra\.?\s+|PD\s+)+"
_PERSON = r"[A-ZÀ-Þ][\w'’.-]+(?:[ \t]+(?:de|la|van|von|der|den|[A-ZÀ-Þ][\w'’.-]*)){0,4}"
_DEGREES = r"(?:M\.?D\.?|D\.?O\.?|MBBS|FRCS|FRCP|FRCR|FACC|Ph\.?D\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|FACS)"
_AUTHORS = (
    re.compile(
        r"(?:(?:electronically signed|signed|dictated|reported|authenticated|interpreted|verified) by[ \t]*:?|(?:author|performed by"
        r"|(?:interpreting|reading|attending) physician|radiologist|pathologist|cardiologist|radiation oncologist|oncologist"
        r"|endoscopist|operator|surgeon|physician|consultant|(?:referring )?provider|firmado por|informado por|m[eé]dico(?: responsable)?"
        r"|befundet von|unterzeichnet von|arzt)[ \t]*:)[ \t]*\n?[ \t]*"
        rf"((?:{_TITLE})?{_PERSON}(?:,?\s+{_DEGREES})*)", re.IGNORECASE,
    ),
    re.compile(rf"^[ \t]*((?:{_TITLE}){_PERSON}(?:,?[ \t]+{_DEGREES})*)[ \t]*$", re.MULTILINE),
    re.compile(rf"^[ \t]*({_PERSON},?[ \t]+{_DEGREES}(?:,?[ \t]+{_DEGREES})*)[ \t]*$", re.MULTILINE),
)  # fmt: skip
_SMALL = frozenset({"de", "la", "van", "von", "der", "den", "med."})
_OTHERS = re.compile(r"(?:ordering|requesting|admitting|primary care|family|copy to|cc:?)\s*$", re.IGNORECASE)
"""Before a label: this doctor is not the author."""
_FAREWELL = re.compile(
    r"(?:sincerely|kind regards|best regards|yours faithfully|regards|atentamente|saludos|mit freundlichen gr(?:ü|ue|u)(?:ß|ss)en),?\s*\n+"
    rf"(?:[ \t]*\n)*[ \t]*((?:{_TITLE})?{_PERSON}(?:,?[ \t]+{_DEGREES})*)", re.IGNORECASE,
)  # fmt: skip
_LABELS = (
    r"patient(?:'s|’s)?(?:\s+name)?|name of patient|name|paciente|nombre(?: del paciente)?|patientin|patient/in|nachname|apellidos y nombre"
    r"|re|betreff|regarding"
)
_BIRTH_LABEL = (
    r"(?:date of birth|birth ?date|birthdate|d\.?o\.?b\.?|born(?: on)?|fecha de nacimiento|f\.? ?nac\.?|nacid[oa](?: el)?"
    r"|geburtsdatum|geb(?:oren)?\.?(?: am)?|\*)"
)
_NAME = re.compile(
    rf"(?:^|[\n|;,(]|\.\s|\s{{2,}})[ \t]*(?P<label>{_LABELS})[ \t]*[:#]?[ \t]*[:\n]?[ \t]*"
    rf"(?P<name>(?:Mr|Mrs|Ms|Miss|Herr|Frau|Sr|Sra|Don|Doña)?\.?[ \t]*{_PERSON}(?:,[ \t]*{_PERSON})?)", re.IGNORECASE,
)  # fmt: skip
_BIRTH = re.compile(rf"{_BIRTH_LABEL}[ \t]*[:.]?[ \t]*\n?[ \t]*", re.IGNORECASE)
_STOP = re.compile(
    r"\b(dob|d\.o\.b|date|birth|born|sex|gender|mrn|age|id|address|phone|ref|nhs|ssn|male|female|fecha|sexo|geb|account|room|ward|visit"
    r"|physician|doctor|dr|referring|accession|exam|clinic|hospital|years?|yo|tel)\b.*", re.IGNORECASE | re.DOTALL,
)  # fmt: skip
NEAR = 250
"""Characters between a labelled name and its birth date."""


@dataclass(frozen=True)
class Named:
    """The patient as a paper names them; `birth` YYYYMMDD or ""."""

    name: str
    birth: str


def institution(text: str) -> str:
    """The letterhead: the first line near the top that names a hospital, clinic or laboratory."""
    for line in text[:HEAD].splitlines()[:25]:
        found = " ".join(line.split()).strip(" ,;:|-")
        plain = folded(found)
        if (
            5 <= len(found) <= 90
            and _PLACE.search(plain)
            and not _NOT_PLACE.search(plain)
            and not _PAPER.search(plain)
            and found.count(".") < 3
        ):
            return re.sub(
                r"^(?:hospital|clinic|facility|institution|performing lab(?:oratory)?|laboratory)\s*:\s*",
                "",
                found,
                flags=re.IGNORECASE,
            )[:200]
    return ""


def author(text: str) -> str:
    """Who signed: a labelled name, else the name below the farewell, else a line that is a doctor's name with title or degree."""
    tail = text[-6000:]
    for pattern in (_AUTHORS[0], _FAREWELL, *_AUTHORS[1:]):
        for sample in (tail, text[:6000]):
            for match in pattern.finditer(sample):
                if _OTHERS.search(sample[max(0, match.start() - 14) : match.start()]):
                    continue
                name = " ".join(match[1].split()).strip(" ,.;:")
                words = name.split()
                if (
                    2 <= len(words) <= 8
                    and not _PLACE.search(folded(name))
                    and all(word[0].isupper() or word in _SMALL for word in words)
                ):
                    return name[:200]
    return ""


def patient(text: str, *, day_first: bool = False) -> Named:
    """The patient that the head of the paper names, by label. A name alone after "Re" or "Name" counts only beside a birth date."""
    births = [(m.end(), day) for m in _BIRTH.finditer(text) if (day := _day_at(text, m.end(), day_first))]
    best = Named("", "")
    for match in _NAME.finditer(text):
        name = _STOP.sub("", match["name"]).strip(" ,.;:\n\t")
        if len(re.findall(r"[^\W\d_]{2,}", name)) < 2 or _PLACE.search(folded(name)):
            continue
        near = [(place - match.end("name"), day) for place, day in births if -80 < place - match.end("name") < NEAR]
        birth = min(near, key=lambda one: (one[0] < 0, abs(one[0])), default=(0, None))[
            1
        ]  # the one that follows the name first
        if birth is not None:
            return Named(" ".join(name.split())[:200], birth.strftime("%Y%m%d"))
        clear = folded(match["label"]).startswith(("patient", "paciente", "nombre del", "name of"))
        if clear and not best.name and match.start() < HEAD:
            best = Named(" ".join(name.split())[:200], "")
    if not best.name and len({day for _place, day in births}) == 1:
        return Named("", births[0][1].strftime("%Y%m%d"))
    return best


def _day_at(text: str, place: int, day_first: bool) -> date | None:
    return next(
        (day for start, day in sorted(dates_in(folded(text[place : place + 24]), day_first)) if start < 4), None
    )


def judged(named: Named, person: Person) -> Verdict | None:
    """Whose paper it is. OTHER only when both the name and the birth date are there and both are another's: words of a letter are weaker
    than a header, and a doctor's or a relative's name must never set a patient's letter aside. None when it names nobody."""
    if not named.name and not named.birth:
        return None
    name = same_name(named.name, person.names) if named.name else Verdict.UNKNOWN
    birth = same_birth(named.birth, person.birth_date) if named.birth else Verdict.UNKNOWN
    if name is Verdict.OTHER and birth is Verdict.OTHER:
        return Verdict.OTHER
    if Verdict.OTHER in (name, birth):
        return Verdict.UNKNOWN
    return Verdict.SAME if Verdict.SAME in (name, birth) else Verdict.UNKNOWN
