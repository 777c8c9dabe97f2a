"""The maintenance switch: who is told what, without a database; what goes on; how it is switched."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from portal.core import jobs, maintenance
from portal.core.models import Job
from portal.core.states import JobState
from tests.factories import records as make


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def manage(*arguments: str) -> str:
    said = StringIO()
    call_command("maintenance", *arguments, stdout=said)
    return said.getvalue()


def test_closed_portal_answers_pages_with_503_and_needs_no_database() -> None:
    maintenance.begin(message="We move to a new machine.")
    client = Client()
    for address in ("/", "/accounts/login/", "/uploads/2K7-4QD/", "/nowhere/", "/desk/"):
        answer = client.get(address, headers={"Accept": "text/html,*/*"})
        assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "300", "no-store")
        assert "We will be back soon" in answer.text
        assert "We move to a new machine." in answer.text
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_message_is_text_and_never_markup() -> None:
    maintenance.begin(message="<script>alert(1)</script>")
    assert "<script>alert" not in Client().get("/").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Tus-Resumable": "1.0.0"},
        {"HX-Request": "true"},
        {"X-Requested-With": "fetch"},
        {"Accept": "application/dicom+json"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors"},
    ],
)
def test_closed_portal_answers_programs_in_json(headers: dict[str, str]) -> None:
    maintenance.begin()
    answer = Client().patch("/uploads/2K7-4QD/11111111-1111-1111-1111-111111111111/", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (503, "maintenance")
    assert answer.json()["message"]


def test_retry_after_is_the_time_that_was_promised() -> None:
    maintenance.begin(until=timezone.now() + timedelta(minutes=30))
    answer = Client().get("/")
    assert 1700 < int(answer["Retry-After"]) <= 1800
    assert "until about" in answer.text
    maintenance.begin(until=timezone.now() - timedelta(minutes=1))
    late = Client().get("/")
    assert late["Retry-After"] == "60"
    assert "until about" not in late.text


@pytest.mark.django_db
def test_health_goes_on_and_the_portal_opens_again() -> None:
    client = Client()
    maintenance.begin()
    assert client.get("/healthz").status_code == 200
    assert client.get("/help/").status_code == 503
    assert maintenance.end()
    assert not maintenance.end()
    assert client.get("/help/").status_code == 200


@pytest.mark.django_db
def test_workers_begin_no_job_while_closed_and_go_on_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(jobs, "ring", rung.append)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)  # the test's own
    job = Job.objects.create(name="records.expire_uploads", key="once")
    maintenance.begin()
    jobs.run_job(str(job.pk))
    jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.attempt, rung) == (JobState.QUEUED, 0, [])
    maintenance.end()
    jobs.sweep()
    assert job.pk in rung
    jobs.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.fence == 1


@pytest.mark.django_db
def test_upload_goes_on_after_maintenance_where_it_stopped() -> None:
    case = make.case()
    client = Client()
    client.force_login(case.opened_by)
    tus = {"Tus-Resumable": "1.0.0"}
    made = client.post(
        f"/uploads/{case.ref}/", headers={**tus, "Upload-Length": "6", "Upload-Metadata": "filename YQ=="}
    )

    def send(offset: str, body: bytes) -> int:
        kind = "application/offset+octet-stream"
        headers = {**tus, "Upload-Offset": offset}
        return client.patch(made["Location"], body, content_type=kind, headers=headers).status_code

    assert send("0", b"abc") == 204
    maintenance.begin()
    assert send("3", b"def") == 503
    maintenance.end()
    assert client.head(made["Location"], headers=tus)["Upload-Offset"] == "3"
    assert send("3", b"def") == 204


def test_command_switches_and_tells(folder: Path) -> None:
    assert manage("status").strip() == "open"
    assert "until about 18:30" in manage("on", "--until", "18:30", "--message", "New  version")
    found = maintenance.current()
    assert found is not None
    assert (found.message, found.until is not None and found.until > timezone.now()) == ("New version", True)
    since = found.since
    manage("on")
    again = maintenance.current()
    assert again is not None
    assert (again.since, again.until, again.message) == (since, None, "")
    assert "closed since" in manage("status")
    assert "is open" in manage("off")
    assert "already" in manage("off")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("until", ["soon", "25:00", "2001-01-01T10:00", "2026-13-45T10:00"])
def test_command_refuses_a_time_that_helps_nobody(until: str) -> None:
    with pytest.raises(CommandError):
        manage("on", "--until", until)
    assert not maintenance.is_on()


@pytest.mark.parametrize("content", ["", "null", "{", "[]", '{"since": "x"}'])
def test_unreadable_switch_still_closes(content: str) -> None:
    maintenance.path().write_text(content)
    assert maintenance.current() is not None
    assert Client().get("/").status_code == 503
