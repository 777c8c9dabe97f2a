"""The demo's stories hang together: each has records and words of its own, and its specialist answers what was asked."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pydicom import dcmread

from cases.models import Case, Report
from cases.states import Phase
from portal.accounts.models import User
from portal.catalogue import loader
from portal.core.states import Role
from portal.pages.demo import people
from portal.pages.demo.charts import CHARTS
from portal.pages.demo.opinions import OPINIONS
from portal.pages.demo.stories import STORIES, Story
from portal.pages.demo.synthetic import Examination, Person, ct_series, mammogram
from tests.factories.catalogue import published_catalogue

TOLD = [one for one in STORIES if one.records]
READ = [one for one in STORIES if one.phase in {Phase.IN_REVIEW, Phase.RELEASE, Phase.DELIVERED, Phase.CLOSED}]


def key(story: Story) -> str:
    return story.key


@pytest.mark.parametrize("story", TOLD, ids=key)
def test_a_story_with_records_has_a_chart_with_images_or_a_reason_to_ask_for_them(story: Story) -> None:
    chart = CHARTS[story.key]
    folders = {
        folder
        for make in chart.records[:1]
        for folder, _, _ in make(Person("X^Y", "DEMO", story.born), date(2026, 3, 1))
    }
    assert folders - {""} or story.asked, "images first, or the desk asks for them"
    assert 1 <= len(chart.questions) <= 5


@pytest.mark.parametrize("story", READ, ids=key)
def test_a_specialist_answers_each_question_from_a_cited_record(story: Story) -> None:
    opinion = OPINIONS[story.key]
    finished = story.phase != Phase.IN_REVIEW
    values = opinion.values(finished=finished)
    if finished:
        assert len(opinion.answers) == len(CHARTS[story.key].questions)
        assert any(re.match(r"(US|CT|MG)\b", place) for place in opinion.cites.values()), "a key image"
        assert {"plain", "limits", "treatment.opinion", "certainty", "urgency.when"} <= values.keys()
    else:
        assert "plain" not in values and "diagnosis.opinion" in values


def test_the_case_of_an_aorta_is_seen_on_ct_and_the_aorta_is_as_wide_as_its_report_says() -> None:
    images = ct_series(9, 128, Examination(description="CTA"), nodule=False, aorta_mm=52)
    shown = dcmread(BytesIO(images[3]))
    row = shown.pixel_array[round(128 * (1 - 0.14) / 2)].astype(int) - 1024
    assert abs(((row > 315) & (row < 380)).sum() * float(shown.PixelSpacing[1]) - 52) < 10


def test_a_mammogram_names_its_side_and_view() -> None:
    shown = dcmread(BytesIO(mammogram("R", "MLO", examination=Examination(), number=2, mass=True)))
    assert (shown.Modality, shown.ImageLaterality, shown.ViewPosition) == ("MG", "R", "MLO")


def test_every_story_names_a_condition_of_its_specialty() -> None:
    edition = loader.shipped()
    for story in STORIES:
        assert edition.condition(story.specialty, story.condition)


def test_every_phase_and_every_specialty_has_a_story() -> None:
    assert {story.phase for story in STORIES} == set(Phase)
    assert {story.specialty for story in STORIES} == {one.key for one in loader.shipped().specialties}


@pytest.mark.django_db
def test_the_demo_tells_its_stories_once_through_the_portals_own_actions(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_catalogue()
    told = [story for story in STORIES if story.key in {"heart-draft", "brain", "copd", "lymphoma", "weak-heart"}]
    monkeypatch.setattr("portal.management.commands.demo.STORIES", told)
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO is off"):
        call_command("demo")
    settings.DEMO = True
    for _ in range(2):
        said = StringIO()
        call_command("demo", stdout=said)
        for role, key, _name in people.SIGN_INS:
            assert f"{Role(role).label:<14} {key}@{people.DOMAIN}" in said.getvalue()
            person = User.objects.get(email=f"{key}@{people.DOMAIN}")
            assert person.is_demo and person.check_password(people.PASSWORD)
        reached = sorted(Case.objects.values_list("title", "phase"))
        assert reached == sorted((story.title, story.phase) for story in told)
    report = Report.objects.get()
    assert report.released_at and report.pdf_object_id
