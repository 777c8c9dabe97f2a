"""What the tests of a case's pages and messages share."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from cases.actions import holds
from cases.models import Case, Hold
from portal.accounts.models import User
from portal.core.access import Actor


def page(name: str, case: Case, *more: Any) -> str:
    """The address of a page of this case."""
    return reverse(name, args=[case.ref, *more])


def own(case: Case) -> Client:
    """A browser in which the patient is signed in."""
    client = Client()
    client.force_login(case.opened_by)
    return client


def ask(case: Case, desk: User, owner: str = "patient", asks: str = "How many valve operations did you have?") -> Hold:
    return holds.open(case=case, reason="question", owner=owner, asks=asks, by=Actor.of(desk))
