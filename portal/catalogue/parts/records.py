"""The records of a checklist: how the portal tells that one has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal.catalogue.parts.kinds import ImageCheck, Images, Key, Loinc, Need, Problems, Words
from portal.catalogue.reading import Matching, Number


@dataclass(frozen=True, kw_only=True)
class NeededCheck:
    """What the images must be, and the words for what is wrong when they are not."""

    check: ImageCheck
    otherwise: Words
    max_mm: Annotated[float, Number(0.1, 20)] | None = None


@dataclass(frozen=True, kw_only=True)
class ImageRule:
    """Which DICOM studies satisfy the image half. Look at SOP class, then modality, then the words.

    The words are lower case with accents folded, and are searched in the study and series descriptions, protocol,
    body part, procedure and anatomy codes. Modality without a word = "probable"; a word of `contrary` = no.
    """

    modalities: tuple[Annotated[str, Matching(r"[A-Z]{2,16}", "must be a DICOM modality such as CT")], ...] = ()
    sop_classes: tuple[Annotated[str, Matching(r"[0-9.]+", "must be a DICOM SOP class UID")], ...] = ()
    words: tuple[Words, ...] = ()
    contrary: tuple[Words, ...] = ()
    needs: tuple[NeededCheck, ...] = ()

    def problems(self) -> Problems:
        if not self.modalities and not self.sop_classes:
            yield "modalities", "must name a modality, or sop_classes must name a class"


@dataclass(frozen=True, kw_only=True)
class WordList:
    """Beginnings of words in the text of a document, lower case with accents folded, by language."""

    LANGUAGES: ClassVar[tuple[str, ...]] = ("en", "es", "de", "fr", "it", "pt", "nl")

    en: tuple[Words, ...] = ()
    es: tuple[Words, ...] = ()
    de: tuple[Words, ...] = ()
    fr: tuple[Words, ...] = ()
    it: tuple[Words, ...] = ()
    pt: tuple[Words, ...] = ()
    nl: tuple[Words, ...] = ()

    @property
    def every(self) -> tuple[Words, ...]:
        """The words of all languages, each once: a paper does not say which one it is in."""
        return tuple(dict.fromkeys(word for language in self.LANGUAGES for word in getattr(self, language)))

    def problems(self) -> Problems:
        for language in self.LANGUAGES:
            for n, word in enumerate(getattr(self, language)):
                if word != word.lower() or not word.isascii():
                    yield f"{language}[{n}]", "must be in small letters without accents"


@dataclass(frozen=True, kw_only=True)
class DocumentClass:
    """A kind of document: how it is called, which LOINC codes mean it and which words give it away."""

    key: Key
    name: Words
    patient: Words
    loinc: tuple[Loinc, ...] = ()
    words: WordList = WordList()
    contrary: WordList = WordList()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One kind of record on a checklist.

    `covers` names items that this one satisfies as well (a thin-slice chest CT is a chest CT).
    `answered_by` names the question whose answer satisfies it without any upload. A report satisfies the report half
    only.
    """

    VOICES: ClassVar[tuple[str, ...]] = ("patient", "what", "where", "how")

    key: Key
    staff: Words
    patient: Words
    what: Words
    where: Words
    how: Words
    answered_by: Key | None = None
    images: tuple[ImageRule, ...] = ()
    documents: tuple[Key, ...] = ()
    words: WordList = WordList()
    loinc: tuple[Loinc, ...] = ()
    covers: tuple[Key, ...] = ()
    priors: bool = False
    courier: bool = False

    @property
    def asked(self) -> bool:
        """Whether the patient's own answer is enough, so that nobody has to upload it."""
        return self.answered_by is not None

    def problems(self) -> Problems:
        if not self.answered_by and not self.images and not self.documents and not self.courier:
            yield "documents", "must name a document class, or images a rule: nothing could satisfy this item"


@dataclass(frozen=True, kw_only=True)
class Code:
    """A laboratory test or measure by its LOINC codes, newest first. Match the code first, then the name."""

    key: Key
    name: Words
    loinc: tuple[Loinc, ...]
    confirm: bool = True


@dataclass(frozen=True, kw_only=True)
class RequiredItem:
    """One line of a case's checklist after the union: the strongest requirement of all that ask for the item."""

    item: Item
    need: Need
    images: Images
    max_age: int | None
    alternatives: tuple[Item, ...]
    because: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def required(self) -> bool:
        return self.need is Need.REQUIRED
