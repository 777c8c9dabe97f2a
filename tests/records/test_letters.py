"""The letters that ask for records: what the law wants in them, and what is refused."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Case
from portal.catalogue import loader
from portal.core import storage
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import letters
from records.models import RequestLetter, UploadLink
from records.queries import links as link_queries
from records.rules import letters as rules
from records.rules.links import LinkState, read_token
from tests.factories import records as make

pytestmark = pytest.mark.django_db
EDITION = loader.shipped()
TODAY = date(2026, 4, 1)
AUTHORISATIONS = [one for one in EDITION.letters if rules.needs_end(one)]


def filled(letter: Any) -> dict[str, str]:
    return {part: f"example {part}" for part in letter.parts} | {"signature": "Testina Example"}


def problems(letter: Any, parts: dict[str, str], **more: Any) -> list[rules.Problem]:
    given_ = {"ends_on": TODAY, "own": True, "signer": "Testina Example", "today": TODAY} | more
    return rules.problems(letter, parts, **given_)


@pytest.mark.parametrize("letter", EDITION.letters, ids=lambda one: one.key)
def test_whole_letter_counts_and_each_missing_element_is_named(letter: Any) -> None:
    assert problems(letter, filled(letter), own=False) == []
    for part in letter.parts:
        for empty in ("", "   "):
            found = problems(letter, filled(letter) | {part: empty}, own=False)
            assert rules.Problem(part, "missing") in found, part


@pytest.mark.parametrize("letter", AUTHORISATIONS, ids=lambda one: one.key)
def test_authorisation_carries_every_element_and_statement_of_the_law(letter: Any) -> None:
    """45 CFR 164.508(c)(1)(i) to (vi) and (c)(2)(i) to (iii)."""
    assert {"provider", "receiver", "purpose", "ends", "signature", "signed_on", "authority"} <= set(letter.parts)
    assert {"records", "special_kind"} & set(letter.parts)
    said = " ".join(letter.notices)
    assert "take this back" in said and "in writing" in said.replace("Write to", "in writing")
    assert ("treatment" in said and "payment" in said) or letter.key == "authorisation_special"
    assert "pass them on" in said
    bare = dataclasses.replace(letter, notices=letter.notices[:2])
    assert rules.Problem("notices", "statements") in problems(bare, filled(bare))


@pytest.mark.parametrize(
    ("ends_on", "code"),
    [
        (None, "missing"),
        (TODAY - timedelta(days=1), "expired"),
        (TODAY, ""),
        (TODAY + timedelta(days=366), ""),
        (TODAY + timedelta(days=367), "too_long"),
    ],
)
def test_authorisation_must_end_and_not_have_ended(ends_on: date | None, code: str) -> None:
    letter = EDITION.letter("authorisation")
    found = [one.code for one in problems(letter, filled(letter), ends_on=ends_on)]
    assert found == ([code] if code else [])


def test_patient_needs_no_authority_and_somebody_else_does() -> None:
    letter = EDITION.letter("authorisation")
    parts = filled(letter) | {"authority": ""}
    assert problems(letter, parts, own=True) == []
    assert problems(letter, parts, own=False) == [rules.Problem("authority", "missing")]


@pytest.mark.parametrize(
    ("signature", "fits"),
    [("Testina Example", True), ("t. example", True), ("EXÁMPLE", True), ("Joe Stranger", False), ("T. E.", False)],
)
def test_signature_is_the_name_of_who_signs(signature: str, fits: bool) -> None:
    letter = EDITION.letter("access_request")
    found = problems(letter, filled(letter) | {"signature": signature})
    assert (found == []) is fits


@given(st.dictionaries(st.sampled_from([*rules.ELEMENTS, "patient_name", "birth_date"]), st.text(max_size=5)))
def test_rules_never_pass_an_authorisation_with_an_empty_element(parts: dict[str, str]) -> None:
    letter = EDITION.letter("authorisation")
    whole = all(parts.get(part, "").strip() for part in letter.parts)
    if not whole:
        assert problems(letter, parts, own=False) != []


def test_letters_follow_the_law_of_the_place() -> None:
    assert [one.key for one in EDITION.letters_for("US")][:3] == [
        "access_request",
        "access_request_third_party",
        "authorisation",
    ]
    for place in ("DE", "FR", "GB"):
        assert [one.key for one in EDITION.letters_for(place)] == ["access_request_gdpr", "authorisation_gdpr"]
    for place in ("IN", "", "ZZ"):
        assert [one.key for one in EDITION.letters_for(place)] == ["access_request_other", "authorisation_other"]
    gdpr = EDITION.letter("access_request_gdpr")
    assert "Article 15" in " ".join(gdpr.paragraphs) and "one month" in " ".join(gdpr.paragraphs)


# -- through the action and the pages --------------------------------------------------------------------------------


@pytest.fixture
def case() -> Any:
    found = make.case(specialties=["pulmonology"], condition="nodule")
    type(found.patient).objects.filter(pk=found.patient_id).update(country="US", phone="+1 555 010 0000")
    found.refresh_from_db()
    return found


def answers(**more: Any) -> letters.Answers:
    given_ = {
        "provider": "Sample Hospital\n1 Example Street",
        "items": ["chest_ct"],
        "purpose": "At my request",
        "ends_on": timezone.localdate() + timedelta(days=90),
        "signature": "Testina Example",
    } | more
    return letters.Answers(**given_)


def text_of(letter: RequestLetter) -> str:
    content = storage.read_bytes(letter.pdf, limit=10_000_000)
    document = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)


def test_signed_authorisation_is_a_tagged_pdf_with_a_code_that_works(case: Any) -> None:
    made = letters.sign(case=case, key="authorisation", answers=answers(), by=Actor.of(case.opened_by))
    content = storage.read_bytes(made.pdf, limit=10_000_000)
    import io

    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.Root.MarkInfo.Marked and "/StructTreeRoot" in document.Root
        assert document.Root.Lang == "en"
    said = text_of(made)
    for words in (
        "Testina Example",
        "4 May 1961",
        "Sample Hospital",
        "At my request",
        "Who gets them",
        "take this back",
    ):
        assert words in said, words
    assert "chest" in said.lower() and "{" not in said
    code = said.partition("You need no account.")[2].partition("The code works")[0]
    found = link_queries.by_token(code)
    assert read_token(code) and found == made.link
    assert found is not None and found.items == ["chest_ct"]
    assert code.replace(" ", "") not in str(made.parts)
    assert (made.capacity, made.signed_by, made.ends_on) == ("self", case.opened_by, answers().ends_on)


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": " "},
        {"items": []},
        {"purpose": ""},
        {"ends_on": None},
        {"ends_on": date(2020, 1, 1)},
        {"signature": ""},
        {"signature": "Joe Stranger"},
    ],
    ids=str,
)
def test_incomplete_or_expired_authorisation_is_refused_and_makes_nothing(case: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(letters.Invalid):
        letters.sign(case=case, key="authorisation", answers=answers(**wrong), by=Actor.of(case.opened_by))
    assert not RequestLetter.objects.exists() and not UploadLink.objects.exists()


def test_form_says_what_is_missing_and_keeps_what_was_typed(case: Any, patient: Client) -> None:
    address = f"/cases/{case.ref}/records/ask/write/authorisation/"
    form = {"provider": "Sample Hospital", "items": ["chest_ct"], "deliver": "link", "purpose": "At my request"}
    form |= {
        "ends_on_day": "1",
        "ends_on_month": "1",
        "ends_on_year": "2020",
        "signature": "Testina Example",
        "agreed": "on",
    }
    late = patient.post(address, form)
    assert late.status_code == 422
    assert "The end date must be today or later" in late.content.decode() and "Sample Hospital" in late.content.decode()
    unsigned = patient.post(address, form | {"ends_on_year": "2020", "agreed": ""})
    assert "Tick the box to sign the letter" in unsigned.content.decode()
    bare = patient.post(address, form | {"items": [], "ends_on_year": str(timezone.localdate().year + 1)})
    assert "Choose at least one record" in bare.content.decode() and "164.508(c)(1)(i)" in bare.content.decode()
    assert not RequestLetter.objects.exists()


def test_letter_is_signed_downloaded_and_taken_back(case: Any, patient: Client, settings: Any) -> None:
    address = f"/cases/{case.ref}/records/ask/write/access_request/"
    form = {"provider": "Sample Hospital", "items": ["chest_ct"], "deliver": "link", "signature": "Testina Example"}
    answer = patient.post(address, form | {"agreed": "on"})
    assert answer.status_code == 302, answer.content.decode()
    page = answer["Location"]
    download = patient.get(f"{page}pdf/")
    assert b"".join(download.streaming_content)[:5] == b"%PDF-"
    assert "Testina" not in download["Content-Disposition"]
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    desk = Client()
    desk.force_login(make.user(Role.COORDINATOR))
    assert desk.get(f"{page}pdf/").status_code == 200 and desk.post(f"{page}withdraw/").status_code == 403
    assert desk.get(address).status_code == 403, "the patient signs, not the desk"
    patient.post(f"{page}withdraw/")
    link = UploadLink.objects.select_related("grant").get()
    assert link_queries.state(link) is LinkState.REVOKED
    assert patient.get(f"{page}pdf/").status_code == 409
    assert "taken back" in patient.get(page).content.decode()


def test_expired_authorisation_is_not_given_out(case: Any, patient: Client) -> None:
    made = letters.sign(case=case, key="authorisation", answers=answers(), by=Actor.of(case.opened_by))
    RequestLetter.objects.filter(pk=made.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    refused = patient.get(f"/cases/{case.ref}/records/ask/letters/{made.pk}/pdf/")
    assert refused.status_code == 409
    assert "does not count any more" in refused.content.decode() and "sign a new one" in refused.content.decode()


def test_somebody_else_signs_in_their_role_only(case: Any) -> None:
    Case.objects.filter(pk=case.pk).update(acting_as="attorney")
    case.refresh_from_db()
    type(case.opened_by).objects.filter(pk=case.opened_by_id).update(name="Ines Invented")
    case.opened_by.refresh_from_db()
    by = Actor.of(case.opened_by)
    with pytest.raises(letters.Invalid, match="authority"):
        letters.sign(case=case, key="access_request", answers=answers(signature="Ines Invented"), by=by)
    given_ = answers(
        signature="Ines Invented", authority="Power of attorney of 3 May 2024", by_link=False, deliver_to="me"
    )
    made = letters.sign(case=case, key="authorisation", answers=given_, by=by)
    said = text_of(made)
    assert "Signed for Testina Example by Ines Invented, holder of a power of attorney" in said
    assert "Power of attorney of 3 May 2024" in said and made.link is None and made.capacity == "attorney"
    Case.objects.filter(pk=case.pk).update(acting_as="treating_doctor")
    case.refresh_from_db()
    with pytest.raises(Refused, match="doctor_cannot_sign"):
        letters.sign(case=case, key="access_request", answers=given_, by=by)


def test_nobody_but_the_patients_side_signs(case: Any) -> None:
    for role in (Role.COORDINATOR, Role.SPECIALIST, Role.PATIENT):
        with pytest.raises(PermissionDenied):
            letters.sign(case=case, key="access_request", answers=answers(), by=Actor.of(make.user(role)))


def test_link_is_stopped_when_the_letter_cannot_be_drawn(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> bytes:
        raise MemoryError

    monkeypatch.setattr(letters.pdf, "draw", fails)
    with pytest.raises(MemoryError):
        letters.sign(case=case, key="access_request", answers=answers(), by=Actor.of(case.opened_by))
    link = UploadLink.objects.select_related("grant").get()
    assert link_queries.state(link) is LinkState.REVOKED and not RequestLetter.objects.exists()


def test_letter_whose_commit_was_not_answered_keeps_its_pages_and_its_link(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = letters._signed

    def unheard(*given: Any) -> None:
        signed(*given)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(letters, "_signed", unheard)
    with pytest.raises(OperationalError):
        letters.sign(case=case, key="access_request", answers=answers(), by=Actor.of(case.opened_by))
    made = RequestLetter.objects.get()
    assert text_of(made)
    assert made.link is not None and link_queries.state(made.link) is not LinkState.REVOKED
