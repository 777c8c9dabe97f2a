"""The authorisation matrix, generated from the URLconf: every route × method × role × {own, other's, revoked, missing}.

What is expected comes from the view's own `permission`. A new route is tested from its first day: one that the tables of
`addresses.py` cannot fill in fails here with the line to add.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.test import Client, RequestFactory, override_settings
from django.urls import resolve, reverse
from django.utils import timezone

from cases.models import Grant
from portal.accounts.sessions import SEEN
from portal.core.access import Permission
from portal.core.models import Event
from portal.core.states import STAFF, Role
from records.actions import links
from tests.architecture.addresses import INSTALLATION, WORDS, arguments, lookup, objects
from tests.architecture.routes import METHODS, Route, ours, walk
from tests.architecture.world import MISSING, OTHER, OWN, REVOKED, Part, World, build

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("matrix")]

# -- routes that are not ours, and why the gate of BaseView may be absent there
PACKAGES = {
    "allauth.account.views": "sign-up, sign-in and passwords of the person who asks; no object of the portal",
    "allauth.mfa": "second factors of the person who asks; allauth loads them through request.user",
    "allauth.usersessions.views": "sessions of the person who asks",
}
FOREIGN = set(
    """account_login account_logout account_inactive account_signup account_reauthenticate account_email
    account_email_verification_sent account_change_password account_set_password account_reset_password
    account_confirm_login_code account_confirm_email account_reset_password_from_key_done account_reset_password_from_key
    account_reset_password_done mfa_index mfa_authenticate mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp
    mfa_view_recovery_codes mfa_generate_recovery_codes mfa_download_recovery_codes mfa_list_webauthn mfa_add_webauthn
    mfa_reauthenticate_webauthn mfa_remove_webauthn mfa_edit_webauthn mfa_login_webauthn usersessions_list""".split()
)

POSTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "reviews:assign": lambda w: {"do": "offer", "specialist": str(w.people[Role.SPECIALIST].pk)},
}

# -- documented exceptions
PROGRAMS = ("records:upload", "records:uploads", "dicomweb:", "extend_session")
PROGRAMS += ("viewer:state", "viewer:beside", "viewer:notes", "viewer:planes", "viewer:tile")
"""Interfaces for programs answer a stranger with 401, never with a redirect."""
SEARCHES = {f"dicomweb:{case}{name}" for case in ("", "case:") for name in ("series", "study-instances", "instances")}
SEARCHES |= {"dicomweb:case:studies", "dicomweb:case:all-series", "dicomweb:case:all-instances"}
"""QIDO-RS (PS3.18 section 8.3.4): a search that matches nothing answers 204, be it another's or nobody's study."""
STORES = {"dicomweb:studies", "dicomweb:study", "dicomweb:case:study"}
"""STOW-RS (PS3.18 section 10.5): the study in the address need not exist, so what is refused is the request (no case named, no body)."""
NOT_FOR_THEM: dict[tuple[str, Role, str], str] = {
    ("records:held-picture", Role.COORDINATOR, method): "only an image that waits for a decision has one"
    for method in ("GET", "HEAD")
}
NOT_FOR_THEM |= {
    (f"dicomweb:{case}unknown", role, method): "there is nothing at such an address"
    for case in ("", "case:")
    for role in Role
    for method in ("GET", "HEAD")
}
TUS_BY_LINK = ("records:send-uploads", "records:send-upload")
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": "5", "HTTP_UPLOAD_OFFSET": "0"}

ROUTES = ours()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once, inside a transaction that never commits; every request below is undone by a savepoint."""
    with django_db_blocker.unblock(), override_settings(STAFF_SECOND_FACTOR_WAIVED=True), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def clients(world: World) -> dict[Role | None, Client]:
    found: dict[Role | None, Client] = {None: Client(raise_request_exception=False)}
    for role, user in world.people.items():
        found[role] = Client(raise_request_exception=False)
        found[role].force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        session = found[role].session  # somebody who was there just now: images go the lean way from the first request
        session[SEEN] = time.time()
        session.save()
    return found


class Answer:
    """What came back, and whether the history grew."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.status, self.moved = response.status_code, False
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        self.body = body.decode("utf-8", "replace")
        self.to = response.headers.get("Location", "")
        self.headers = {k: v for k, v in response.headers.items() if k not in {"X-Request-ID", "Content-Length"}}

    def same_as(self, told: dict[str, Any]) -> tuple[int, str]:
        """Without what differs between any two requests: tokens, nonces, and what the address itself says."""
        text = f"{sorted(self.headers.items())}\n{self.body}"
        text = re.sub(r'(csrfmiddlewaretoken" value=|nonce=|content=)"[^"]{16,}"', "", text)
        for name, value in told.items():
            text = text.replace(str(value), f"<{name}>")
        return self.status, re.sub(r"\b[0-9a-f]{32}\b", "", text)


def ask(world: World, client: Client, route: Route, method: str, kwargs: dict[str, Any]) -> Answer:
    """One request through everything: middleware, gate, view, error page. It leaves nothing behind."""
    address = reverse(route.name, kwargs=kwargs)
    extra: dict[str, Any] = dict(TUS) if route.name in (*PROGRAMS[:2], *TUS_BY_LINK) else {}
    if method == "POST":
        extra["data"] = POSTS[route.name](world) if route.name in POSTS else {}
    elif route.name == "viewer:state" and method == "PUT":
        extra |= {"data": '{"revision": 0, "state": {}}', "content_type": "application/json"}
    client.cookies.pop("messages", None)  # what an answer before said to this person
    with transaction.atomic():
        before = Event.objects.count()
        answer = Answer(getattr(client, method.lower())(address, **extra))
        answer.moved = Event.objects.count() != before
        transaction.set_rollback(True)
    return answer


def ask_gate(route: Route, method: str, kwargs: dict[str, Any], user: Any) -> Answer:
    """The view alone, ten times as quick: for methods that it has no handler for, where the gate must answer all the same."""
    address = reverse(route.name, kwargs=kwargs)
    request = RequestFactory().generic(method, address)
    request.user, request.resolver_match = user, resolve(address)
    with transaction.atomic():
        try:
            answer = Answer(route.view.as_view()(request, **request.resolver_match.kwargs))
        except PermissionDenied:
            answer = Answer(HttpResponse(status=403))
        except Http404:
            answer = Answer(HttpResponse(status=404))
        transaction.set_rollback(True)
    return answer


def refused(route: Route, role: Role | None, answer: Answer) -> str:
    """Why this is not the right answer to a stranger or to the wrong role; "" when it is."""
    if answer.moved:
        return "something happened"
    if role is not None:
        return "" if answer.status == 403 else f"{answer.status} instead of 403"
    if route.name.startswith(PROGRAMS):
        return "" if answer.status == 401 else f"{answer.status} instead of 401"
    sign_in = answer.status == 302 and answer.to.startswith(resolve_url(settings.LOGIN_URL))
    return "" if sign_in else f"{answer.status} {answer.to} instead of the sign-in"


def own(route: Route, role: Role | None, method: str, answer: Answer) -> str:
    if not route.answers(method):
        return "" if answer.status == 405 else f"{answer.status} instead of 405"
    if role is not None and (route.name, role, method) in NOT_FOR_THEM:
        return "" if answer.status == 404 else f"{answer.status}; take it out of NOT_FOR_THEM"
    if answer.status in {401, 403, 404, 405} or answer.status >= 500:
        return f"{answer.status} for their own"
    signed_out = answer.status == 302 and answer.to.startswith(resolve_url(settings.LOGIN_URL))
    return "sent to sign in" if signed_out else ""


def hidden(route: Route, method: str, answer: Answer) -> str:
    if answer.moved:
        return "something happened"
    if route.answers(method) and method != "OPTIONS":
        if method == "POST" and route.name in STORES and answer.status in {400, 415}:
            return ""
        right = 204 if route.name in SEARCHES and method != "POST" else 404
        return "" if answer.status == right else f"{answer.status} instead of {right}"
    return "" if answer.status in {404, 405} or (method == "OPTIONS" and not answer.body) else f"{answer.status}"


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_matrix_route_answers_each_person_as_permitted(
    route: Route, world: World, clients: dict[Role | None, Client]
) -> None:
    roles = route.permission.roles
    named = objects(route)
    nobodys = bool(named) and all(lookup(INSTALLATION, route, name) for name in named)
    kinds = [OWN, *([MISSING] if named else []), *([OTHER, REVOKED] if named and not nobodys else [])]
    wrong: list[str] = []
    for role, client in clients.items():
        # a wrong role is refused before the object is looked up: one goes through everything, and all where portal/lean.py answers
        stranger = bool(roles and role) and role not in roles and not route.name.startswith("dicomweb:")
        for method in METHODS:
            answers = {}
            for which in kinds:
                kwargs = arguments(world, route, role or Role.PATIENT, which)
                whole = which == OWN or (method != "HEAD" and not stranger)
                if route.answers(method) and whole and method != "OPTIONS":
                    answer = ask(world, client, route, method, kwargs)
                else:
                    answer = ask_gate(route, method, kwargs, world.people[role] if role else AnonymousUser())
                answers[which] = answer.same_as(kwargs)
                if route.permission is Permission.DEMO:
                    problem = "" if answer.status == 404 else f"{answer.status}: outside the demo this does not exist"
                elif roles is not None and (role is None or role not in roles):
                    problem = refused(route, role, answer)
                elif route.permission is Permission.UPLOAD_LINK:  # an account, even the patient's own, opens no link
                    problem = (
                        "something happened" if answer.moved else "" if answer.status == 404 else f"{answer.status}"
                    )
                elif which == OWN:
                    problem = own(route, role, method, answer)
                else:
                    problem = hidden(route, method, answer)
                if not problem and which in {OTHER, REVOKED} and answers[which] != answers[MISSING]:
                    problem = "told apart from a missing one"
                if problem:
                    wrong.append(f"{method} by {role or 'anonymous'}, {which}: {problem}")
    assert wrong == []


# -- the holder of an upload link: a cookie instead of an account
BY_LINK = [route for route in ROUTES if route.permission is Permission.UPLOAD_LINK]
LIVE, ENDED_BY_TIME = "live", "expired"


def holder(part: Part, *, secret: str = "") -> Client:
    client = Client(raise_request_exception=False)
    assert part.link is not None
    client.cookies[f"co-send-{part.link.pk.hex}"] = secret or part.secret
    return client


@pytest.mark.parametrize("route", BY_LINK, ids=[route.name for route in BY_LINK])
@pytest.mark.parametrize("which", [LIVE, OTHER, REVOKED, ENDED_BY_TIME, "finished", "another's cookie", MISSING])
def test_matrix_a_link_opens_its_own_case_for_writing_while_it_lives(route: Route, which: str, world: World) -> None:
    """Own: answered. Another's or missing: 404. The holder of a link that was stopped, ran out or is done: 410, nothing of the case."""
    parts = world.stages["review"]
    mine, theirs = parts[OWN], parts[OTHER]
    assert mine.link is not None and theirs.link is not None
    client = holder(mine, secret=theirs.secret if which == "another's cookie" else "")
    kwargs = arguments(world, route, Role.PATIENT, which if which in {OTHER, MISSING} else OWN)
    with transaction.atomic():
        grant = Grant.objects.filter(pk=mine.link.grant_id)
        if which == REVOKED:
            grant.update(revoked_at=timezone.now())
        elif which == ENDED_BY_TIME:
            grant.update(until=timezone.now())
        elif which == "finished":
            links.finish(link=mine.link)
        for method in filter(route.answers, METHODS[:-1]):
            answer = ask(world, client, route, method, kwargs)
            if which == LIVE:
                assert own(route, None, method, answer) == "", method
                continue
            right = 404 if which in {OTHER, MISSING, "another's cookie"} else 410
            assert (answer.status, answer.moved) == (right, False), method
            assert mine.case.patient.family_name not in answer.body and mine.case.ref not in answer.body
        transaction.set_rollback(True)


def test_matrix_a_link_never_opens_anothers_upload(world: World) -> None:
    parts = world.stages["review"]
    mine, theirs = parts[OWN], parts[OTHER]
    route = next(one for one in BY_LINK if one.name == "records:send-upload")
    assert mine.link is not None
    for upload in (theirs.sending, mine.uploads[Role.PATIENT], mine.uploads[Role.COORDINATOR]):
        for method in ("HEAD", "PATCH", "DELETE"):
            answer = ask(world, holder(mine), route, method, {"link": mine.link.pk, "upload": upload})
            assert (answer.status, answer.moved) == (404, False), (method, upload)


def test_matrix_a_links_cookie_opens_nothing_else(world: World) -> None:
    """Write-only: no page of the case, no file, no list, for the holder of a live link."""
    client = holder(world.stages["review"][OWN])
    for route in ROUTES:
        if route.permission.roles is None:
            continue
        kwargs = arguments(world, route, Role.PATIENT, OWN)
        for method in filter(route.answers, METHODS[:-1]):
            answer = ask(world, client, route, method, kwargs)
            assert refused(route, None, answer) == "", (route.name, method)


MIXED = [route for route in ROUTES if len(objects(route)) > 1]


@pytest.mark.parametrize("route", MIXED, ids=[route.name for route in MIXED])
def test_matrix_own_case_never_opens_anothers_part(
    route: Route, world: World, clients: dict[Role | None, Client]
) -> None:
    """The address names one's own case and a part of another's, each argument in turn."""
    wrong: list[str] = []
    for role in sorted(route.permission.roles or ()):
        mine, theirs = arguments(world, route, role, OWN), arguments(world, route, role, OTHER)
        for name in objects(route):
            for method in filter(route.answers, METHODS[:-1]):
                answer = ask(world, clients[role], route, method, {**mine, name: theirs[name]})
                if problem := hidden(route, method, answer):
                    wrong.append(f"{method} by {role} with another's {name}: {problem}")
    assert wrong == []


PREVIEW = [route for route in ROUTES if {"ref", "pk"} & set(route.kwargs) and not objects(route)[1:]]
PREVIEW = [route for route in PREVIEW if route.permission.roles and Role.SPECIALIST in route.permission.roles]


@pytest.mark.parametrize("route", PREVIEW, ids=[route.name for route in PREVIEW])
def test_matrix_an_offer_opens_its_preview_alone(
    route: Route, world: World, clients: dict[Role | None, Client]
) -> None:
    part = world.stages["offer"][OWN]
    kwargs = {name: lookup(WORDS, route, name) for name in route.kwargs}
    kwargs |= {"pk": part.assignment.pk} if "pk" in route.kwargs and part.assignment else {"ref": part.case.ref}
    for method in METHODS:
        if not route.answers(method) or method == "OPTIONS":
            continue
        status = ask(world, clients[Role.SPECIALIST], route, method, kwargs).status
        if route.name == "reviews:offer":
            assert status < 400, (method, status)
        else:
            assert status == (204 if route.name in SEARCHES and method != "POST" else 404), (method, status)


STAFFED = [route for route in ROUTES if route.permission.roles]


@pytest.mark.parametrize("route", STAFFED, ids=[route.name for route in STAFFED])
def test_matrix_staff_without_a_second_factor_reach_nothing(
    route: Route, world: World, clients: dict[Role | None, Client]
) -> None:
    with override_settings(STAFF_SECOND_FACTOR_WAIVED=False):
        for role in sorted(STAFF & (route.permission.roles or frozenset())):
            answer = ask(world, clients[role], route, "GET", arguments(world, route, role, OWN))
            assert (answer.status, answer.to) == (302, reverse("mfa_index")), role


def test_matrix_every_route_is_ours_or_listed() -> None:
    foreign = {route.name: route for route in walk() if not route.ours}
    assert foreign.keys() == FOREIGN, "a route without the portal's gate: subclass BaseView, or say above why not"
    for route in foreign.values():
        assert route.view.__module__.startswith(tuple(PACKAGES)), route


def test_matrix_every_route_has_a_name_of_its_own() -> None:
    names = [route.name for route in walk()]
    assert all(name.rpartition(":")[2] for name in names)
    assert sorted(names) == sorted(set(names))


# -- the permissions themselves, said a second time: the matrix above takes each view at its word
PUBLIC = {
    "pages:home": "what the service is",
    "pages:help": "words",
    "pages:privacy": "words",
    "pages:terms": "words",
    "pages:imprint": "words",
    "pages:accessibility": "words",
    "pages:words": "words of our scripts, the same for everybody",
    "pages:health": "for load balancers; says ok",
    "accounts:accept": "for the holder of an invitation's secret, who has no account yet",
    "records:send-enter": "for the holder of an upload link's code, who has no account; the same page for everybody",
    "records:send-confirm": "the same",
    "cases:start": "emergency and eligibility questions come before the account",
    "cases:step": "the same",
    "cases:result": "the same",
    "cases:resume": "the same",
}
ALLOWED = {
    "": {Permission.SIGNED_IN},
    "pages": {Permission.VIEW_AUDIT},
    "accounts": {Permission.MANAGE_PEOPLE},
    "catalogue": {Permission.MANAGE_CATALOGUE},
    "cases": {Permission.OWN_CASE, Permission.VIEW_RECORDS},
    "patient": {Permission.OWN_CASE},
    "records": {
        Permission.UPLOAD_RECORDS,
        Permission.VIEW_RECORDS,
        Permission.DESK,
        Permission.UPLOAD_LINK,
        Permission.OWN_CASE,
    },
    "dicomweb": {Permission.VIEW_RECORDS},
    "viewer": {Permission.VIEW_RECORDS},
    "desk": {Permission.DESK},
    "reviews": {Permission.REVIEW, Permission.DESK, Permission.MANAGE_PEOPLE},
    "demo": {Permission.DEMO},
}


def test_matrix_public_routes_are_listed() -> None:
    assert {route.name for route in ROUTES if route.permission is Permission.PUBLIC} == PUBLIC.keys()


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_matrix_permission_fits_the_part_of_the_portal(route: Route) -> None:
    if route.name not in PUBLIC:
        assert route.permission in ALLOWED[route.name.partition(":")[0] if ":" in route.name else ""]
