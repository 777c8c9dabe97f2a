from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.accounts.models import Invitation, User
from portal.core.states import Role

pytestmark = pytest.mark.django_db


def invite(address: str = "first@example.org") -> str:
    said = io.StringIO()
    call_command("invite_administrator", "Adele Example", address, stdout=said)
    found = re.search(r"https?://[^/]+(/\S+)", said.getvalue())
    assert found is not None
    return found[1]


def test_invite_administrator_prints_a_link_that_opens(client: Client) -> None:
    path = invite()
    assert client.get(path).status_code == 200
    assert Invitation.objects.get().role == Role.ADMINISTRATOR


def test_invite_administrator_makes_no_account_that_can_sign_in() -> None:
    invite()
    maker = User.objects.get()
    assert not maker.is_active
    assert not maker.has_usable_password()


def test_invite_administrator_again_revokes_the_first_link() -> None:
    invite()
    invite()
    assert Invitation.objects.filter(revoked_at__isnull=True).count() == 1


def test_invite_administrator_refuses_once_there_is_one() -> None:
    User.objects.create_user("boss@example.org", "x", role=Role.ADMINISTRATOR)
    with pytest.raises(CommandError, match="already"):
        invite()


def test_invite_administrator_refuses_what_is_no_address() -> None:
    with pytest.raises(CommandError, match="not an e-mail address"):
        invite("nobody")
