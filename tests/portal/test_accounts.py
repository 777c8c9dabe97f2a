"""Invitations, second factor, idle time-out, sign-in throttling."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation, User
from portal.core.access import Actor
from portal.core.models import AuditEntry
from portal.core.states import Role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery example"


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def account(role: Role, email: str = "", **columns: object) -> User:
    user = User.objects.create_user(email or f"{role}@example.org", PASSWORD, name="Ada Example", role=role, **columns)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def administrator() -> User:
    return account(Role.ADMINISTRATOR)


@pytest.fixture
def waived(settings) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True


def secret_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[1]


def test_invitation_makes_one_account_of_its_role_once(administrator: User, client: Client) -> None:
    _, link = actions.invite(email="New@Example.org", name="New", role=Role.SPECIALIST, by=Actor.of(administrator))
    path = f"/accounts/welcome/{secret_of(link)}/"
    answer = client.post(path, {"name": "Dr New Example", "password": PASSWORD})
    assert answer.status_code == 302
    user = User.objects.get(email="new@example.org")
    assert (user.role, user.name) == (Role.SPECIALIST, "Dr New Example")
    assert Client().post(path, {"name": "Second", "password": PASSWORD}).status_code == 410
    assert User.objects.filter(role=Role.SPECIALIST).count() == 1


def test_invitation_stores_no_secret(administrator: User) -> None:
    made, link = actions.invite(email="n@example.org", name="N", role=Role.COORDINATOR, by=Actor.of(administrator))
    assert secret_of(link) not in "".join(str(value) for value in vars(made).values())


def test_invitation_expires(administrator: User, client: Client) -> None:
    _, link = actions.invite(email="n@example.org", name="N", role=Role.COORDINATOR, by=Actor.of(administrator))
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert client.get(f"/accounts/welcome/{secret_of(link)}/").status_code == 410


def test_a_newer_invitation_ends_the_older(administrator: User, client: Client) -> None:
    by = Actor.of(administrator)
    _, first = actions.invite(email="n@example.org", name="N", role=Role.COORDINATOR, by=by)
    actions.invite(email="n@example.org", name="N", role=Role.SPECIALIST, by=by)
    assert client.get(f"/accounts/welcome/{secret_of(first)}/").status_code == 410


def test_patients_are_not_invited(administrator: User) -> None:
    with pytest.raises(ValueError, match="only staff"):
        actions.invite(email="p@example.org", name="P", role=Role.PATIENT, by=Actor.of(administrator))


def test_a_weak_password_is_refused_with_a_reason(administrator: User, client: Client) -> None:
    _, link = actions.invite(email="n@example.org", name="N", role=Role.COORDINATOR, by=Actor.of(administrator))
    answer = client.post(f"/accounts/welcome/{secret_of(link)}/", {"name": "N", "password": "password"})
    assert answer.status_code == 422
    assert not User.objects.filter(email="n@example.org").exists()


def test_staff_without_a_second_factor_are_led_to_set_one_up(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    assert client.get("/accounts/people/").headers["Location"].endswith("/accounts/2fa/")


@pytest.mark.usefixtures("waived")
@pytest.mark.parametrize("role", [Role.PATIENT, Role.COORDINATOR, Role.SPECIALIST])
def test_only_administrators_reach_people(role: Role, client: Client) -> None:
    client.force_login(account(role))
    assert client.get("/accounts/people/").status_code == 403


@pytest.mark.usefixtures("waived")
def test_closing_an_account_ends_its_sessions(administrator: User, client: Client) -> None:
    coordinator, theirs = account(Role.COORDINATOR), Client()
    theirs.post("/accounts/login/", {"login": coordinator.email, "password": PASSWORD})
    assert theirs.get("/accounts/sessions/").status_code == 200
    client.force_login(administrator)
    client.post(f"/accounts/people/{coordinator.pk}/close/")
    assert theirs.get("/accounts/sessions/").status_code == 302


@pytest.mark.usefixtures("waived")
def test_an_administrator_cannot_close_the_own_account(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    client.post(f"/accounts/people/{administrator.pk}/close/")
    administrator.refresh_from_db()
    assert administrator.is_active


@pytest.mark.usefixtures("waived")
def test_inviting_is_written_to_the_audit(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    client.post("/accounts/people/invite/", {"name": "N", "email": "n@example.org", "role": "coordinator"})
    made = Invitation.objects.get()
    assert AuditEntry.objects.filter(action="invite", actor_id=str(administrator.pk), subjects=[str(made.pk)]).exists()


def test_sign_up_makes_a_patient_who_must_verify_the_address(client: Client) -> None:
    client.post(
        "/accounts/signup/",
        {"name": "Testina Example", "email": "t@example.org", "password1": PASSWORD, "role": "coordinator"},
    )
    user = User.objects.get()
    assert (user.role, user.name) == (Role.PATIENT, "Testina Example")
    assert len(mail.outbox) == 1
    assert client.get("/accounts/sessions/").status_code == 302


def test_sign_up_says_what_to_do_about_a_weak_password_and_names_the_address_it_wrote_to(client: Client) -> None:
    wrong = {"name": "T", "email": "not an address", "password1": "password"}
    text = client.post("/accounts/signup/", wrong).content.decode()
    assert "Use at least 12 letters" in text and "Choose another one" in text and "like name@example.com" in text
    right = {"name": "T", "email": "o'hara@example.org", "password1": PASSWORD}
    sent = client.post("/accounts/signup/", right, follow=True).content.decode()
    assert "We sent an e-mail to o&#x27;hara@example.org." in sent


def test_sign_up_does_not_tell_whether_an_address_has_an_account(client: Client) -> None:
    account(Role.PATIENT, "known@example.org")
    answers = [
        client.post("/accounts/signup/", {"name": "T", "email": email, "password1": PASSWORD})
        for email in ("known@example.org", "unknown@example.org")
    ]
    assert [a.status_code for a in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_sign_in_is_throttled(client: Client) -> None:
    account(Role.PATIENT)
    answers = [client.post("/accounts/login/", {"login": "patient@example.org", "password": "wrong"}) for _ in range(7)]
    assert b"too many" in answers[-1].content.lower()
    right = client.post("/accounts/login/", {"login": "patient@example.org", "password": PASSWORD})
    assert right.status_code != 302


def test_an_idle_session_ends_and_presence_extends_it(client: Client, settings) -> None:
    client.force_login(account(Role.PATIENT))
    start = timezone.now()
    almost, idle = (
        timedelta(seconds=settings.SESSION_IDLE_SECONDS - 60),
        timedelta(seconds=settings.SESSION_IDLE_SECONDS + 60),
    )
    with time_machine.travel(start, tick=False) as clock:
        assert client.post("/session/extend/").status_code == 204
        clock.move_to(start + almost)
        assert client.post("/session/extend/").status_code == 204
        clock.move_to(start + almost + almost)
        assert client.post("/session/extend/").status_code == 204
        clock.move_to(start + almost + almost + idle)
        ended = client.post("/session/extend/")
        assert ended.status_code == 401
        assert ended.headers["Clear-Site-Data"] == '"cache"'


def test_polling_is_not_presence(client: Client, settings) -> None:
    client.force_login(account(Role.PATIENT))
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client.post("/session/extend/")
        for minutes in range(5, 60, 5):
            clock.move_to(start + timedelta(minutes=minutes))
            last = client.get("/accounts/sessions/", headers={"X-Background": "1"})
        assert last.status_code == 302


def test_inviting_a_patients_address_says_so_and_what_to_do(administrator: User, client: Client, waived: None) -> None:
    account(Role.PATIENT, "both@example.org")
    client.force_login(administrator)
    page = client.post("/accounts/people/invite/", {"name": "Ada", "email": "both@example.org", "role": "specialist"})
    assert page.status_code == 422
    assert "belongs to a patient" in page.content.decode() and "another address" in page.content.decode()
    assert not Invitation.objects.exists()
