"""How people get in: sign-up with a mailed link, invitations, the second factor."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time

from tests.journeys.browser import Person
from tests.journeys.service import Service, wait_until

PASSWORD = "heron quilt lantern orbit"


def totp(secret: str, at: float | None = None) -> str:
    """The six digits that an authenticator app shows (RFC 6238, SHA-1, 30 s)."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int((time.time() if at is None else at) // 30)), "sha1")
    at_byte = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at_byte : at_byte + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def totp_that_lasts(secret: str) -> str:
    """A code with ten seconds left at least: only the current one is taken."""
    wait_until(lambda: time.time() % 30 < 20, "the app shows the next code")
    return totp(secret)


def signs_up(person: Person, name: str, address: str) -> None:
    """On the sign-up page: makes the account and opens the mailed link."""
    person.on("Create an account")
    person.checks_page()
    person.fill("Your name", name)
    person.page.get_by_role("textbox", name=re.compile("^E-?mail")).fill(address)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.press("Create account")
    person.on("Check your e-mail")
    person.checks_page()
    person.go(person.service.mailed_link(address, "/confirm-email/"))
    person.checks_page()
    person.press("Yes, go on")


ONE_MORE = """
from portal.accounts import actions
from portal.accounts.models import User
from portal.core.access import Actor
from portal.core.states import Role
by = Actor.of(User.objects.filter(role=Role.ADMINISTRATOR).first())
print(actions.invite(email="{address}", name="Admina Example", role=Role.ADMINISTRATOR, by=by)[1])
"""


def administrators_link(service: Service, address: str) -> str:
    """The first comes by the operator's command; after another journey on the same portal, one is invited by the last."""
    known = "from portal.accounts.models import User\nprint(User.objects.filter(role='administrator').count())"
    if service.django(known) == "0":
        said = service.run("manage.py", "invite_administrator", "Admina Example", address)
    else:
        said = service.django(ONE_MORE.format(address=address))
    return said.split()[-1]


def first_administrator(service: Service, person: Person, address: str) -> None:
    accepts_invitation(person, administrators_link(service, address))


def invites(administrator: Person, name: str, address: str, role: str) -> str:
    """The link for a new member of staff."""
    administrator.go("/accounts/people/")
    administrator.on("People")
    administrator.follow("Invite someone")
    administrator.fill("Name", name)
    administrator.fill("E-mail address", address)
    administrator.choose("Role", role)
    administrator.press("Make the invitation")
    administrator.on("Invitation made")
    return administrator.page.locator("#invitation-link").inner_text()


def accepts_invitation(person: Person, link: str) -> str:
    """Chooses a password and sets up the authenticator app that every member of staff needs. Returns the app's secret."""
    person.go(link)
    person.on("Welcome")
    person.checks_page()
    person.page.get_by_label("Choose a password", exact=True).fill(PASSWORD)
    person.press("Create my account")
    return sets_up_authenticator(person)


def sets_up_authenticator(person: Person) -> str:
    page = person.page
    person.on("Sign-in security")
    person.checks_page()
    page.locator("a[href='/accounts/2fa/totp/activate/']").click()
    page.wait_for_url(re.compile("activate|reauthenticate"))
    if page.get_by_role("button", name="Confirm", exact=True).is_visible():
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        person.press("Confirm")
    person.checks_page()
    secret = re.sub(r"\W", "", page.get_by_label("Key, if you cannot scan").input_value())
    page.get_by_label("Code from the app").fill(totp_that_lasts(secret))
    person.press("Turn on")
    person.on("backup codes")
    person.checks_page()
    return secret
