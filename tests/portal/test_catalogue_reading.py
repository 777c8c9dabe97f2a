"""What patients read is easy to read: grade 6 or lower on each page, no sentence of more than 20 words."""

from __future__ import annotations

from collections.abc import Iterator

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


def test_every_patient_page_is_grade_6_or_lower_with_short_sentences() -> None:
    edition = loader.shipped()
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
