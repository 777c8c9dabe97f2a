"""Structured records: one table with its sources, offered to the patient and never taken silently."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, IntakeSection
from cases.states import Phase
from portal.core.access import Actor
from portal.core.workflow import Refused
from records.actions import health as actions
from records.models import Document, HealthFact
from records.queries.aside import set_aside
from records.queries.health import health
from records.rules.labs import Result, series
from tests.factories.health import bundle, ccda, observation, oru
from tests.factories.records import case, run_jobs, upload, user

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("health")]


def test_summary_of_a_portal_fills_the_answers_only_when_the_patient_says_so(client: Client) -> None:
    mine = case(phase=Phase.DRAFT)
    upload(mine, ccda(), "summary.xml")
    run_jobs()
    document = Document.objects.get(case=mine)
    assert (document.klass, document.source, str(document.date)) == ("summary", "code", "2025-07-01")
    assert (document.author, document.institution, document.language) == ("Dr Ada Sample", "Sample Hospital", "en")
    assert not IntakeSection.objects.filter(case=mine).exists()

    client.force_login(mine.opened_by)
    page = client.get(reverse("records:health", args=[mine.ref])).content.decode()
    for words in (
        "Lisinopril 10 MG Oral Tablet",
        "1 tablet, every day",
        "Penicillin V",
        "Hives",
        "Type 2 diabetes",
        "Appendectomy",
    ):
        assert words in page
    assert "<script>" not in page

    answer = client.post(reverse("records:take", args=[mine.ref]), {"all": "medicine"})
    assert answer.status_code == 302
    answers = IntakeSection.objects.get(case=mine, key="health").answers
    assert answers["medicines"].startswith(
        "Lisinopril 10 MG Oral Tablet, 1 tablet, every day (15 Jan 2020, from Sample portal summary"
    )
    assert "allergies" not in answers
    allergy = HealthFact.objects.get(case=mine, kind="allergy")
    client.post(reverse("records:take", args=[mine.ref]), {"fact": [str(allergy.pk)]})
    client.post(reverse("records:take", args=[mine.ref]), {"fact": [str(allergy.pk)]})
    answers = IntakeSection.objects.get(case=mine, key="health").answers
    assert answers["allergies"].count("Penicillin V") == 1 and "Hives" in answers["allergies"]
    allergy.refresh_from_db()
    assert allergy.taken_by == mine.opened_by and allergy.taken_at is not None
    assert "Penicillin V" in client.get(reverse("cases:section", args=[mine.ref, "health"])).content.decode()


def test_lines_are_added_below_what_the_patient_wrote_and_never_after_sending() -> None:
    mine = case(phase=Phase.DRAFT)
    IntakeSection.objects.create(
        case=mine, key="health", answers={"medicines": "Aspirin", "allergies": "None."}, revision=3
    )
    upload(mine, ccda(), "summary.xml")
    run_jobs()
    by = Actor.of(mine.opened_by)
    assert actions.take(case=mine, ids=[], kinds=["medicine", "allergy"], by=by) == (2, 0)
    section = IntakeSection.objects.get(case=mine, key="health")
    assert section.answers["medicines"].split("\n")[0] == "Aspirin" and section.revision == 4
    assert section.answers["allergies"].startswith("Penicillin V")
    assert actions.take(case=mine, ids=[], kinds=["medicine"], by=by) == (0, 0)
    sent = case(phase=Phase.COLLECTING)
    with pytest.raises(Refused, match="already_sent"):
        actions.take(case=sent, ids=[], kinds=["medicine"], by=Actor.of(sent.opened_by))


def test_results_of_three_kinds_of_records_come_into_one_chart_in_one_unit() -> None:
    mine = case()
    upload(mine, ccda(), "summary.xml")
    upload(
        mine, bundle(observation("2025-09-01", 97, "mg/dL"), observation("2025-10-01", 5.4, "mmol/L")), "portal.json"
    )
    upload(mine, oru("NM|2345-7^Glucose^LN||99|mg/dL|70-100||||F|||20251101"), "lab.hl7")
    run_jobs()
    found = health(mine)
    (plot,) = found.plots
    assert [(str(p.day), p.value) for p in plot.series.points] == [
        ("2025-01-10", 99.0), ("2025-06-12", 104.0), ("2025-09-01", 97.0), ("2025-11-01", 99.0),
    ]  # fmt: skip
    assert plot.series.points[0].written == "0.99 g/L" and plot.series.points[0].high == 100.0
    assert [point.outside for point in plot.series.points] == [False, True, False, False]
    assert "5.4" in {row.fact.value for group in found.groups for row in group.rows}, (
        "a molar result is listed, not drawn"
    )
    assert Document.objects.get(case=mine, file__name="lab.hl7").klass == "laboratory"


def test_page_asks_the_database_as_often_for_many_facts_as_for_few(
    client: Client, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for values in (2, 9):
        mine = case()
        many = [(f"2025{month:02d}01", str(90 + month), "mg/dL") for month in range(1, values + 1)]
        upload(mine, ccda(glucose=many), "summary.xml")
        run_jobs()
        client.force_login(mine.opened_by)
        client.get(reverse("records:health", args=[mine.ref]))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(reverse("records:health", args=[mine.ref])).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_record_of_another_person_is_set_aside_with_both_sides_until_the_desk_decides(client: Client) -> None:
    mine = case()
    upload(mine, ccda(given="Otto", family="Other", birth="19400101"), "summary.xml")
    upload(mine, ccda(birth="19400202", given="Otto", family="Other"), "again.xml")
    run_jobs()
    document = Document.objects.get(case=mine, file__name="again.xml")
    assert (document.state, document.code) == ("quarantined", "wrong_patient")
    assert Case.objects.filter(set_aside(), pk=mine.pk).exists(), "the desk's queue says that somebody waits"
    client.force_login(mine.opened_by)
    assert client.get(reverse("records:document", args=[document.pk])).status_code == 404
    assert client.get(reverse("records:download", args=[document.file_id])).status_code == 404
    assert not health(mine)
    desk = user("coordinator")
    client.force_login(desk)
    from records.actions import papers

    papers.release(document=document, reason="married name", by=Actor.of(desk))
    document.refresh_from_db()
    assert document.state == "ready" and health(mine)


def test_fitting_units_are_put_together_and_others_never() -> None:
    def result(value: float, unit: str, loinc: str = "718-7", day: int = 1) -> Result:
        return Result("Haemoglobin", loinc, date(2025, 1, day), value, unit)

    (same,) = series([result(130, "g/L"), result(13.4, "g/dL", day=2)])
    assert [point.value for point in same.points] == [13.0, 13.4] and same.unit == "g/dL"
    apart = series([result(8.1, "mmol/L"), result(13.4, "g/dL", day=2)])
    assert sorted(one.unit for one in apart) == ["g/dL", "mmol/L"]
    unknown = series([result(130, "g/L", loinc=""), result(13.4, "g/dL", loinc="", day=2)])
    assert len(unknown) == 2, "without a code nothing is converted"
