"""One-time upload links: from the patient's page to files in the case, and everything that must not work."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Grant
from cases.states import GrantScope, Phase
from portal.core.access import Actor
from portal.core.models import AuditEntry, Event
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import links, uploads
from records.models import File, Upload, UploadLink
from records.rules import links as rules
from records.rules.tus import Described
from records.states import UploadState
from records.views import tus
from tests.factories import files
from tests.factories import records as make

pytestmark = pytest.mark.django_db
OCTETS = "application/offset+octet-stream"
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}


def made(case: Any, **more: Any) -> tuple[UploadLink, str]:
    given = {"label": "Sample Hospital", "items": ["chest_ct"], "days": 14, "by": Actor.of(case.opened_by)} | more
    return links.make(case=case, **given)


def redeemed(token: str) -> tuple[Client, str]:
    """A hospital's browser that confirmed, and its page."""
    client = Client()
    answer = client.post("/send/confirm/", {"code": token, "name": "Dr Ada Sample", "place": "Sample Hospital"})
    assert answer.status_code == 302, answer.content
    return client, answer["Location"]


def send(client: Client, page: str, content: bytes, name: str = "a.pdf") -> Any:
    label = base64.b64encode(name.encode()).decode()
    begun = client.post(
        f"{page}uploads/", HTTP_UPLOAD_LENGTH=str(len(content)), HTTP_UPLOAD_METADATA=f"filename {label}", **TUS
    )
    assert begun.status_code == 201, begun.content
    return client.patch(begun["Location"], content, content_type=OCTETS, HTTP_UPLOAD_OFFSET="0", **TUS)


def test_token_has_256_bits_and_only_its_hash_is_kept(case: Any) -> None:
    link, token = made(case)
    assert len(token) == 52 and set(token) <= set(rules.ALPHABET)
    assert len({rules.new_token() for _ in range(200)}) == 200
    assert link.grant.token_sha256 == rules.hashed(token)
    assert (link.grant.scope, link.grant.user, link.grant.role) == (GrantScope.WRITE_ONLY, None, "")
    for row in (*Event.objects.values_list("data", flat=True), *UploadLink.objects.values(), *Grant.objects.values()):
        assert token not in str(row)


@given(st.integers(0, 2**256 - 1), st.sampled_from(["", " ", "-"]), st.booleans())
def test_token_is_read_as_people_type_it(number: int, between: str, lower: bool) -> None:
    token = "".join(rules.ALPHABET[(number >> 5 * n) & 31] for n in range(52))
    typed = between.join(rules.grouped(token))
    typed = typed.lower().replace("0", "o").replace("1", "l") if lower else typed
    assert rules.read_token(typed) == token
    assert rules.read_token(f"https://portal.example/send/#{typed}") == token


@given(st.text(max_size=80))
def test_token_reading_takes_any_text(text: str) -> None:
    assert rules.read_token(text) == "" or len(rules.read_token(text)) == 52


def test_looking_does_not_use_a_link_up(case: Any) -> None:
    """A mail scanner follows links: it never sends the token, and even a POST of it claims nothing."""
    link, token = made(case)
    scanner = Client()
    page = scanner.get("/send/")
    assert page.status_code == 200 and page["Referrer-Policy"] == "same-origin"
    assert scanner.get("/send/confirm/").status_code == 302
    shown = scanner.post("/send/", {"code": token}).content.decode()
    link.refresh_from_db()
    assert link.opened_at is not None and link.redeemed_at is None
    assert "T. E." in shown and "1961" in shown
    for word in ("Testina", "Example<", case.ref, "chest", "Chest", "pulmon", "nodule"):
        assert word not in shown, word


def test_first_browser_has_it_and_the_next_is_told_kindly(case: Any) -> None:
    link, token = made(case)
    client, page = redeemed(token)
    assert client.get(page).status_code == 200
    cookie = client.cookies[f"co-send-{link.pk.hex}"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/send/"
    assert cookie.value not in str(UploadLink.objects.values().get(pk=link.pk))
    for address in ("/send/", "/send/confirm/"):
        late = Client().post(address, {"code": token, "name": "Joe Other", "place": "Elsewhere"})
        assert late.status_code == 410
        assert "already used" in late.content.decode() and "ask the patient for a new" in late.content.decode()
    assert client.post("/send/", {"code": token})["Location"] == page, "the same browser goes on"
    assert Client().get(page).status_code == 404
    link.refresh_from_db()
    assert link.holder_name == "Dr Ada Sample"


def test_wrong_code_is_an_error_with_what_to_do(case: Any) -> None:
    token = made(case)[1]
    wrong = token[:-1] + ("0" if token[-1] != "0" else "2")
    for typed in (wrong, "short", ""):
        answer = Client().post("/send/", {"code": typed})
        assert answer.status_code == 422 and "There is a problem" in answer.content.decode()
    assert Client().post("/send/confirm/", {"code": wrong, "name": "x", "place": "y"}).status_code == 302


def test_sender_must_say_who_they_are(case: Any) -> None:
    link, token = made(case)
    answer = Client().post("/send/confirm/", {"code": token, "name": " ", "place": ""})
    assert answer.status_code == 422 and "Enter your name" in answer.content.decode()
    with pytest.raises(Refused):
        links.redeem(link=link, name=" ", place="x")
    link.refresh_from_db()
    assert link.redeemed_at is None


def test_files_arrive_by_tus_and_both_sides_see_what_they_should(case: Any, patient: Client, settings: Any) -> None:
    make.upload(case, files.pdf("Own letter"), "own-letter.pdf")
    token = made(case)[1]
    client, page = redeemed(token)
    assert "CT of the chest" in client.get(page).content.decode() or "Chest CT" in client.get(page).content.decode()
    assert send(client, page, files.pdf("Spirometry FEV1"), "lungs.pdf").status_code == 204
    assert send(client, page, files.pdf("x", password="x"), "locked.pdf").status_code == 204
    make.run_jobs()
    shown = client.get(f"{page}sent/").content.decode()
    assert "lungs.pdf" in shown and "2 files have arrived whole" in shown and "locked.pdf" in shown
    assert "own-letter.pdf" not in client.get(page).content.decode()
    upload = Upload.objects.get(name="lungs.pdf")
    assert (upload.by, upload.state) == (None, UploadState.RECEIVED)
    asking = patient.get(f"/cases/{case.ref}/records/ask/").content.decode()
    assert "Used by Dr Ada Sample, Sample Hospital." in asking and "2 files arrived" in asking
    link = UploadLink.objects.get()
    detail = patient.get(f"/cases/{case.ref}/records/ask/links/{link.pk}/").content.decode()
    assert "lungs.pdf" in detail and "locked.pdf" in detail and "own-letter.pdf" not in detail
    assert {entry.actor_id for entry in AuditEntry.objects.filter(actor_kind="token")} == {str(link.grant_id)}
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    desk = Client()
    desk.force_login(make.user(Role.COORDINATOR))
    assert "Dr Ada Sample" in desk.get(f"/cases/{case.ref}/records/ask/").content.decode()


def test_small_files_come_together_until_the_link_ends(case: Any) -> None:
    link, token = made(case)
    client, page = redeemed(token)
    contents = {"IM1": b"one", "IM2": b"two"}
    listed = [{"filename": name, "batch": str(uuid4()), "fingerprint": name, "size": 3} for name in contents]
    body = json.dumps(listed).encode() + b"\n" + b"".join(contents.values())
    answer = client.post(f"{page}uploads/", body, content_type=tus.BUNDLE, **TUS)
    assert [one["offset"] for one in answer.json()["files"]] == [3, 3]
    assert all(one["url"].startswith(page) for one in answer.json()["files"])
    assert set(Upload.objects.values_list("name", "by", "grant", "state")) == {
        (name, None, link.grant_id, UploadState.RECEIVED) for name in contents
    }
    assert links.revoke(link=link, by=Actor.of(case.opened_by))
    assert client.post(f"{page}uploads/", body, content_type=tus.BUNDLE, **TUS).status_code == 410
    assert Upload.objects.count() == 2


def test_receipt_tells_nothing_of_what_the_case_holds(case: Any) -> None:
    """The very file that the patient had sent before has simply arrived: "already here" would tell what is."""
    same = files.pdf("Example letter")
    make.upload(case, same, "mine.pdf")
    make.run_jobs()
    client, page = redeemed(made(case)[1])
    send(client, page, same, "theirs.pdf")
    make.run_jobs()
    assert File.objects.get(name="theirs.pdf").code == "duplicate"
    shown = client.get(page).content.decode()
    assert "theirs.pdf" in shown and "mine.pdf" not in shown
    assert "already" not in shown and "once" not in shown.partition("What you sent")[2].partition("</section>")[0]


def test_plain_form_sends_without_scripts(case: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client, page = redeemed(made(case)[1])
    answer = client.post(f"{page}files/", {"files": SimpleUploadedFile("a.pdf", files.pdf("x"))})
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert Upload.objects.get().grant_id is not None
    assert client.post(f"{page}files/", {}).status_code == 422


@pytest.mark.parametrize("how", ["revoked", "expired", "finished"])
def test_ended_link_takes_no_further_byte(case: Any, how: str) -> None:
    link, token = made(case)
    client, page = redeemed(token)
    begun = client.post(f"{page}uploads/", HTTP_UPLOAD_LENGTH="10", HTTP_UPLOAD_METADATA="filename YS5wZGY=", **TUS)
    assert (
        client.patch(begun["Location"], b"12345", content_type=OCTETS, HTTP_UPLOAD_OFFSET="0", **TUS).status_code == 204
    )
    running = Upload.objects.get()
    if how == "revoked":
        assert links.revoke(link=link, by=Actor.of(case.opened_by))
    elif how == "finished":
        assert links.finish(link=link)
    else:
        Grant.objects.filter(pk=link.grant_id).update(until=timezone.now() - timedelta(seconds=1))
    late = client.patch(begun["Location"], b"67890", content_type=OCTETS, HTTP_UPLOAD_OFFSET="5", **TUS)
    assert late.status_code == 410 and late.json()["error"] == "link_ended"
    assert client.get(page).status_code == 410
    # a request that was running while the link ended is refused at its next part
    with pytest.raises(Refused):
        uploads.append(upload=running, parts=[uploads.seal(running, [b"67890"])], by=Actor.token(link.grant_id))
    running.refresh_from_db()
    assert running.offset == 5
    with pytest.raises(Refused):
        uploads.create(case=case, described=Described("b", "", None, ""), size=1, by=None, grant=link.grant)
    with pytest.raises(links.Ended):
        links.redeem(link=link, name="x", place="y")
    assert Client().post("/send/", {"code": token}).status_code == 410


def test_finishing_waits_for_what_is_on_its_way(case: Any) -> None:
    link, token = made(case)
    client, page = redeemed(token)
    assert client.post(f"{page}done/").status_code == 302, "nothing has arrived"
    begun = client.post(f"{page}uploads/", HTTP_UPLOAD_LENGTH="3", HTTP_UPLOAD_METADATA="filename YS5wZGY=", **TUS)
    assert client.post(f"{page}done/").status_code == 302
    client.patch(begun["Location"], b"abc", content_type=OCTETS, HTTP_UPLOAD_OFFSET="0", **TUS)
    done = client.post(f"{page}done/")
    assert "Thank you" in done.content.decode()
    link.refresh_from_db()
    assert link.finished_at is not None
    assert not links.finish(link=link)


def test_link_is_shown_once_and_mailed_without_a_word_about_health(case: Any, patient: Client) -> None:
    form = {"label": "Sample Hospital", "items": ["chest_ct"], "days": "7", "email": "records@hospital.example"}
    answer = patient.post(f"/cases/{case.ref}/records/ask/link/", form).content.decode()
    token = re.search(r"/send/#([0-9A-Z]{52})", answer)[1]  # type: ignore[index]
    assert answer.count("data:image/svg+xml;base64,") == 1
    (sent,) = mail.outbox
    assert sent.to == ["records@hospital.example"] and token in sent.body
    for word in (token, case.ref, "Testina", "chest", "nodule"):
        assert word not in sent.subject
    for word in (case.ref, "Testina", "chest", "Chest", "nodule"):
        assert word not in sent.body
    listing = patient.get(f"/cases/{case.ref}/records/ask/").content.decode()
    assert token not in listing and "Sent" in listing


def test_making_a_link_needs_a_name_and_a_case_that_takes_files(case: Any, patient: Client) -> None:
    empty = patient.post(f"/cases/{case.ref}/records/ask/link/", {"label": "", "days": "14"})
    assert empty.status_code == 422 and "Write which hospital" in empty.content.decode()
    type(case).objects.filter(pk=case.pk).update(phase=Phase.DELIVERED, delivered_at=timezone.now())
    closed = patient.post(f"/cases/{case.ref}/records/ask/link/", {"label": "x", "days": "14"})
    assert closed.status_code == 422 and "takes no more records" in closed.content.decode()


def test_only_the_cases_own_people_make_and_stop_links(case: Any) -> None:
    link, _ = made(case)
    stranger, doctor = Actor.of(make.user()), Actor.of(make.user(Role.SPECIALIST))
    for actor in (stranger, doctor):
        with pytest.raises(PermissionDenied):
            made(case, by=actor)
        with pytest.raises(PermissionDenied):
            links.revoke(link=link, by=actor)
    assert links.revoke(link=link, by=Actor.of(case.opened_by))
    assert not links.revoke(link=link, by=Actor.of(case.opened_by))


def test_too_many_open_links_are_refused(case: Any) -> None:
    for _ in range(rules.LIVE_LINKS):
        made(case)
    with pytest.raises(Refused, match="too_many_links"):
        made(case)


def test_links_made_and_stopped_again_and_again_end_for_the_day(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "DAILY_LINKS", 3)
    for _ in range(3):
        links.revoke(link=made(case)[0], by=Actor.of(case.opened_by))
    with pytest.raises(Refused, match="too_many_today"):
        made(case)


def test_list_asks_the_database_as_often_for_three_as_for_one(
    case: Any, patient: Client, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            patient.get(f"/cases/{case.ref}/records/ask/")
        return len(found)

    redeemed(made(case)[1])
    asked()  # the catalogue is remembered from now on
    one = asked()
    for _ in range(2):
        client, page = redeemed(made(case)[1])
        send(client, page, b"x")
    assert asked() == one
