"""The ranking: properties that hold for everyone, and the reasons that the coordinator reads."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.states import Phase
from specialists.queries import matching as queries
from specialists.rules.matching import HIGHEST, Held, Person, Wanted, is_away, licensed, rank, score, why_not
from tests.factories.cases import make_case
from tests.factories.specialists import make_specialist

TODAY = date(2026, 3, 12)
WANTED = Wanted(
    specialties=("cardiology", "pulmonology"),
    condition="valve",
    sub_specialties=("valve", "surgery"),
    language="es",
    country="US",
    state="MA",
    licence_needed=True,
    today=TODAY,
    names={"cardiology": "Cardiology", "valve": "Valve disease", "es": "Spanish", "MA": "Massachusetts"},
)
days = st.none() | st.dates(TODAY - timedelta(days=40), TODAY + timedelta(days=40))
licences = st.builds(
    Held, country=st.sampled_from(["US", "CA"]), state=st.sampled_from(["", "MA", "NY"]), valid_until=days
)
people = st.builds(
    Person,
    id=st.builds(uuid4),
    name=st.sampled_from(["Dr Ada Sample", "Dr Bo Sample", "Dr Cy Sample"]),
    specialties=st.lists(st.sampled_from(["cardiology", "pulmonology", "oncology"]), unique=True),
    sub_specialties=st.lists(st.sampled_from(["valve", "surgery", "rhythm"]), unique=True),
    conditions=st.lists(st.sampled_from(["valve", "coronary"]), unique=True),
    languages=st.lists(st.sampled_from(["en", "es"]), unique=True),
    licences=st.lists(licences, max_size=3),
    open_cases=st.integers(0, 5),
    capacity=st.integers(0, 5),
    away_from=days,
    away_until=days,
    active=st.booleans(),
    has_live=st.booleans(),
    conflicted=st.booleans(),
    declined=st.booleans(),
)


def fit(**changed: object) -> Person:
    return Person(
        **{
            "id": uuid4(),
            "name": "Dr Ada Sample",
            "specialties": ["cardiology"],
            "sub_specialties": ["valve"],
            "conditions": ["valve"],
            "languages": ["es"],
            "licences": [Held(country="US", state="MA")],
            **changed,
        }  # type: ignore[arg-type]
    )


@given(st.lists(people, max_size=8))
def test_rank_keeps_everyone_and_puts_the_excluded_last(found: list[Person]) -> None:
    ranked = rank(found, WANTED)
    assert {one.person.id for one in ranked} == {one.id for one in found}
    assert [bool(one.excluded) for one in ranked] == sorted(bool(one.excluded) for one in ranked)
    able = [one.score for one in ranked if not one.excluded]
    assert able == sorted(able, reverse=True)
    assert all(0 <= one.score <= HIGHEST for one in ranked)


@given(people)
def test_nobody_unfit_can_be_offered_the_case(person: Person) -> None:
    one = rank([person], WANTED)[0]
    unfit = (
        not person.active
        or person.has_live
        or person.conflicted
        or not set(person.specialties) & set(WANTED.specialties)
        or not licensed(person, WANTED)
    )
    assert one.refused == unfit
    assert bool(one.excluded) == (
        unfit or is_away(person, TODAY) or person.open_cases >= person.capacity or person.declined
    )


@given(people)
def test_more_open_cases_never_raise_the_score(person: Person) -> None:
    from dataclasses import replace

    busier = replace(person, open_cases=person.open_cases + 1)
    assert score(busier, WANTED)[0] <= score(person, WANTED)[0]


def test_best_fit_has_every_point_and_says_why() -> None:
    points, reasons = score(fit(), WANTED)
    assert points == HIGHEST
    assert [one.text for one in reasons] == [
        "Cardiology",
        "Often reviews Valve disease",
        "Licensed in Massachusetts",
        "Reads Spanish",
        "0 of 3 cases open",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"languages": ["en"]}, "Does not read Spanish"),
        ({"licences": [Held(country="US", state="NY")]}, "No valid licence in Massachusetts"),
        (
            {"licences": [Held(country="US", state="MA", valid_until=TODAY - timedelta(days=1))]},
            "No valid licence in Massachusetts",
        ),
        ({"open_cases": 3}, "Full: 3 of 3 cases open"),
        ({"away_from": TODAY, "away_until": TODAY + timedelta(days=3)}, "Away until 15 Mar"),
        ({"conflicted": True}, "Declared a conflict of interest in this case"),
    ],
)
def test_reasons_against_are_said(changed: dict[str, object], words: str) -> None:
    person = fit(**changed)
    texts = [one.text for one in (*score(person, WANTED)[1], *why_not(person, WANTED)) if not one.speaks_for]
    assert words in texts


def test_licence_of_today_still_counts_and_one_of_the_whole_country_too() -> None:
    assert licensed(fit(licences=[Held(country="US", state="MA", valid_until=TODAY)]), WANTED)
    assert licensed(fit(licences=[Held(country="US")]), WANTED)


@pytest.mark.django_db
def test_rank_reads_people_in_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    make_specialist()
    queries.rank(case)
    with django_assert_num_queries(4):
        assert len(queries.rank(case)) == 1
    make_specialist()
    make_specialist(specialties=["oncology"])
    with django_assert_num_queries(4):
        ranked = queries.rank(case)
    assert [bool(one.excluded) for one in ranked] == [False, False, True]
