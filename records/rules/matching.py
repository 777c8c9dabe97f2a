"""Which file satisfies which item of the checklist (clinical-fields.md, section 5). Pure: facts in, states out.

Looked at in this order: SOP class, modality, then words. A report satisfies the report half only. Modality without a
word is "probable"; a contrary word is no. Scouts, dose reports, secondary captures and photos of a screen never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from portal.catalogue.parts import ImageCheck, ImageRule, Images, Item, NeededCheck, RequiredItem
from records.rules.documents import PROBABLE, SURE
from records.rules.words import folded, found
from records.states import ItemState

NOT_PICTURES = frozenset({"SC", "OT", "PR", "SR", "KO", "DOC", "REG", "RWV", "PLAN"})
NOT_PICTURE_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture, single and multi-frame: a photo of a screen
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, dose reports among them
    "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated documents
)
GATED = ("gated", "gating", "ecg", "ekg", "retro", "tavi", "tavr", "cardiac", "%", "multiphase")


@dataclass(frozen=True)
class SeriesFacts:
    """What matching knows of a series. `thickness` in mm; `scout`: a localizer; `views`: {("CC", "L"), …}."""

    modality: str
    words: str
    sop_classes: frozenset[str] = frozenset()
    frames: int = 1
    multi_frame: bool = False
    thickness: float | None = None
    scout: bool = False
    views: frozenset[tuple[str, str]] = frozenset()
    attenuation_corrected: bool | None = None
    """Of a PET series; None where its header does not say."""

    @property
    def usable(self) -> bool:
        """Whether it can count as pictures of its modality: no scout, no capture of a screen, no report in disguise."""
        captured = bool(self.sop_classes) and all(uid.startswith(NOT_PICTURE_CLASSES) for uid in self.sop_classes)
        return not self.scout and not captured and self.modality not in NOT_PICTURES

    @property
    def holds(self) -> bool:
        """Whether there is anything to look at. Radiation plans and contours are no pictures, and whole without."""
        return self.frames > 0 or self.modality.startswith("RT")


@dataclass(frozen=True)
class StudyFacts:
    id: str
    date: date | None
    words: str
    series: tuple[SeriesFacts, ...]


@dataclass(frozen=True)
class DocumentFacts:
    """`text` is folded; `klass` and `confidence` come from `documents.classify` or from a person (confidence 1)."""

    id: str
    klass: str
    confidence: float
    date: date | None
    text: str


class Fit(IntEnum):
    NO = 0
    OLD = 1
    PROBABLE = 2
    YES = 3


@dataclass
class Half:
    """How well the images, or the report, of an item are there."""

    fit: Fit = Fit.NO
    ids: list[str] = field(default_factory=list)
    reason: str = ""

    def add(self, fit: Fit, id_: str, reason: str = "") -> None:
        if fit > self.fit:
            self.fit, self.ids, self.reason = fit, [id_], reason
        elif fit is self.fit and fit is not Fit.NO and id_ not in self.ids:
            self.ids.append(id_)


@dataclass(frozen=True)
class Match:
    """The state of one item, what speaks for it, and what is wrong in the catalogue's words ("stills only")."""

    state: ItemState
    studies: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    reason: str = ""


RANK = {
    ItemState.MISSING: 0,
    ItemState.TOO_OLD: 1,
    ItemState.REPORT_ONLY: 2,
    ItemState.IMAGES_ONLY: 3,
    ItemState.INCOMPLETE: 4,
    ItemState.PROBABLE: 5,
    ItemState.SATISFIED: 6,
}
SAYS = (
    "impression",
    "conclusion",
    "diagnos",
    "finding",
    "result",
    "interpretation",
    "assessment",
    "summary",
    "impresion",
    "hallazgo",
    "resultado",
    "juicio clinico",
)
"""Words under which a paper says what was found. A number says it as well: a value."""


def months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, min(day.day, 28))


def aged(fit: Fit, day: date | None, max_age: int | None, today: date) -> Fit:
    """A record without a date cannot be shown to be young enough: a person is asked."""
    if max_age is None or fit is Fit.NO:
        return fit
    if day is None:
        return min(fit, Fit.PROBABLE)
    return Fit.OLD if day < months_before(today, max_age) else fit


def image_fit(rule: ImageRule, study: StudyFacts, others: Sequence[StudyFacts] = ()) -> tuple[Fit, str]:
    """How well one study meets one image rule."""
    if any(set(rule.sop_classes) & one.sop_classes for one in study.series):
        return Fit.YES, ""
    usable = [one for one in study.series if one.usable and one.modality in rule.modalities and one.holds]
    if not usable:
        return Fit.NO, ""
    whole = study.words
    named = [one for one in usable if not rule.words or found(rule.words, f"{whole} {one.words}")]
    contrary = [one for one in usable if found(rule.contrary, f"{whole} {one.words}")]
    if contrary and not [one for one in named if one not in contrary]:
        return Fit.NO, ""
    if not named:
        return Fit.PROBABLE, ""
    for need in rule.needs:
        if not meets(need, named, study, others):
            return Fit.PROBABLE, need.otherwise
    return Fit.YES, ""


def meets(need: NeededCheck, series: Sequence[SeriesFacts], study: StudyFacts, others: Sequence[StudyFacts]) -> bool:
    """Whether the images have a property that the item needs."""
    match need.check:
        case ImageCheck.MULTI_FRAME:
            return any(one.multi_frame for one in series)
        case ImageCheck.THIN_SLICE:
            return any(one.thickness is not None and one.thickness <= (need.max_mm or 1.5) for one in series)
        case ImageCheck.ECG_GATED:
            return any(found(GATED, f"{study.words} {one.words}") for one in series)
        case ImageCheck.CC_AND_MLO:
            views = {view for one in series for view in one.views}
            return {(view, side) for view in ("CC", "MLO") for side in ("L", "R")} <= views
        case ImageCheck.PET_WITH_CT:
            corrected = [one.attenuation_corrected for one in series if one.modality == "PT"]
            if corrected and all(one is False for one in corrected):
                return False
            return any(one.modality == "CT" and one.frames for one in study.series)
        case ImageCheck.T2_AND_DWI:
            text = " ".join(one.words for one in series)
            return bool(found(("t2",), text)) and bool(found(("dwi", "adc", "diff"), text))
        case ImageCheck.TWO_OR_MORE_DATES:
            return len({one.date for one in (study, *others) if one.date}) >= 2


def report_fit(item: Item, document: DocumentFacts) -> Fit:
    """How well one paper is the item's report: its class and, where the item has own words, one of them."""
    words = (*item.words.en, *item.words.es)
    spoken = bool(words) and bool(found(words, document.text))
    of_class = document.klass in item.documents
    if of_class and document.confidence >= 1.0:
        return Fit.YES  # a person said so
    if of_class and (spoken or not words):
        return Fit.YES if document.confidence >= SURE and tells(document) else Fit.PROBABLE
    if spoken and item.documents and document.confidence < SURE:
        return Fit.PROBABLE
    return Fit.NO


def tells(document: DocumentFacts) -> bool:
    """Whether a paper has a date of service and a value or a conclusion: a mere mention of a test is not its result."""
    return document.date is not None and bool(re.search(r"[0-9]", document.text) or found(SAYS, document.text))


def named_studies(items: Iterable[Item], studies: Sequence[StudyFacts]) -> frozenset[str]:
    """Studies whose words name one of these items: nobody needs to be asked whether they are another one."""
    rules = [rule for item in items for rule in item.images if rule.words]
    found_in: set[str] = set()
    for study in studies:
        others = [one for one in studies if one is not study]
        fits = (image_fit(rule, study, others) for rule in rules)
        if any(fit is Fit.YES or reason for fit, reason in fits):  # a reason: named, but something about it is missing
            found_in.add(study.id)
    return frozenset(found_in)


def halves(
    item: Item,
    studies: Sequence[StudyFacts],
    documents: Sequence[DocumentFacts],
    max_age: int | None,
    today: date,
    named: frozenset[str] = frozenset(),
) -> tuple[Half, Half]:
    images, report = Half(), Half()
    if item.priors:  # the newest one is the study itself, not an earlier one
        newest = max((one.date for one in studies if one.date), default=None)
        studies = [one for one in studies if one.date is not None and one.date != newest]
    for study in studies:
        others = [one for one in studies if one is not study]
        for rule in item.images:
            fit, reason = image_fit(rule, study, others)
            if fit is Fit.PROBABLE and not reason and study.id in named:
                continue
            images.add(aged(fit, study.date, max_age, today), study.id, reason)
    for document in documents:
        if document.confidence >= PROBABLE or (*item.words.en, *item.words.es):
            report.add(aged(report_fit(item, document), document.date, max_age, today), document.id)
    return images, report


def state_of(required: RequiredItem, item: Item, images: Half, report: Half) -> Match:
    """Put the halves together. Images that are only wanted never hold an item up."""
    has_report, has_images = bool(item.documents), bool(item.images)
    wants_images = required.images is Images.REQUIRED and has_images
    fits = [half.fit for half, counts in ((images, has_images), (report, has_report)) if counts]
    state = ItemState.MISSING
    if wants_images and has_report:
        if min(fits) is Fit.YES:
            state = ItemState.SATISFIED
        elif min(fits) is Fit.PROBABLE:
            state = unsure(images)
        elif images.fit >= Fit.PROBABLE:
            state = ItemState.IMAGES_ONLY
        elif report.fit >= Fit.PROBABLE:
            state = ItemState.REPORT_ONLY
        elif max(fits) is Fit.OLD:
            state = ItemState.TOO_OLD
    elif fits:
        key = images if wants_images or not has_report else report
        by_fit = {Fit.YES: ItemState.SATISFIED, Fit.PROBABLE: ItemState.PROBABLE, Fit.OLD: ItemState.TOO_OLD}
        state = by_fit.get(key.fit, ItemState.MISSING)
        if state is ItemState.PROBABLE and key is images:
            state = unsure(images)
        if state is ItemState.MISSING and key is report and images.fit >= Fit.PROBABLE:
            state = ItemState.IMAGES_ONLY if images.fit is Fit.YES else unsure(images)
    return Match(
        state,
        tuple(images.ids) if images.fit else (),
        tuple(report.ids) if report.fit else (),
        images.reason if images.fit is Fit.PROBABLE else "",
    )


def unsure(images: Half) -> ItemState:
    """Images that fit but for something named are incomplete; the rest is for a person to look at."""
    return ItemState.INCOMPLETE if images.fit is Fit.PROBABLE and images.reason else ItemState.PROBABLE


def match(
    required: RequiredItem,
    studies: Sequence[StudyFacts],
    documents: Sequence[DocumentFacts],
    *,
    today: date,
    named: frozenset[str] = frozenset(),
) -> Match:
    """The best that the case's records say for one item or one of its alternatives. `named`: see `named_studies`."""
    best = Match(ItemState.MISSING)
    for item in (required.item, *required.alternatives):
        here = state_of(required, item, *halves(item, studies, documents, required.max_age, today, named))
        if RANK[here.state] > RANK[best.state]:
            best = here
    return best


def text_of(*parts: str) -> str:
    """Header texts put together for word matching."""
    return folded(" ".join(part for part in parts if part))
