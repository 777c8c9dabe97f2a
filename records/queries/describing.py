"""What a paper is: class, day, author, institution, language and whom it names, from its words, its codes and earlier corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cases.models import Case, Patient
from portal.catalogue import queries as catalogue
from portal.catalogue.types import Edition
from portal.core.compiled import first_of
from records.models import Correction, Document, File, HealthFact, Page
from records.rules import documents, learning, papers
from records.rules.identity import Person, whose
from records.rules.language import language
from records.states import CorrectedField, KlassSource

DAY_FIRST_NOT = ("US", "")
"""Countries whose dates begin with the month."""


def person_of(case: Case) -> Person:
    """The patient as records may name them."""
    patient = _patient(case)
    names = f"{patient.given_name} {patient.family_name} {patient.other_names}"
    return Person(names, patient.birth_date, patient.sex)


def _patient(case: Case) -> Patient:
    """Asked for each request of a push, so planned once."""
    if Case.patient.is_cached(case):
        return case.patient
    stand_in = UUID(int=1)
    found: Patient | None = first_of(
        "patient", {"pk": stand_in}, {"pk": case.patient_id}, lambda: Patient.objects.filter(pk=stand_in).order_by()
    )
    return found or case.patient


def describe(
    case: Case, *, title: str, name: str, texts: Sequence[str], about: Mapping[str, Any], taken: date | None = None
) -> dict[str, Any]:
    """Columns of a Document as the rules find them; what a person corrected is laid over them by the caller."""
    text = "\n".join(texts)
    edition = catalogue.edition(case.catalogue_id)
    institution = str(about.get("institution") or "") or papers.institution(text)
    klass, confidence, source = classified(case, edition, title, name, texts, about, institution)
    day_first = str(case.patient.country) not in DAY_FIRST_NOT
    written = _whole(str(about.get("date") or ""))
    found = documents.service_date(text, today=timezone.localdate(), birth=case.patient.birth_date, day_first=day_first)
    return {
        "klass": klass,
        "klass_confidence": confidence,
        "source": source,
        "date": written or (None if about.get("date") else found) or taken,
        "author": (str(about.get("author") or "") or papers.author(text))[:200],
        "institution": institution[:200],
        "language": str(about.get("language") or "") or language(text),
        **named(case, text, about, day_first=day_first),
    }


def named(case: Case, text: str, about: Mapping[str, Any], *, day_first: bool) -> dict[str, Any]:
    """The patient that the paper names, and the verdict. A structured record names its patient as clearly as a DICOM header."""
    who = dict(about.get("who") or {})
    person = person_of(case)
    if who.get("name") or who.get("birth"):
        name, birth, sex = (str(who.get(part) or "") for part in ("name", "birth", "sex"))
        verdict = whose(record_name=name, record_birth=birth, person=person, record_sex=sex)
        return {"named": who, "identity": str(verdict)}
    found = papers.patient(text, day_first=day_first)
    judged = papers.judged(found, person)
    return {"named": asdict(found) if judged else {}, "identity": str(judged or "")}


def classified(
    case: Case,
    edition: Edition,
    title: str,
    name: str,
    texts: Sequence[str],
    about: Mapping[str, Any],
    institution: str,
) -> tuple[str, float, str]:
    """(class, confidence, what told it): a code inside first, then what was learned, then the words."""
    coded = documents.by_code(edition.documents, str(about.get("loinc") or ""), str(about.get("klass") or ""), title)
    if coded:
        return coded, 0.95, KlassSource.CODE
    told = (
        [] if about.get("loinc") or about.get("klass") else texts
    )  # a record whose own code is none of ours: by its title alone
    klass, sure = documents.classify(told, f"{title} {name}", edition.documents, edition.not_result)
    row = learning.likeness(title, texts[0] if texts else "", institution, person_of(case).names)
    taught, taught_sure = learning.learned(row, lessons())
    if (
        taught
        and any(one.key == taught for one in edition.documents)
        and (taught == klass or taught_sure >= min(sure, 0.75))
    ):
        return taught, max(taught_sure, sure if taught == klass else 0.0), KlassSource.LEARNED
    return klass, sure, KlassSource.WORDS


PHOTO_PIXELS = 1000
"""A picture whose shorter side has so many is a photo or a scan; icons and splash screens of programs have fewer."""


def speaking_for_themselves(files: QuerySet[File]) -> set[UUID]:
    """Those of these files that show themselves to be records, wherever they lie: a person said what they are, they name somebody, say
    what kind they are, hold values, or are pictures as large as a scan."""
    of_paper = {"document": OuterRef("pk")}
    sure = Q(klass_confidence__gte=documents.SURE)
    probable = Q(klass_confidence__gte=documents.PROBABLE) & ~Q(file__kind="text")
    found = Document.objects.filter(file__in=files).filter(
        ~Q(named={})
        | (sure | probable) & ~Q(klass__in=["", "other"])
        | Exists(Correction.objects.filter(**of_paper))
        | Exists(HealthFact.objects.filter(**of_paper))
        | Q(file__kind="image")
        & Exists(Page.objects.filter(width__gte=PHOTO_PIXELS, height__gte=PHOTO_PIXELS, **of_paper))
    )
    return set(found.values_list("file_id", flat=True))


def lessons() -> list[learning.Lesson]:
    """What people said other papers are: the newest word on each paper."""
    rows = Correction.objects.filter(field=CorrectedField.KLASS).order_by("-at", "-id")
    newest: dict[Any, learning.Lesson] = {}
    for document, row, klass in rows.values_list("document_id", "likeness", "value")[: learning.LESSONS]:
        if document not in newest and row:
            newest[document] = learning.lesson(row, klass)
    return list(newest.values())


def corrections(document: Document) -> dict[str, Correction]:
    """The newest correction of each field."""
    rows = Correction.objects.filter(document=document).select_related("by").order_by("at", "id")
    return {row.field: row for row in rows}


def _whole(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
