"""Staff: by invitation, and never without a second factor."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys import accounts
from tests.journeys.browser import Person
from tests.journeys.service import Service, wait_until

ADDRESS = "admina@factor.example"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def signs_in(person: Person) -> None:
    person.go("/accounts/login/")
    person.checks_page()
    person.fill("E-mail address", ADDRESS)
    person.page.get_by_label("Password", exact=True).fill(accounts.PASSWORD)
    person.press("Sign in", exact=True)
    person.page.wait_for_url("**/2fa/authenticate/**")
    person.checks_page()


def signs_out(person: Person) -> None:
    person.press("Sign out")
    person.page.wait_for_url(lambda url: "/people" not in url)


def shown_code(secret: str, but_not: str) -> str:
    """What the app shows, once it shows another code than that."""
    wait_until(lambda: accounts.totp(secret) != but_not, "the app shows the next code")
    return accounts.totp_that_lasts(secret)


def enters(person: Person, code: str) -> None:
    person.page.get_by_role("textbox").first.fill(code)
    person.press("Sign in", exact=True)


def test_staff_without_a_second_factor_get_no_further_than_setting_one_up(
    service: Service, meet: Callable[..., Person]
) -> None:
    admin = meet("administrator")
    admin.go(accounts.administrators_link(service, ADDRESS))
    admin.page.get_by_label("Choose a password", exact=True).fill(accounts.PASSWORD)
    admin.press("Create my account")
    admin.on("Sign-in security")

    # Given no second factor, every page of the staff leads back to it
    admin.go("/accounts/people/")
    admin.page.wait_for_url("**/2fa/**")

    # When one is set up
    secret = accounts.sets_up_authenticator(admin)
    admin.go("/accounts/2fa/recovery-codes/")
    codes = admin.page.locator("textarea, .co-codes").first
    code = (codes.input_value() if codes.evaluate("one => one.tagName") == "TEXTAREA" else codes.inner_text()).split()[
        0
    ]

    # Then the password alone does not open the door, but with a recovery code it does
    signs_out(admin)
    signs_in(admin)
    admin.page.get_by_role("textbox").first.fill("000000")
    with admin.expecting("status of 4"):
        admin.press("Sign in", exact=True)
        admin.checks_page()
    admin.page.get_by_role("textbox").first.fill(code)
    admin.press("Sign in", exact=True)
    admin.on("People")

    # And with the code that the app shows, but with each code once only: who looks over a shoulder gains nothing
    used = shown_code(secret, but_not="")
    signs_out(admin)
    signs_in(admin)
    enters(admin, used)
    admin.on("People")
    signs_out(admin)
    signs_in(admin)
    with admin.expecting("status of 4"):
        enters(admin, used)
        admin.reads("There is a problem")
    assert "/2fa/authenticate/" in admin.page.url, admin.page.url
    enters(admin, shown_code(secret, but_not=used))
    admin.on("People")

    # And a passkey of the device does
    session = admin.context.new_cdp_session(admin.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    admin.go("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in admin.page.url:
        admin.page.get_by_role("textbox").first.fill(accounts.PASSWORD)
        admin.press("Confirm")
    admin.checks_page()
    admin.page.get_by_role("textbox").first.fill("My laptop")
    expect(admin.page.get_by_role("checkbox"), "as it is offered, it signs in alone").to_be_checked()
    admin.page.locator("#mfa_webauthn_add").click()
    admin.page.wait_for_url(lambda url: "/add/" not in url)
    admin.checks_page()
    admin.go("/accounts/2fa/webauthn/")
    admin.reads("My laptop")
    admin.checks_page()
    admin.go("/accounts/people/")
    signs_out(admin)
    admin.go("/accounts/login/")
    admin.press("Sign in with a passkey")
    admin.on("People")
    expect(admin.page.get_by_role("button", name="Sign out")).to_be_visible()
