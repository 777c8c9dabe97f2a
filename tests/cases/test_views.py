"""The patient's pages: who may see them, saving as one goes, sending."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.actions import holds, messages
from cases.actions.grants import revoke
from cases.models import Case, Consent, DeskNote, IntakeSection, Message, Question
from cases.queries.edition import edition_of
from cases.states import Phase
from portal.core.access import Actor
from portal.core.models import AuditEntry
from tests.cases.helpers import own, page
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import CaseFactory, health_answers, make_case
from tests.factories.catalogue import published_catalogue

pytestmark = pytest.mark.django_db

ABOUT = {
    "given_name": "Testina",
    "family_name": "Example",
    "other_names": "",
    "birth_date_day": "3",
    "birth_date_month": "4",
    "birth_date_year": "1950",
    "sex": "female",
    "country": "US",
    "state": "US-MA",
    "language": "en",
    "phone": "+1 555 010 1111",
}
PROBLEM = {
    "reason": "peace_of_mind", "condition": "valve", "title": "Valve?", "first_diagnosis": "A tight valve",
    "first_treatment": "Surgery", "matters_most": ["independent", "be_sure"],
}  # fmt: skip


def pages(case):
    return [
        page("patient:case", case), page("cases:questions", case), page("cases:consents", case), page("cases:check", case),
        page("cases:section", case, "about"), page("cases:section", case, "problem"), page("cases:section", case, "health"),
        page("cases:consent", case, "cost"), page("cases:withdraw", case),
    ]  # fmt: skip


def test_pages_of_another_persons_case_do_not_exist(client):
    case = make_case()
    client.force_login(UserFactory())
    for address in pages(case):
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"autosave": "1"}).status_code in {404, 405}, address
    assert not IntakeSection.objects.exists()


def test_pages_lead_anonymous_people_to_sign_in(client):
    case = make_case()
    for address in pages(case):
        assert client.get(address).url.startswith(reverse("account_login")), address


def test_pages_are_not_for_staff(client):
    case = CaseFactory(phase=Phase.TRIAGE)
    client.force_login(CoordinatorFactory())
    assert client.get(page("patient:case", case)).status_code == 403
    assert client.get(page("cases:messages", case)).status_code == 403


def test_pages_of_a_revoked_grant_do_not_exist():
    case = make_case()
    client = own(case)
    assert client.get(page("patient:case", case)).status_code == 200
    revoke(case=case, user=case.opened_by, by=Actor.job("test"))
    assert client.get(page("patient:case", case)).status_code == 404


@pytest.mark.parametrize("phase", list(Phase))
def test_case_page_of_every_phase_is_shown_and_recorded(phase):
    case = CaseFactory(phase=phase)
    response = own(case).get(page("patient:case", case))
    assert response.status_code == 200
    assert case.ref in response.content.decode()
    assert AuditEntry.objects.filter(cases=[str(case.pk)], action="GET patient:case").exists()


def test_case_page_never_shows_staff_notes():
    case = CaseFactory(phase=Phase.TRIAGE)
    DeskNote.objects.create(case=case, author=CoordinatorFactory(), body="difficult canary note")
    client = own(case)
    for address in (page("patient:case", case), page("cases:messages", case), page("cases:consents", case)):
        assert "canary" not in client.get(address).content.decode()


def test_list_goes_to_the_only_case_and_shows_several():
    user = UserFactory()
    case = make_case(owner=user)
    client = own(case)
    assert client.get(reverse("cases:list")).url == page("patient:case", case)
    other = CaseFactory(owner=user, phase=Phase.TRIAGE)
    text = client.get(reverse("cases:list")).content.decode()
    assert case.ref in text and other.ref in text


def test_list_asks_as_many_queries_for_three_rows_as_for_two():
    user = UserFactory()
    make_case(owner=user)
    case = make_case(owner=user)
    client = own(case)
    client.get(reverse("cases:list"))
    with CaptureQueriesContext(connection) as two:
        client.get(reverse("cases:list"))
    make_case(owner=user)
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("cases:list"))
    assert len(two) == len(three)


def test_case_page_asks_as_many_queries_with_three_messages_as_with_one():
    desk = CoordinatorFactory()
    case = CaseFactory(phase=Phase.TRIAGE, coordinator=desk)
    client = own(case)
    client.get(page("patient:case", case))
    counts = []
    for number in range(3):
        messages.send(case=case, by=Actor.of(desk), body=f"Hello {number}")
        holds.open(case=case, reason="question", owner="patient", asks=f"What {number}?", by=Actor.of(desk))
        with CaptureQueriesContext(connection) as made:
            client.get(page("patient:case", case))
        counts.append(len(made))
    assert counts[0] == counts[2]


def test_section_saves_and_completes_without_a_script():
    case = make_case()
    client = own(case)
    response = client.post(page("cases:section", case, "about"), ABOUT | {"revision": "0"})
    assert response.url == page("patient:case", case)
    section = IntakeSection.objects.get(case=case, key="about")
    assert section.complete and section.answers["birth_date"] == "1950-04-03" and section.answers["state"] == "MA"
    case.patient.refresh_from_db()
    assert case.patient.family_name == "Example"
    assert "Completed" in client.get(page("patient:case", case)).content.decode()


def test_section_with_a_mistake_is_kept_and_says_what_to_do():
    case = make_case()
    client = own(case)
    wrong = ABOUT | {"phone": "abc", "birth_date_month": "13", "revision": "0"}
    response = client.post(page("cases:section", case, "about"), wrong, follow=True)
    text = response.content.decode()
    assert "Enter a phone number with its digits" in text and "The month must be a number from 1 to 12" in text
    assert 'value="abc"' in text and 'value="13"' in text
    assert "<title>Error:" in text
    again = client.get(page("cases:section", case, "about")).content.decode()
    assert 'value="abc"' in again and "There is a problem" not in again
    assert not IntakeSection.objects.get(case=case).complete


def test_a_birth_date_nobody_can_have_asks_for_the_year():
    case = make_case()
    client = own(case)
    response = client.post(
        page("cases:section", case, "about"), ABOUT | {"birth_date_year": "1862", "revision": "0"}, follow=True
    )
    assert "Check the year. This date of birth would be more than 120 years ago" in response.content.decode()


def test_section_can_be_left_for_later_unfinished():
    case = make_case()
    client = own(case)
    response = client.post(
        page("cases:section", case, "about"), {"given_name": "Testina", "revision": "0", "later": "1"}
    )
    assert response.url == page("patient:case", case)
    assert "In progress" in client.get(page("patient:case", case)).content.decode()


def test_section_saved_elsewhere_meanwhile_keeps_both():
    case = make_case()
    client = own(case)
    client.post(page("cases:section", case, "about"), ABOUT | {"revision": "0"})
    response = client.post(page("cases:section", case, "about"), ABOUT | {"given_name": "Mine", "revision": "0"})
    text = response.content.decode()
    assert "saved in another tab" in text and 'value="Mine"' in text and 'name="revision" value="1"' in text
    shown = re.findall(r'key">(.+?)</dt><dd class="nhsuk-summary-list__value">(.+?)</dd>', text)
    assert shown == [("First name", "Testina")]
    assert IntakeSection.objects.get(case=case).answers["given_name"] == "Testina"


def auto(client, case, section, revision, **fields):
    data = {"autosave": "1", "revision": str(revision), "fields": list(fields)} | fields
    return client.post(page("cases:section", case, section), {k: v for k, v in data.items() if v is not None})


def test_autosave_keeps_what_changed_on_top_of_the_rest():
    case = make_case()
    client = own(case)
    first = auto(client, case, "about", 0, given_name="Testina", birth_date_day="3")
    assert first.json()["revision"] == 1 and first.json()["errors"] == {}
    assert auto(client, case, "about", 1, family_name="Example").json()["revision"] == 2
    section = IntakeSection.objects.get(case=case)
    assert section.draft["given_name"] == ["Testina"] and section.draft["birth_date_day"] == ["3"]
    assert section.draft["country"] == ["US"], "what was filled in for the patient stays"
    assert section.answers["family_name"] == "Example" and not section.complete


def test_autosave_of_an_emptied_group_of_boxes_empties_it():
    case = make_case()
    client = own(case)
    auto(client, case, "problem", 0, matters_most=["independent"])
    auto(client, case, "problem", 1, matters_most=None)
    assert IntakeSection.objects.get(case=case).draft["matters_most"] == []


def test_autosave_from_an_old_page_is_a_conflict():
    case = make_case()
    client = own(case)
    auto(client, case, "about", 0, given_name="New")
    response = auto(client, case, "about", 0, given_name="Old")
    assert response.status_code == 409 and response.json() == {"revision": 1}
    assert IntakeSection.objects.get(case=case).answers["given_name"] == "New"


def test_autosave_ignores_fields_that_the_page_does_not_have():
    case = make_case()
    auto(own(case), case, "about", 0, given_name="A", role="administrator", phase="delivered")
    assert set(IntakeSection.objects.get(case=case).draft) & {"role", "phase"} == set()


def test_autosave_says_what_is_wrong_but_not_what_is_missing():
    case = make_case()
    errors = auto(own(case), case, "about", 0, phone="abc", given_name="").json()["errors"]
    assert list(errors) == ["phone"]


@pytest.mark.parametrize("phase", [Phase.COLLECTING, Phase.DELIVERED])
def test_section_of_a_sent_case_does_not_exist(phase):
    case = CaseFactory(phase=phase)
    assert own(case).get(page("cases:section", case, "about")).status_code == 404


def test_problem_asks_what_the_reason_makes_necessary():
    case = make_case()
    client = own(case)
    address = page("cases:section", case, "problem")
    reasons = {one.key: one for one in edition_of(case).reasons}
    needs = next(one for one in reasons.values() if any(ask.required for ask in one.follow))
    response = client.post(address, PROBLEM | {"reason": needs.key, "revision": "0"}, follow=True)
    asked = next(ask for ask in needs.follow if ask.required)
    assert f"Answer: {asked.words}" in response.content.decode().replace("&#x27;", "'")
    done = client.post(address, PROBLEM | {"reason": needs.key, asked.key: "An answer", "revision": "1"})
    assert done.url == page("patient:case", case)
    case.refresh_from_db()
    assert case.condition == "valve" and case.title == "Valve?"


def test_health_asks_what_the_catalogue_asks_for_the_condition():
    case = make_case(filled=True)
    Case.objects.filter(pk=case.pk).update(condition="valve")
    IntakeSection.objects.filter(case=case, key="health").delete()
    text = own(case).get(page("cases:section", case, "health")).content.decode()
    assert 'name="valve_plan"' in text and 'name="symptoms"' in text and 'name="matters_most"' not in text


def test_questions_are_added_moved_and_taken_away_without_a_script():
    case = make_case()
    client, address = own(case), page("cases:questions", case)
    offered = edition_of(case).questions("cardiology")

    def texts():
        return [question.text for question in Question.objects.filter(case=case)]

    client.post(address, {"q1": "Mine?", "add": "0", "revision": "0"})
    assert texts() == ["Mine?", offered[0]]
    client.post(address, {"q1": "Mine?", "q2": offered[0], "up": "2", "revision": "1"})
    assert texts() == [offered[0], "Mine?"]
    client.post(address, {"q1": offered[0], "q2": "Mine?", "drop": "1", "revision": "2"})
    assert texts() == ["Mine?"]
    client.post(address, {"q1": "", "q2": "Mine?", "q3": "Also?", "revision": "3"})
    assert texts() == ["Mine?", "Also?"]
    assert IntakeSection.objects.get(case=case, key="questions").complete
    empty = client.post(address, {"q1": " ", "revision": "4"}, follow=True)
    assert "Write at least one question" in empty.content.decode()


@pytest.mark.parametrize(
    ("button", "stands", "focused", "said"),
    [
        ({"up": "3"}, "acb", 'name="up" value="2"', "This is question 2 of 3 now"),
        ({"up": "2"}, "bac", 'name="down" value="1"', "This is question 1 of 3 now"),
        ({"down": "1"}, "bac", 'name="down" value="2"', "This is question 2 of 3 now"),
        ({"down": "2"}, "acb", 'name="up" value="3"', "This is question 3 of 3 now"),
        ({"drop": "3"}, "ab", 'name="drop" value="2"', "The question is removed"),
        ({"more": "1"}, "abc", 'name="q4"', ""),
        ({"add": "0"}, "abc+", 'name="q4"', ""),
    ],
)
@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.TRIAGE])
def test_the_page_opens_at_the_question_that_was_moved_and_says_where_it_stands(
    button: dict[str, str], stands: str, focused: str, said: str, phase: Phase
):
    case = make_case() if phase == Phase.DRAFT else CaseFactory(phase=phase)
    typed = {"q1": "a", "q2": "b", "q3": "c", "revision": "0"}
    text = own(case).post(page("cases:questions", case), typed | button, follow=True).content.decode()
    boxes = re.findall(r'<textarea[^>]*name="q\d"[^>]*>\s*([^<]*)</textarea>', text)
    assert "".join(box[:1] for box in boxes).startswith(stands.rstrip("+"))
    controls = re.findall(r"<(?:button|textarea)[^>]* autofocus[^>]*>", text)
    assert len(controls) == 1 and focused in controls[0]
    assert not said or (said in text and 'aria-describedby="question-news"' in controls[0])


def test_questions_can_be_changed_after_sending_until_a_specialist_is_looked_for():
    case = CaseFactory(phase=Phase.TRIAGE)
    client = own(case)
    assert client.post(page("cases:questions", case), {"q1": "Changed?"}).url == page("patient:case", case)
    assert [q.text for q in Question.objects.filter(case=case)] == ["Changed?"]
    late = CaseFactory(phase=Phase.MATCHING)
    assert own(late).get(page("cases:questions", late)).status_code == 404


def test_a_whole_request_is_filled_in_and_sent():
    case = make_case()
    client = own(case)
    client.post(page("cases:section", case, "about"), ABOUT | {"revision": "0"})
    client.post(page("cases:section", case, "problem"), PROBLEM | {"revision": "0"})
    client.post(page("cases:questions", case), {"q1": "Why?", "revision": "0"})
    case.refresh_from_db()
    answers = health_answers(case)
    assert client.post(page("cases:check", case)).status_code == 200
    client.post(page("cases:section", case, "health"), answers | {"revision": "0"})
    assert "Read and answer each page" in client.post(page("cases:check", case)).content.decode()
    address = client.get(page("cases:consents", case)).url
    while "/consent/" in address:
        required = 'type="checkbox"' in client.get(address).content.decode()
        address = client.post(address, {"agree": "on" if required else "no"}).url
    assert Consent.objects.filter(case=case).count() == len(edition_of(case).consents())
    assert client.post(page("cases:check", case)).url == page("cases:sent", case)
    assert case.ref in client.get(page("cases:sent", case)).content.decode()
    assert client.post(page("cases:check", case)).url == page("cases:sent", case), "a second click is no error"
    case.refresh_from_db()
    assert case.phase == Phase.COLLECTING


def test_consent_that_is_needed_must_be_ticked():
    case = make_case()
    response = own(case).post(page("cases:consent", case, "cost"), {})
    assert "Tick the box if you agree" in response.content.decode()
    assert not Consent.objects.exists()


def test_check_of_an_unfinished_request_cannot_be_sent():
    case = make_case()
    client = own(case)
    assert "Send my request" not in client.get(page("cases:check", case)).content.decode()
    client.post(page("cases:check", case))
    case.refresh_from_db()
    assert case.phase == Phase.DRAFT


def test_answer_to_a_question_closes_it_and_the_page_goes_calm():
    desk = CoordinatorFactory()
    case = CaseFactory(phase=Phase.TRIAGE, coordinator=desk)
    hold = holds.open(case=case, reason="question", owner="patient", asks="How many?", by=Actor.of(desk))
    client = own(case)
    assert "How many?" in client.get(page("patient:case", case)).content.decode()
    assert "How many?" in client.get(page("cases:messages", case) + f"?hold={hold.pk}").content.decode()
    client.post(page("cases:messages", case), {"body": "Two", "hold": str(hold.pk)})
    hold.refresh_from_db()
    assert hold.until is not None
    assert "Nothing right now" in client.get(page("patient:case", case)).content.decode()


def test_messages_are_read_when_opened_and_new_ones_counted():
    desk = CoordinatorFactory()
    case = CaseFactory(phase=Phase.TRIAGE, coordinator=desk)
    messages.send(case=case, by=Actor.of(desk), body="Hello <b>you</b>")
    client = own(case)
    assert "Read 1 new message" in client.get(page("patient:case", case)).content.decode()
    text = client.get(page("cases:messages", case)).content.decode()
    assert "New" in text and "<b>you</b>" not in text
    assert "Read 1 new message" not in client.get(page("patient:case", case)).content.decode()


def test_messages_need_words_and_are_closed_after_withdrawing():
    case = CaseFactory(phase=Phase.TRIAGE)
    client = own(case)
    assert "Write your message" in client.post(page("cases:messages", case), {"body": " "}).content.decode()
    gone = CaseFactory(phase=Phase.WITHDRAWN)
    assert own(gone).post(page("cases:messages", gone), {"body": "x"}).status_code == 404
    assert not Message.objects.exists()


def test_withdraw_needs_one_more_tick():
    case = CaseFactory(phase=Phase.TRIAGE)
    client, address = own(case), page("cases:withdraw", case)
    assert "Tick the box" in client.post(address, {}).content.decode()
    client.post(address, {"sure": "on"})
    case.refresh_from_db()
    assert case.phase == Phase.WITHDRAWN
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["home", "help", "privacy", "terms", "imprint", "accessibility"])
def test_public_pages_need_no_account(client, name):
    published_catalogue()
    assert client.get(reverse(f"pages:{name}")).status_code == 200


def test_error_summary_of_a_section_follows_the_page():
    case = make_case()
    client = own(case)
    body = client.post(page("cases:section", case, "health"), {"revision": 0}, follow=True).content.decode()
    summary, form = body[body.index("nhsuk-error-summary__list") :].split("</ul>", 1)
    anchors = re.findall(r'href="#([^"]+)"', summary)
    places = [form.index(f'id="{anchor}"') for anchor in anchors]
    assert len(places) > 3
    assert places == sorted(places)
