"""Images are asked for past the pages' middleware: who may not look is turned away as early as on the ordinary way."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts.models import User
from portal.accounts.sessions import SEEN
from portal.core.states import Role
from tests.factories import records

pytestmark = pytest.mark.django_db
STUDIES = "/dicomweb/studies"


def signed_in(user: User, *, seen_before: float = 0.0) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session[SEEN] = time.time() - seen_before
    session.save()
    return client


@pytest.fixture
def owner() -> Client:
    client = signed_in(records.user())
    assert client.get(STUDIES).status_code == 204
    return client


def user_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_who_asks_is_known_by_one_query(owner: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):  # who asks; which studies
        assert owner.get(STUDIES).status_code == 204


def test_a_session_that_was_ended_opens_nothing(owner: Client) -> None:
    Session.objects.all().delete()
    assert owner.get(STUDIES).status_code == 401


def test_a_session_that_ran_out_opens_nothing(owner: Client) -> None:
    Session.objects.update(expire_date="2020-01-01T00:00Z")
    assert owner.get(STUDIES).status_code == 401


def test_a_closed_account_opens_nothing(owner: Client) -> None:
    User.objects.update(is_active=False)
    assert owner.get(STUDIES).status_code == 401


def test_a_new_password_ends_the_other_sessions(owner: Client) -> None:
    user = user_of(owner)
    user.set_password("another long one")
    user.save()
    assert owner.get(STUDIES).status_code == 401


def test_a_role_that_was_changed_counts_at_once(owner: Client) -> None:
    User.objects.update(role=Role.ADMINISTRATOR)
    assert owner.get(STUDIES).status_code in {302, 403}


def test_staff_need_their_second_factor_each_time() -> None:
    user = records.user(Role.SPECIALIST)
    factor = Authenticator.objects.create(user=user, type="totp", data={})
    client = signed_in(user)
    assert [client.get(STUDIES).status_code for _ in range(2)] == [204, 204]
    factor.delete()
    assert client.get(STUDIES).headers["Location"] == "/accounts/2fa/"


def test_a_session_left_alone_too_long_is_signed_out(settings: Any) -> None:
    client = signed_in(records.user(), seen_before=settings.SESSION_IDLE_SECONDS + 1)
    answer = client.get(STUDIES)
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (401, '"cache"')


def test_what_a_page_asks_by_itself_is_no_presence(settings: Any) -> None:
    client = signed_in(records.user(), seen_before=600)
    before = client.session[SEEN]
    assert client.get(STUDIES, headers={"X-Background": "1"}).status_code == 204
    assert client.session[SEEN] == before
    assert client.get(STUDIES).status_code == 204
    assert client.session[SEEN] > before


@pytest.mark.parametrize("path", [STUDIES, "/dicomweb/studies?StudyDate=x", "/dicomweb/studies/1.2/metadata"])
def test_both_ways_send_the_same_headers(path: str) -> None:
    user = records.user()
    ordinary, lean = (signed_in(user, seen_before=before).get(path) for before in (600, 0))
    theirs, ours = dict(ordinary.headers), dict(lean.headers)
    for headers in (theirs, ours):
        assert "Cookie" in headers.pop("Vary")
        headers.pop("Content-Language", None)
    assert (ordinary.status_code, ordinary.content, theirs) == (lean.status_code, lean.content, ours)


def test_an_unknown_host_is_refused(owner: Client) -> None:
    assert owner.get(STUDIES, headers={"Host": "elsewhere.example"}).status_code == 400
