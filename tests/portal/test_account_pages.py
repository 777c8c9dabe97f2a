"""Every page, note and e-mail about an account speaks our words: none of allauth's own templates is ever drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from fido2 import webauthn
from fido2.cose import ES256
from fido2.utils import websafe_encode
from lxml import html

from portal.accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
OURS = Path(settings.BASE_DIR) / "templates"
THEIRS = Path(allauth.__file__).parent / "templates"
NEVER = {
    "phone": "no account has a telephone number to sign in with",
    "login_code": "nobody signs in by a mailed code",
    "confirm_login_code": "nobody signs in by a mailed code",
    "password_reset_code": "a new password comes by a link",
    "confirm_email_verification_code": "an address is shown by a link",
    "base_confirm_code": "of the pages for codes above",
    "account/email.html": "ACCOUNT_CHANGE_EMAIL: each account has one address",
    "snippets": "of pages that are ours",
    "signup_by_passkey": "an account begins with a password",
    "webauthn/signup_form": "an account begins with a password",
    "mfa/trust": "no browser is trusted for ever",
    "/base.html": "of pages that are ours",
}
"""Parts of the names of templates that no setting of ours leads to."""


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def person(**columns: Any) -> User:
    user: User = UserFactory(email="testina@example.test", **columns)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def credential() -> dict[str, Any]:
    """What a device answers when a passkey is made, as it is kept."""
    known = webauthn.AttestedCredentialData.create(
        bytes(16), bytes(16), ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    )
    flags = webauthn.AuthenticatorData.FLAG.AT | webauthn.AuthenticatorData.FLAG.UP
    made = webauthn.AttestationObject.create("none", webauthn.AuthenticatorData.create(bytes(32), flags, 0, known), {})
    client = {"type": "webauthn.create", "challenge": "AAAA", "origin": "http://localhost"}
    return {
        "name": "My laptop",
        "credential": {
            "id": websafe_encode(bytes(16)),
            "rawId": websafe_encode(bytes(16)),
            "type": "public-key",
            "response": {
                "attestationObject": websafe_encode(made),
                "clientDataJSON": websafe_encode(json.dumps(client).encode()),
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
        },
    }


def signed_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def routes(resolver: URLResolver | None = None) -> set[str]:
    """Names of every route of allauth in our URLconf."""
    found: set[str] = set()
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            found |= routes(one)
        elif isinstance(one, URLPattern) and "allauth" in one.lookup_str:
            found.add(str(one.name))
    return found


def foreign(response: Any) -> set[str]:
    """Templates of a response that are neither ours nor Django's form widgets."""
    origins = {str(one.origin.name) for one in response.templates if one.origin and one.name}
    return {one for one in origins if not one.startswith(str(OURS)) and "django/forms" not in one}


def every_page() -> dict[str, Any]:
    """Each route of allauth as the person meets it who has a reason to be there."""
    user = person()
    nobody, half, full = Client(), signed_in(user), Client()
    found = {
        name: nobody.get(reverse(name))
        for name in (
            "account_login account_signup account_inactive account_reset_password account_reset_password_done "
            "account_reset_password_from_key_done account_email_verification_sent account_confirm_login_code "
            "mfa_login_webauthn"
        ).split()
    }
    address = EmailAddress.objects.create(user=user, email="new@example.test", verified=False)
    key = EmailConfirmationHMAC(address).key
    found["account_confirm_email"] = nobody.get(reverse("account_confirm_email", args=[key]))
    found["account_confirm_email wrong"] = nobody.get(reverse("account_confirm_email", args=["wrong"]))
    token = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
    found["account_reset_password_from_key"] = nobody.get(
        reverse("account_reset_password_from_key", args=token), follow=True
    )
    found["account_reset_password_from_key wrong"] = Client().get(
        reverse("account_reset_password_from_key", args=[token[0], "wrong"])
    )
    found["account_email changing"] = half.get(reverse("account_email"))
    EmailAddress.objects.filter(email="new@example.test").delete()
    half.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in (
        "account_email account_change_password account_reauthenticate account_logout mfa_index mfa_activate_totp "
        "mfa_add_webauthn usersessions_list"
    ).split():
        found[name] = half.get(reverse(name))
    without = UserFactory(email="none@example.test")
    without.set_unusable_password()
    without.save()
    bare = Client()
    bare.force_login(without)
    found["account_set_password"] = bare.get(reverse("account_set_password"))

    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    held = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=credential())
    full.force_login(user)
    full.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in (
        "mfa_deactivate_totp mfa_view_recovery_codes mfa_generate_recovery_codes mfa_download_recovery_codes "
        "mfa_list_webauthn mfa_reauthenticate mfa_reauthenticate_webauthn"
    ).split():
        found[name] = full.get(reverse(name))
    found["mfa_index full"] = full.get(reverse("mfa_index"))
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        found[name] = full.get(reverse(name, args=[held.pk]))
    entering = Client()
    entering.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    found["mfa_authenticate"] = entering.get(reverse("mfa_authenticate"))
    return found


def test_every_account_page_is_drawn_by_our_templates_in_our_words() -> None:
    pages = every_page()
    assert {name.split()[0] for name in pages} == routes()
    redirected = {name for name, page in pages.items() if page.status_code != 200}
    assert redirected == {"account_confirm_login_code", "mfa_login_webauthn"}, "no page of their own"
    assert {name: foreign(page) for name, page in pages.items() if foreign(page)} == {}
    for name, page in pages.items():
        if name in redirected or "html" not in page.headers["Content-Type"]:
            continue
        tree = html.fromstring(page.content.decode())
        assert len(tree.xpath("//h1")) == 1, name
        assert not tree.xpath("//*[@style]"), name
        for word in ("Two-Factor", "reauthenticat", "Authenticator secret", "Bad Token", "Security Key", "Master key"):
            assert word not in tree.xpath("//main")[0].text_content(), (name, word)


def test_every_note_and_letter_of_the_package_has_our_words() -> None:
    theirs = {
        str(one.relative_to(THEIRS))
        for folder in ("account", "mfa", "usersessions")
        for one in (THEIRS / folder).rglob("*.*")
        if one.suffix in {".txt", ".html"}
    }
    missing = {one for one in theirs if not (OURS / one).exists() and not any(part in one for part in NEVER)}
    assert missing == set()


def test_a_changed_password_is_told_by_e_mail_in_our_words() -> None:
    client = signed_in(person())
    new = "four other words together"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    letter = mail.outbox[-1]
    assert letter.subject == "Your password was changed"
    assert "If it was not you, call us today" in letter.body
    assert "IP address" not in letter.body


def test_a_wrong_password_is_answered_with_what_to_do() -> None:
    person()
    page = Client().post(reverse("account_login"), {"login": "testina@example.test", "password": "wrong"})
    assert "Check both and try again" in page.content.decode()


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_what_is_wrong_stands_above_the_heading_as_on_our_other_pages(name: str) -> None:
    tree = html.fromstring(Client().post(reverse(name), {}).content)
    marks = [one.get("class") for one in tree.xpath("//main//*[@class='nhsuk-error-summary' or self::h1]")]
    assert marks == ["nhsuk-error-summary", "nhsuk-heading-l"]


def test_a_session_names_the_device_in_words_that_its_owner_knows() -> None:
    user = person()
    client = Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"})
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    page = client.get(reverse("usersessions_list")).content.decode()
    assert "Firefox, Windows" in page
    assert "Gecko" not in page
