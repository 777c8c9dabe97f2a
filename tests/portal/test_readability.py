"""The reading grade of a page, by the published formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.readability import read, sentences, syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("heart", 1), ("make", 1), ("scale", 1), ("table", 2), ("needed", 2), ("asked", 1), ("changes", 2), ("goes", 1),
        ("area", 3), ("idea", 3), ("being", 2), ("operation", 4), ("emergency", 4), ("biopsies", 3), ("CT", 2),
        ("doctor's", 2), ("well-known", 2), ("Émile", 2),
    ],
)  # fmt: skip
def test_syllables_counts_as_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


def test_grade_follows_flesch_and_kincaids_formula() -> None:
    # 6 words, 1 sentence, 6 syllables: 0.39 × 6 + 11.8 × 1 − 15.59 is below 0.
    assert read("The cat sat on the mat.").grade == 0.0
    # 10 words, 1 sentence, 20 syllables: 3.9 + 23.6 − 15.59 = 11.91
    assert read("Doctor water table little needed seven paper water doctor table.").grade == 11.9


def test_grade_leaves_explained_words_out() -> None:
    text = "You have cardiomyopathy. We call it that in our clinic."
    assert read(text, {"Cardiomyopathy"}).grade < read(text).grade


def test_read_names_long_sentences_and_hard_words() -> None:
    reading = read("One " + "word " * 20 + "ends. Short and cardiological.")
    assert len(reading.long_sentences) == 1
    assert reading.hard_words == ("cardiological",)
    assert not reading.easy


def test_twenty_words_are_not_too_long() -> None:
    assert read("go " * 20).long_sentences == ()
    assert len(read("go " * 21).long_sentences) == 1


def test_sentences_end_at_points_and_lines_but_not_inside_numbers_or_titles() -> None:
    assert sentences("Dr. Ada Sample saw 1.5 cm. It grew!\nA heading\n- A point") == [
        "Dr Ada Sample saw 1.5 cm", "It grew", "A heading", "- A point",
    ]  # fmt: skip


@pytest.mark.parametrize("empty", ["", "   ", "1 2 3", "…"])
def test_text_without_words_has_grade_zero(empty: str) -> None:
    assert read(empty).grade == 0.0


@given(st.text(max_size=300))
def test_any_text_has_a_grade(text: str) -> None:
    assert read(text).grade >= 0.0
