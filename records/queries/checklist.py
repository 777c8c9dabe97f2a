"""The checklist of a case: what is needed, and what of it is here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cases.models import Case, IntakeSection
from cases.queries.edition import edition_of
from portal.catalogue.parts import Images, Item, Need, RequiredItem
from portal.catalogue.types import UnknownKey
from records.models import ChecklistItem, Document, Instance, Page, Series, Study
from records.rules.documents import READ
from records.rules.matching import DocumentFacts, SeriesFacts, StudyFacts, text_of
from records.rules.words import folded
from records.states import ItemState, RecordState

DONE = frozenset({ItemState.SATISFIED, ItemState.WAIVED, ItemState.NOT_DONE})
"""States in which nothing more is asked for."""


@dataclass(frozen=True)
class ItemView:
    """One line of the checklist, for patients and staff. `state` is an ItemState."""

    key: str
    item: Item
    need: Need
    images: Images
    max_age: int | None
    notes: tuple[str, ...]
    alternatives: tuple[Item, ...]
    state: ItemState
    reason: str
    by_person: bool
    studies: tuple[str, ...]
    documents: tuple[str, ...]

    @property
    def required(self) -> bool:
        return self.need is Need.REQUIRED

    @property
    def if_done(self) -> bool:
        return self.need is Need.IF_DONE

    @property
    def done(self) -> bool:
        return self.state in DONE

    @property
    def wants_images(self) -> bool:
        return self.images is Images.REQUIRED

    @property
    def only_asked(self) -> bool:
        """Nothing to upload: an answer in the intake is what is needed."""
        return bool(self.item.answered_by) and not self.item.documents and not self.item.images

    @property
    def tone(self) -> str:
        """Colour of its tag."""
        if self.state is ItemState.SATISFIED:
            return "green"
        if self.state is ItemState.WRONG_PERSON:
            return "red"
        if self.state in (ItemState.PROBABLE, ItemState.CANNOT_GET):
            return "purple"
        if self.state in (ItemState.TOO_OLD, ItemState.INCOMPLETE, ItemState.REPORT_ONLY, ItemState.IMAGES_ONLY):
            return "orange"
        return "grey" if self.done or not self.required else "blue"

    @property
    def label(self) -> str:
        return str(self.state.label)


def answers_of(case: Case) -> dict[str, Any]:
    """All answers of the intake by key, as the catalogue's conditions read them."""
    found: dict[str, Any] = {}
    for section in IntakeSection.objects.filter(case=case).order_by("key"):
        found |= {key: _answer(value) for key, value in (section.answers or {}).items()}
    if case.reason:
        found.setdefault("reasons", [case.reason])
    return found


def _answer(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return [str(one) for one in value]
    return str(value)


def required(case: Case) -> list[RequiredItem]:
    """What the case's catalogue asks for, strongest first; nothing before a specialty is chosen."""
    if not case.specialties:
        return []
    edition = edition_of(case)
    answers = answers_of(case)
    try:
        found = edition.checklist(case.specialties, [case.condition] if case.condition else [], answers)
    except UnknownKey:  # a condition in the patient's own words: the specialty's list holds
        found = edition.checklist(case.specialties, [], answers)
    return found


def checklist(case: Case) -> list[ItemView]:
    """The checklist as it stands; required first. Three queries, however long it is."""
    rows = {row.key: row for row in ChecklistItem.objects.filter(case=case)}
    return [_view(one, rows.get(one.item.key)) for one in required(case)]


def _view(one: RequiredItem, row: ChecklistItem | None) -> ItemView:
    return ItemView(
        key=one.item.key,
        item=one.item,
        need=one.need,
        images=one.images,
        max_age=one.max_age,
        notes=one.notes,
        alternatives=one.alternatives,
        state=ItemState(row.state) if row else ItemState.MISSING,
        reason=row.reason if row else "",
        by_person=bool(row and row.by_person),
        studies=tuple(row.studies) if row else (),
        documents=tuple(row.documents) if row else (),
    )


def counts(items: list[ItemView]) -> tuple[int, int]:
    """(needed, satisfied) over the required items."""
    needed = [one for one in items if one.required]
    return len(needed), sum(1 for one in needed if one.done)


# -- what the rules look at ------------------------------------------------------------------------------------------


def facts(case: Case, *, set_aside: bool = False) -> tuple[list[StudyFacts], list[DocumentFacts]]:
    """The case's readable records as the matching rules know them; or those that were set aside as another person's.

    Six queries, however many images there are.
    """
    wanted = {"case": case, "state": RecordState.QUARANTINED if set_aside else RecordState.READY}
    studies = list(Study.objects.filter(**wanted).order_by("created_at", "pk"))
    by_study: dict[UUID, list[SeriesFacts]] = defaultdict(list)
    series = list(Series.objects.filter(study__in=studies, instance_count__gt=0).order_by("number", "uid"))
    classes: dict[UUID, set[str]] = defaultdict(set)
    pictures: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    rows = Instance.objects.filter(series__in=series).order_by("number", "uid")
    for pk, series_id, sop_class, frames in rows.values_list("pk", "series_id", "sop_class", "frames"):
        classes[series_id].add(sop_class)
        pictures[series_id].append((pk, frames))
    samples = Instance.objects.in_bulk(_samples(pictures))
    for one in series:
        shown = [samples[pk].metadata for pk, _ in pictures[one.pk] if pk in samples]
        by_study[one.study_id].append(_series_facts(one, classes[one.pk], [n for _, n in pictures[one.pk]], shown))
    return (
        [
            StudyFacts(str(study.pk), study.date, text_of(study.description), tuple(by_study[study.pk]))
            for study in studies
        ],
        documents(case, set_aside=set_aside),
    )


def _samples(pictures: dict[UUID, list[tuple[UUID, int]]]) -> list[UUID]:
    """The middle instance of each series; all of a short one (each mammogram is a view of its own)."""
    chosen: list[UUID] = []
    for rows in pictures.values():
        chosen += [pk for pk, _ in rows] if len(rows) <= 8 else [rows[len(rows) // 2][0]]
    return chosen


def _value(metadata: dict[str, Any], tag: str) -> list[Any]:
    return [one for one in metadata.get(tag, {}).get("Value", []) if one is not None]


def _series_facts(series: Series, classes: set[str], frames: list[int], samples: list[dict[str, Any]]) -> SeriesFacts:
    texts = [series.description, series.body_part]
    types: list[str] = []
    thickness: list[float] = []
    views: set[tuple[str, str]] = set()
    corrections: set[str] = set()
    for metadata in samples:
        corrections |= {str(one).upper() for one in _value(metadata, "00280051")}
        for tag in ("00181030", "00321060", "00081030", "00540220"):
            texts += [str(one) for one in _value(metadata, tag) if isinstance(one, str)]
        for tag in ("00081032", "00082218"):
            for code in _value(metadata, tag):
                texts += [str(one) for one in _value(code, "00080104")]
        types += [str(one).upper() for one in _value(metadata, "00080008")]
        thickness += [float(one) for one in _value(metadata, "00180050") if isinstance(one, int | float)]
        side = next(iter([*_value(metadata, "00200062"), *_value(metadata, "00200060")]), series.laterality)
        views |= {(str(view).upper(), str(side).upper()[:1]) for view in _value(metadata, "00185101")}
    return SeriesFacts(
        modality=series.modality,
        words=text_of(*texts),
        sop_classes=frozenset(classes),
        frames=sum(frames),
        multi_frame=any(n > 1 for n in frames),
        thickness=min(thickness, default=None),
        scout="LOCALIZER" in types or "SCOUT" in types,
        views=frozenset(views),
        attenuation_corrected="ATTN" in corrections if corrections else None,
    )


def documents(case: Case, *, set_aside: bool = False) -> list[DocumentFacts]:
    """Readable papers with the beginning of their text, folded."""
    state = RecordState.QUARANTINED if set_aside else RecordState.READY
    rows = list(Document.objects.filter(case=case, state=state).order_by("created_at", "pk"))
    texts: dict[UUID, str] = defaultdict(str)
    pages = Page.objects.filter(document__in=rows, number__lte=5).order_by("number")
    for document_id, text in pages.values_list("document_id", "text"):
        if len(texts[document_id]) < READ * 2:
            texts[document_id] += text[:READ] + "\n"
    return [
        DocumentFacts(
            str(row.pk), row.klass, row.klass_confidence or 0.0, row.date, folded(f"{row.title} {texts[row.pk]}")
        )
        for row in rows
    ]
