"""What patients read is easy to read: grade 6 or lower on each page, no sentence of more than 20 words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from portal.catalogue import loader
from portal.catalogue.types import Edition
from portal.core.readability import TARGET_GRADE, read


def pages(edition: Edition) -> Iterator[tuple[str, list[str]]]:
    """Each text that a patient sees at once, by name."""
    for one in edition.specialties:
        yield f"specialty {one.key}", [one.patient, one.sentence, one.evidence.words, one.evidence.if_no]
        yield f"conditions of {one.key}", [condition.patient for condition in one.conditions]
        yield f"questions of {one.key}", list(edition.questions(one.key))
        yield f"red flags of {one.key}", [t for flag in edition.red_flags(one.key) for t in (flag.words, flag.advice)]
        asks = edition.asks([one.key], [condition.key for condition in one.conditions])
        yield f"asks of {one.key}", [t for a in asks for t in (a.words, a.help, *(o.words for o in a.options))]
        notes = [line.note for c in one.conditions for line in (*one.checklist, *c.checklist)]
        yield f"notes of {one.key}", notes
    for item in edition.items:
        yield f"item {item.key}", [item.patient, item.what, item.where, item.how]
    for reason in edition.reasons:
        yield f"reason {reason.key}", [reason.words, *(t for a in reason.follow for t in (a.words, a.help))]
    yield "red flags", [flag.words for flag in edition.red_flags()]
    yield "red flag messages", [str(text) for text in vars(edition.red_flag_messages).values()]
    for question in edition.eligibility:
        texts = [text for answer in question.answers for text in (answer.words, answer.message)]
        yield f"eligibility {question.key}", [question.words, question.help, *texts]
    yield "not covered", [text for one in edition.not_covered for text in (one.words, one.turn_to)]
    for screen in edition.consents():
        yield f"consent {screen.key}", [screen.title, *screen.paragraphs, screen.agree]
    for text in edition.canned_texts:
        yield f"canned {text.key}", [text.text]
    yield "levels", [level.patient for level in edition.levels]
    yield "glossary", [term.means for term in edition.terms]
    yield "documents", [document.patient for document in edition.documents]
    for letter in edition.letters:
        yield f"letter {letter.key}", [letter.subject, *letter.paragraphs, *letter.notices]


@pytest.mark.parametrize("other", [False, True])
def test_every_patient_page_is_grade_6_or_lower_with_short_sentences(other: bool) -> None:
    edition = loader.build(loader.read_folder(), other=other)
    hard = {}
    for name, texts in pages(edition):
        reading = read("\n".join(texts), edition.explained_words)
        if reading.grade > TARGET_GRADE or reading.long_sentences:
            hard[name] = (reading.grade, reading.long_sentences, reading.hard_words[:8])
    assert hard == {}


def test_patient_texts_use_no_abbreviation_that_the_glossary_does_not_explain() -> None:
    edition = loader.shipped()
    asked = {word for name, texts in pages(edition) if name.startswith("consent") for t in texts for word in t.split()}
    assert {word for word in asked if word.isupper() and len(word.strip(".,")) > 1} <= edition.explained_words


SPOKEN_TO = re.compile(
    r"\byour (?:own )?(?:chest|heart|lungs?|body|legs?|face|neck|family|blood|health|doctor|scan|cancer)\b|\bmy (?!mother)|"
    r"\b(?:do|did|are) you (?:have (?!the pictures)|feel|smoke|take|cough|need|get|bleeding|thinking|allergic)|"
    r"\byou (?:weigh|sit|take|had)\b|\bI (?:walk|stop|never|used|smoke|care|can walk|do all|have none)\b",
    re.IGNORECASE,
)
"""What speaks to the patient about the patient's body, records or care."""
ALSO_THE_HELPERS = ("reason", "not covered", "canned", "levels", "letter", "eligibility adult", "eligibility acting")
"""Pages that are read by whoever asks, about what they do themselves, or that a person of the desk rewrites first."""


def test_who_asks_for_somebody_else_is_never_spoken_to_as_the_patient() -> None:
    """Every text that says "your chest" has a second form, or says it in a way that suits both."""
    edition = loader.build(loader.read_folder(), other=True)
    found = {
        name: [text for text in texts if SPOKEN_TO.search(text)]
        for name, texts in pages(edition)
        if not name.startswith(ALSO_THE_HELPERS)
    }
    assert {name: texts for name, texts in found.items() if texts} == {}
