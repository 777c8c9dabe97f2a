"""The report: its PDF, its pages, who may open it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pikepdf
import pypdfium2 as pdfium
import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from cases import pdf, report, report_tasks
from cases.actions import reports
from cases.models import Case, Report
from cases.states import Phase, ReportState
from portal.accounts.models import User
from portal.core import jobs, storage
from portal.core.access import Actor
from portal.core.models import AuditEntry, Event, Job, StoredObject
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.specialists import make_report, make_specialist

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def staff_in(settings) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True


def rendered() -> Report:
    made = make_report()
    run = jobs.claim(Job.objects.get(name="cases.render_report").pk)
    assert run is not None
    jobs.execute(run)
    made.refresh_from_db()
    assert made.pdf_object_id
    return made


def released() -> Report:
    made = rendered()
    Report.objects.filter(pk=made.pk).update(state=ReportState.RELEASED, released_at=timezone.now())
    Case.objects.filter(pk=made.case_id).update(phase=Phase.DELIVERED, delivered_at=timezone.now())
    made.refresh_from_db()
    return made


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(made: Report, part: str = "") -> str:
    return f"/cases/{made.case.ref}/report/{part}"


def test_pdf_is_tagged_and_says_what_it_is() -> None:
    stored = StoredObject.objects.get(pk=rendered().pdf_object_id)
    assert stored.kind == "original"
    with pikepdf.open(io.BytesIO(storage.read_bytes(stored, limit=5_000_000))) as drawn:
        root = drawn.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "en"
        assert root.StructTreeRoot.K is not None
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with drawn.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
            assert "Second opinion" in str(meta["dc:title"])
        tags = set(re.findall(rb"/(H1|H2|H3|P|Table|TH|TD|L|LI|Figure)\b", storage.read_bytes(stored, limit=5_000_000)))
        found = {str(one.get("/S")) for one in drawn.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
        assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/LI"} <= found, tags


def test_pdf_keeps_letters_of_every_alphabet_and_uses_one_font_file() -> None:
    made = make_report()
    made.document["plain"] = "Żółć ő, Ωμέγα, мир."
    with pdfium.PdfDocument(pdf.render(made)) as drawn:
        assert "Żółć ő, Ωμέγα, мир." in drawn[0].get_textpage().get_text_range()
    assert pdf._fonts().count("@font-face") <= 1  # two files of one font are drawn with one another's glyphs


def test_pdf_names_nothing_outside_itself() -> None:
    page = pdf.page(make_report())
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", page)


def test_pdf_with_an_outside_address_is_not_made() -> None:
    made = make_report()
    for outside in ("http://127.0.0.1:9/x.png", "file:///etc/hostname", "/static/x.png"):
        page = f"<html lang=en><title>x</title><img src='{outside}' alt=x>"
        with patch.object(pdf, "page", return_value=page), pytest.raises(pdf.Fetched):
            pdf.render(made)


def test_render_twice_keeps_the_first_file() -> None:
    made = rendered()
    again = Job.objects.create(name="cases.render_report", key="again", args={"subject_id": str(made.pk)})
    run = jobs.claim(again.pk)
    assert run is not None
    jobs.execute(run)
    before = made.pdf_object_id
    made.refresh_from_db()
    assert made.pdf_object_id == before
    assert StoredObject.objects.filter(case_id=made.case_id).count() == 1
    assert Event.objects.filter(subject_kind="report", name="render").count() == 1


@contextmanager
def answer_lost(run: jobs.Run) -> Iterator[None]:
    """The commit is done, and the connection breaks before the database can say so."""
    with jobs.Run.commit(run):
        yield
    raise OperationalError("server closed the connection unexpectedly")


def test_a_pdf_whose_commit_was_not_answered_keeps_its_bytes() -> None:
    made = make_report()
    run = jobs.claim(Job.objects.get(name="cases.render_report").pk)
    assert run is not None
    with patch.object(run, "commit", lambda: answer_lost(run)), pytest.raises(OperationalError):
        report_tasks.render_report(run, subject_id=str(made.pk))
    made.refresh_from_db()
    kept = StoredObject.objects.get(pk=made.pdf_object_id)
    assert storage.read_bytes(kept, limit=10**7).startswith(b"%PDF")


def test_altered_document_is_neither_drawn_nor_shown() -> None:
    made = make_report()
    Report.objects.filter(pk=made.pk).update(document={**made.document, "plain": "Changed behind the back."})
    run = jobs.claim(Job.objects.get(name="cases.render_report").pk)
    assert run is not None
    jobs.execute(run)
    assert Job.objects.get(name="cases.render_report").error == "gave up: document_altered"
    with pytest.raises(report.Altered):
        browser(made.signed_by).get(address(made))


def test_patient_reads_it_only_after_the_release() -> None:
    made = rendered()
    patient = browser(made.case.opened_by)
    assert patient.get(address(made)).status_code == 404
    assert patient.get(address(made, "pdf/")).status_code == 404
    for staff in (made.signed_by, CoordinatorFactory()):
        assert b"Not released yet" in browser(staff).get(address(made)).content


def test_patient_opens_page_and_pdf_and_both_are_audited() -> None:
    made = released()
    patient = browser(made.case.opened_by)
    page = patient.get(address(made))
    assert page.status_code == 200
    assert b"Your heart valve is tight." in page.content
    assert made.sha256.encode() in page.content
    file = patient.get(address(made, "pdf/"))
    body = b"".join(file.streaming_content)
    assert body.startswith(b"%PDF-")
    assert int(file["Content-Length"]) == len(body)
    assert "example" not in file["Content-Disposition"].lower()
    rows = AuditEntry.objects.filter(actor_id=str(made.case.opened_by_id), action__startswith="GET cases:report")
    assert [one.action for one in rows.order_by("id")] == ["GET cases:report", "GET cases:report_pdf"]
    assert all(one.cases == [str(made.case_id)] and str(made.pk) in one.subjects for one in rows)
    made.refresh_from_db()
    assert made.first_opened_at is not None
    assert Event.objects.filter(subject_kind="report", name="open").count() == 1


def test_opening_by_staff_is_not_the_patients_first_opening() -> None:
    made = released()
    assert browser(made.signed_by).get(address(made)).status_code == 200
    made.refresh_from_db()
    assert made.first_opened_at is None
    assert reports.mark_opened(report=made, by=Actor.of(made.case.opened_by))
    assert not reports.mark_opened(report=made, by=Actor.of(made.case.opened_by))


def test_other_people_do_not_see_that_there_is_a_report() -> None:
    made = released()
    for other in (UserFactory(), make_specialist()):
        for part in ("", "pdf/"):
            assert browser(other).get(address(made, part)).status_code == 404
    assert Client().get(address(made)).status_code == 302


def test_pdf_that_is_not_drawn_yet_says_so() -> None:
    made = make_report()
    answer = browser(made.signed_by).get(address(made, "pdf/"))
    assert answer.status_code == 404
    assert "not ready yet" in answer.content.decode()


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert report.digest({"a": "1", "b": ["é", 2]}) == report.digest({"b": ["é", 2], "a": "1"})
    assert report.digest({"a": "1"}) != report.digest({"a": "2"})
