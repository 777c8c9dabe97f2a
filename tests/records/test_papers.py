"""Papers: what each is, told from its words; corrections that stay and teach; words on scans; whose they are."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from cases.models import Case, Patient
from portal.catalogue import loader
from portal.core import jobs, storage
from portal.core.access import Actor
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState, Role
from portal.core.workflow import Refused
from records.actions import papers as actions
from records.models import Correction, Document, Page
from records.rules import documents, papers
from records.rules.identity import Person, Verdict
from records.rules.language import language
from records.rules.learning import learned, lesson, likeness
from records.states import CorrectedField
from tests.factories import files
from tests.factories.documents import make_pdf
from tests.factories.health import ccda
from tests.factories.papers import PAPERS, Paper
from tests.factories.records import case, run_jobs, upload, user
from tests.records.helpers import one

EDITION = loader.shipped()
TESTINA = Person("Testina Example Maidenname", date(1961, 5, 4))
READS = shutil.which("tesseract") is not None


@pytest.mark.parametrize("paper", PAPERS, ids=[f"{n}-{p.klass}" for n, p in enumerate(PAPERS)])
def test_paper_is_told_from_its_words(paper: Paper) -> None:
    klass, _sure = documents.classify([paper.text], "Scan0001", EDITION.documents, EDITION.not_result)
    day = documents.service_date(
        paper.text, today=date(2026, 6, 1), birth=date(1961, 5, 4), day_first=paper.language != "en"
    )
    assert (klass, str(day or "")) == (paper.klass, paper.day)
    assert (papers.author(paper.text), papers.institution(paper.text)) == (paper.author, paper.institution)
    assert language(paper.text) == paper.language or paper.klass == "other"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Patient: Testina Example   DOB: 05/04/1961", Verdict.SAME),
        ("Patient Name: EXAMPLE, TESTINA\nDate of Birth: 4 May 1961", Verdict.SAME),
        ("Paciente: Testina Maidenname\nFecha de nacimiento: 1961-05-04", Verdict.SAME),
        ("Patient: Otto Other   DOB: 01/02/1940", Verdict.OTHER),
        ("Re: Otto Other, born 1 February 1940\nDear Dr Sample,", Verdict.OTHER),
        ("Patient: Otto Other", Verdict.UNKNOWN),
        ("Patient: Testina Example  DOB: 01/02/1940", Verdict.UNKNOWN),
        ("Patient: Rita Muster   DOB: 05/04/1961", Verdict.UNKNOWN),
        ("Dear Dr Otto Other,\nThank you for this lady.\nYours sincerely, Dr Rita Sample", None),
        ("Physician: Otto Other, MD\nPatient: Testina Example\nDOB: 1961-05-04", Verdict.SAME),
        ("Her father Otto Other, born 1 February 1940, had a stroke. Patient: Testina Example DOB 1961-05-04", Verdict.SAME),
        ("no names at all", None),
    ],
)  # fmt: skip
def test_paper_is_anothers_only_when_name_and_birth_date_both_say_so(text: str, verdict: Verdict | None) -> None:
    assert papers.judged(papers.patient(text), TESTINA) == verdict


@pytest.mark.parametrize("title", ["Clinic letter, cardiac surgery", "Hospital discharge summary", "Laboratory report"])
def test_the_name_of_a_paper_is_no_institution(title: str) -> None:
    assert papers.institution(f"{title}\nSample Hospital\n16 Mar 2026") == "Sample Hospital"


@given(st.text(max_size=400))
def test_no_text_breaks_the_rules(text: str) -> None:
    papers.patient(text)
    papers.author(text)
    papers.institution(text)
    assert papers.judged(papers.patient(text), TESTINA) is not Verdict.OTHER or "19" in text or "20" in text
    language(text)
    documents.classify([text], "", EDITION.documents, EDITION.not_result)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Der Patient wurde am Montag mit Fieber in die Klinik gebracht und ist jetzt auf der Station.", "de"),
        ("Le patient a été vu à la consultation pour une douleur dans le dos et les jambes.", "fr"),
        ("患者は胸部の痛みで来院した。心電図は正常であった。", "ja"),
        ("Пациент поступил с болью в груди и одышкой", "ru"),
        ("De patiënt is gezien op de polikliniek met klachten van het hart en de longen.", "nl"),
        ("1234 5678", ""),
        ("", ""),
    ],
)
def test_language_is_found(text: str, code: str) -> None:
    assert language(text) == code


def test_likeness_holds_no_number_and_none_of_the_patients_names() -> None:
    row = likeness("Example Testina 12345", "Wound check 5551234 Testina", "Sample Clinic", "Testina Example")
    assert row == ["sample clinic", "wound", "check"]


def test_lessons_count_only_when_alike_and_agreed() -> None:
    row = ["sample clinic", "wound", "care", "protocol"]
    assert learned(row, []) == ("", 0.0)
    assert learned(row, [lesson(row, "letter")]) == ("letter", 0.75)
    assert learned(row, [lesson(["other", "wound", "care", "protocol"], "letter")]) == ("letter", 0.6)
    assert learned(row, [lesson(["sample clinic", "parking", "permit"], "letter")]) == ("", 0.0)
    assert learned(row, [lesson(row, "letter"), lesson(row, "operation")]) == ("", 0.0)


def _paper(mine: Case, text: str, name: str = "paper.txt") -> Document:
    upload(mine, text.encode(), name)
    run_jobs()
    return Document.objects.get(case=mine, file__name=name)


@pytest.mark.django_db
def test_correction_stays_whatever_is_read_later_and_keeps_who_and_when(client: Client) -> None:
    mine = case()
    document = _paper(mine, PAPERS[0].text)
    assert document.klass == "letter"
    client.force_login(mine.opened_by)
    address = reverse("records:correct", args=[document.pk])
    assert client.post(address, {"field": "klass", "value": "operation"}).status_code == 302
    part = client.post(
        address,
        {"field": "date", "value_day": "1", "value_month": "2", "value_year": "2026"},
        headers={"HX-Request": "true"},
    )
    assert "1 February 2026" in part.content.decode() and "<html" not in part.content.decode()
    actions.describe_again(document_id=document.pk, by=Actor.job("test"))
    document.refresh_from_db()
    assert (document.klass, document.source, document.klass_confidence) == ("operation", "person", 1.0)
    assert str(document.date) == "2026-02-01"
    rows = Correction.objects.filter(document=document).order_by("at")
    assert [(row.field, row.value, row.before, row.by) for row in rows] == [
        ("klass", "operation", "letter", mine.opened_by), ("date", "2026-02-01", "2026-03-10", mine.opened_by),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "value"), [("klass", "no_such"), ("date", "2026-02-31"), ("date", "2999-01-01")])
def test_wrong_value_is_refused_with_the_form_shown_again(client: Client, field: str, value: str) -> None:
    mine = case()
    document = _paper(mine, PAPERS[0].text)
    client.force_login(mine.opened_by)
    answer = client.post(reverse("records:correct", args=[document.pk]), {"field": field, "value": value})
    assert answer.status_code == 422 and not Correction.objects.exists()


@pytest.mark.django_db
def test_specialist_and_other_patient_may_not_correct() -> None:
    mine = case()
    document = _paper(mine, PAPERS[0].text)
    with pytest.raises(Refused):
        actions.correct(
            document=document, field=CorrectedField.KLASS, value="other", by=Actor.of(user(Role.SPECIALIST))
        )


@pytest.mark.django_db
def test_corrected_paper_teaches_the_next_of_its_kind() -> None:
    text = "Sample Clinic\nWound care protocol\nTestina Example, visit 3\nThe bandage was changed. All is well today with the leg."
    first = _paper(case(), text)
    assert first.klass == "other"
    desk = user(Role.COORDINATOR)
    actions.correct(document=first, field=CorrectedField.KLASS, value="letter", by=Actor.of(desk))
    second = _paper(case(), text.replace("visit 3", "visit 9"))
    assert (second.klass, second.source) == ("letter", "learned")
    assert 0.5 < (second.klass_confidence or 0) < 0.8, "not certain: a person may still say otherwise"


@pytest.mark.django_db
def test_letter_about_another_person_is_held_and_comes_back_when_the_name_is_mended() -> None:
    mine = case()
    document = _paper(mine, "Patient: Otto Other\nDate of birth: 1 February 1940\nDear colleague, all is well.")
    assert (document.state, document.code, document.named["name"]) == ("quarantined", "wrong_patient", "Otto Other")
    Case.objects.filter(pk=mine.pk).update(phase="collecting")
    Patient.objects.filter(pk=mine.patient_id).update(
        given_name="Otto", family_name="Other", birth_date=date(1940, 2, 1)
    )
    actions.check_identity(case=Case.objects.get(pk=mine.pk), by=Actor.job("records.check_case"))
    document.refresh_from_db()
    assert (document.state, document.code, document.identity) == ("ready", "", "same")


@pytest.mark.django_db
def test_desk_sees_both_sides_and_its_decision_stands(client: Client) -> None:
    mine = case()
    document = _paper(mine, "Patient: Otto Other\nDate of birth: 1 February 1940\nDear colleague, all is well.")
    from tests.factories.accounts import CoordinatorFactory

    desk = CoordinatorFactory()
    client.force_login(desk)
    actions.release(document=document, reason="read aloud", by=Actor.of(desk))
    actions.check_identity(case=mine, by=Actor.job("records.check_case"))
    document.refresh_from_db()
    assert (document.state, document.code) == ("ready", "identity_confirmed")


def _scan(*lines: str) -> bytes:
    page = Image.new("L", (1240, 700), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=34)
    for number, line in enumerate(lines):
        draw.text((80, 60 + 60 * number), line, fill=0, font=font)
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


LINES = (
    "Sample Heart Clinic",
    "Transthoracic echocardiogram",
    "Study date: 2026-02-20",
    "Patient: Testina Example",
    "Mild mitral regurgitation.",
)


@pytest.mark.django_db
@pytest.mark.skipif(not READS, reason="tesseract-ocr is not installed: words on scans are not read here")
def test_words_on_a_scan_are_read_and_tell_what_it_is() -> None:
    mine = case()
    upload(mine, _scan(*LINES), "IMG_0001.png")
    run_jobs()
    document = Document.objects.get(case=mine)
    assert (document.words, document.klass) == ("waiting", "other")
    run_jobs("records.read_words")
    document.refresh_from_db()
    assert (document.words, document.klass, str(document.date)) == ("scan", "echo_report", "2026-02-20")
    assert "echocardiogram" in Page.objects.get(document=document).text
    assert document.institution == "Sample Heart Clinic"
    run_jobs("records.read_words")


def test_without_a_reader_a_scan_says_so_in_words(tmp_path: Path) -> None:
    from records.child import ocr, protocol

    assert "words_unavailable" in protocol.NOTES
    assert ocr._lines("level\tpage\n") == ""
    row = "5\t1\t1\t1\t1\t{n}\t0\t0\t9\t9\t{c}\t{w}"
    sure = "\n".join(["head", *(row.format(n=n, c=90, w=w) for n, w in enumerate(("one", "two", "three")))])
    assert ocr._lines(sure) == "one two three"
    doubtful = "\n".join(["head", *(row.format(n=n, c=31, w=w) for n, w in enumerate(("x", "y", "z", "w")))])
    assert ocr._lines(doubtful) == "", "noise is not a text"
    result = one(b"plain text", tmp_path, words=(1, 1, "eng"))
    assert result.data.get("read", []) == []


@pytest.mark.django_db
def test_page_says_that_the_words_could_not_be_read(client: Client) -> None:
    mine = case()
    upload(mine, files.photo(), "photo.jpg")
    run_jobs()
    document = Document.objects.get(case=mine)
    Document.objects.filter(pk=document.pk).update(words="unread")
    client.force_login(mine.opened_by)
    page = client.get(reverse("records:document", args=[document.pk])).content.decode()
    assert "We could not read the words on this scan" in page


@pytest.mark.django_db
def test_safe_copy_is_for_saving_and_holds_no_script(client: Client) -> None:
    mine = case()
    upload(mine, make_pdf(javascript=True), "letter.pdf")
    run_jobs()
    document = Document.objects.get(case=mine)
    client.force_login(mine.opened_by)
    answer = client.get(reverse("records:copy", args=[document.pk]))
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert body.startswith(b"%PDF-") and b"app.alert" not in body
    assert answer["Content-Disposition"].startswith("attachment") and "sandbox" in answer["Content-Security-Policy"]
    client.force_login(user())
    assert client.get(reverse("records:copy", args=[document.pk])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    ],
)
def test_html_and_svg_are_never_shown(client: Client, content: bytes) -> None:
    mine = case()
    upload(mine, content, "page.pdf")
    run_jobs()
    assert not Document.objects.filter(case=mine).exists()
    client.force_login(mine.opened_by)
    assert "alert(1)" not in client.get(reverse("records:records", args=[mine.ref])).content.decode()


@pytest.mark.django_db
def test_narrative_of_a_stranger_is_shown_as_text(client: Client) -> None:
    mine = case()
    evil = (
        "<component><section><title>&lt;b&gt;Plan&lt;/b&gt;</title><text>"
        "<paragraph>See <linkHtml href='javascript:alert(1)'>this</linkHtml>"
        "<renderMultiMedia referencedObject='x'/> &lt;script&gt;alert(2)&lt;/script&gt;</paragraph></text></section></component>"
    )
    upload(mine, ccda(body=evil), "summary.xml")
    run_jobs()
    document = Document.objects.get(case=mine)
    client.force_login(mine.opened_by)
    page = client.get(reverse("records:document", args=[document.pk])).content.decode()
    assert (
        "javascript:" not in page
        and "<script>alert" not in page
        and "&lt;script&gt;alert(2)" in page
        and "See this" in page
    )


@pytest.mark.django_db
def test_words_wait_while_the_copy_of_a_paper_is_made_again() -> None:
    """After a restore the copies come back by and by; a scan is not to stay unread because its words were asked for sooner."""
    mine = case()
    upload(mine, files.photo(), "page.jpg")
    run_jobs()
    document = Document.objects.get(case=mine)
    assert document.words == "waiting"
    copy = storage.write_stream([b"a safe copy"], case_id=mine.pk, kind="derived")
    StoredObject.objects.filter(pk=copy.pk).update(state=ObjectState.LOST)
    Document.objects.filter(pk=document.pk).update(view_copy=copy)
    job = Job.objects.get(name="records.read_words")
    for _ in range(8):
        Job.objects.filter(pk=job.pk).update(due_at="2020-01-01T00:00Z")
        run = jobs.claim(job.pk)
        assert run is not None
        jobs.execute(run)
    job.refresh_from_db()
    document.refresh_from_db()
    assert (job.state, job.error.split()[0], document.words) == (JobState.QUEUED, "NotReady", "waiting")
    Job.objects.filter(pk=job.pk).update(due_at="2020-01-01T00:00Z", created_at="2020-01-01T00:00Z", attempt=5)
    run = jobs.claim(job.pk)
    assert run is not None
    jobs.execute(run)
    job.refresh_from_db()
    document.refresh_from_db()
    assert (job.state, document.words) == (JobState.FAILED, "unread")
