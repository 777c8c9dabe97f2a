"""The questions before the account: every way through them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from cases.models import Case, Screening
from cases.rules import screening as rules
from portal.catalogue import queries as catalogue
from portal.catalogue.parts import FlagLevel
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import make_case, screening
from tests.factories.catalogue import published_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return catalogue.edition(published_catalogue().pk)


def url(step):
    return reverse("cases:start") if step == "who" else reverse("cases:step", args=[step])


PLACE = {"where_now": "US", "state": "US-MA", "home": "same"}
WHO = {"adult": "yes"}
CARE = {"in_hospital": "no", "seen_in_person": "yes", "legal": "no"}
DATE = {"evidence": "yes", "treatment_date": "no"}
ALL = [
    ("who", WHO),
    ("place", PLACE),
    ("emergency", {"flags": "none"}),
    ("field", {"specialty": "cardiology"}),
    ("signs", {"flags": "none"}),
]
ALL += [("care", CARE), ("date", DATE)]


def walk(client, until="", **changed):
    """Answer the steps in order up to `until`; the last response."""
    response = None
    for step, answers in ALL:
        response = client.post(url(step), changed.get(step, answers))
        if step == until:
            break
    return response


def treated_in(year):
    day = {"treatment_date_on_day": "3", "treatment_date_on_month": "Dec", "treatment_date_on_year": str(year)}
    return DATE | {"treatment_date": "yes"} | day


def token(response):
    return re.search(r'name="token" value="([^"]+)"', response.content.decode())[1]


def stored():
    return "".join(session.session_data for session in Session.objects.all())


def test_all_answered_leads_to_the_result_and_an_account(client, edition):
    response = walk(client)
    assert response.url == reverse("cases:result")
    text = client.get(response.url).content.decode()
    assert f"{reverse('account_signup')}?next=/cases/new/" in text


def test_steps_follow_each_other(client, edition):
    order = [client.post(url(step), answers).url for step, answers in ALL]
    assert order == [*(url(step) for step, _ in ALL[1:]), reverse("cases:result")]


def test_a_later_step_leads_back_to_the_first_open_one(client, edition):
    assert client.get(url("care")).url == url("who") + "?again"
    walk(client, until="field")
    assert client.get(url("date")).url == url("signs")
    assert client.get(reverse("cases:result")).url == url("signs")


def test_an_unknown_step_is_not_found(client, edition):
    assert client.get(url("moon")).status_code == 404


def test_back_shows_what_was_answered(client, edition):
    walk(client)
    text = client.get(url("field")).content.decode()
    assert re.search(r'value="cardiology"[^>]* checked', text)
    assert re.search(r'value="none"[^>]* checked', client.get(url("emergency")).content.decode())


@pytest.mark.parametrize("step", [name for name, _ in ALL])
def test_a_step_without_an_answer_says_what_to_do(client, edition, step):
    walk(client, until=([""] + [name for name, _ in ALL])[[name for name, _ in ALL].index(step)])
    response = client.post(url(step), {})
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()


def test_place_in_a_country_with_states_needs_the_state(client, edition):
    walk(client, until="who")
    response = client.post(url("place"), {"where_now": "US", "state": "", "home": "same"})
    assert "Choose the state" in response.content.decode()


@pytest.mark.parametrize(
    ("country", "state", "number"),
    [("US", "US-MA", "911"), ("GB", "", "999"), ("AU", "", "000"), ("ZZ", "", "112 or 911")],
)
def test_an_emergency_shows_the_number_of_the_place_and_keeps_nothing(client, edition, country, state, number):
    walk(client, until="who")
    client.post(url("place"), {"where_now": country, "state": state, "home": "same"})
    response = client.post(url("emergency"), {"flags": "chest_pain"})
    assert response.status_code == 200
    text = response.content.decode()
    assert number in text and edition.red_flag_messages.now_title in text
    assert "screening" not in client.session
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "flag", ["chest_pain", "breathing", "stroke", "passed_out", "bleeding", "blue_lips", "self_harm"]
)
def test_every_emergency_question_stops(client, edition, flag):
    walk(client, until="place")
    client.post(url("emergency"), {"flags": flag})
    assert "screening" not in client.session


def test_self_harm_shows_the_crisis_line(client, edition):
    walk(client, until="place")
    text = client.post(url("emergency"), {"flags": "self_harm"}).content.decode()
    assert "tel:988" in text and "not alone" in text


def test_none_of_these_together_with_a_sign_is_asked_again(client, edition):
    walk(client, until="place")
    response = client.post(url("emergency"), {"flags": ["none", "stroke"]})
    assert "only “None of these”" in response.content.decode()


def test_a_doctor_has_checked_it_goes_on_and_is_noted(client, edition):
    walk(client, until="place")
    stop = client.post(url("emergency"), {"flags": "chest_pain"})
    on = client.post(reverse("cases:resume"), {"token": token(stop), "go": "checked"})
    assert on.url == url("field")
    given = rules.latest(client.session["screening"])
    assert given["flag.chest_pain"] == "yes" and given["checked_by_doctor"] == "yes"


def test_a_wrong_box_can_be_mended(client, edition):
    walk(client, until="place")
    stop = client.post(url("emergency"), {"flags": "chest_pain"})
    assert client.post(reverse("cases:resume"), {"token": token(stop), "go": "mistake"}).url == url("emergency")
    given = rules.latest(client.session["screening"])
    assert given["where_now"] == "US-MA" and "flag.chest_pain" not in given


def test_a_forged_or_old_stop_page_starts_over(client, edition):
    assert client.post(reverse("cases:resume"), {"token": "x", "go": "checked"}).url == url("who")


def test_a_doctors_check_does_not_lift_another_stop(client, edition):
    walk(client, until="signs")
    stop = client.post(url("care"), CARE | {"legal": "yes"})
    assert client.post(reverse("cases:resume"), {"token": token(stop), "go": "checked"}).url == url("care")
    assert "checked_by_doctor" not in rules.latest(client.session["screening"])


def test_an_emergency_sign_of_the_field_stops(client, edition):
    walk(client, until="field")
    response = client.post(url("signs"), {"flags": "tearing_pain"})
    assert edition.red_flag_messages.now_title in response.content.decode()
    assert "screening" not in client.session


def test_a_sign_for_today_goes_on_and_says_to_call(client, edition):
    walk(client, signs={"flags": "more_chest_pain"})
    text = client.get(reverse("cases:result")).content.decode()
    assert edition.red_flag_messages.today_title in text


def test_a_field_that_is_not_covered_says_where_to_turn(client, edition):
    walk(client, until="emergency")
    other = edition.not_covered[0]
    response = client.post(url("field"), {"specialty": f"not.{other.key}"})
    assert other.turn_to.split(".")[0] in response.content.decode()
    assert "screening" not in client.session


@pytest.mark.parametrize(
    ("last", "changed"),
    [
        ("emergency", {"who": {"adult": "no"}}),  # also somebody too young is asked first whether it is safe to wait
        ("care", {"care": CARE | {"seen_in_person": "no"}}),
        ("care", {"care": CARE | {"legal": "yes"}}),
    ],
)
def test_not_the_right_service_stops_with_a_way_on(client, edition, last, changed):
    response = walk(client, until=last, **changed)
    assert "We are not the right service for this" in response.content.decode()
    assert "screening" not in client.session


def test_in_hospital_the_treating_doctor_may_go_on(client, edition):
    walk(client, until="signs")
    stop = client.post(url("care"), CARE | {"in_hospital": "yes"})
    assert "Your doctor can open the case" in stop.content.decode()
    assert client.post(reverse("cases:resume"), {"token": token(stop), "go": "doctor"}).url == url("date")


def test_a_place_that_needs_the_doctor_says_so_after_the_emergency_questions(client, edition):
    walk(client, until="who")
    assert client.post(url("place"), {"where_now": "CA", "state": "", "home": "same"}).url == url("emergency")
    text = client.post(url("emergency"), {"flags": "none"}).content.decode()
    assert "only work through your own doctor" in text


def test_acting_for_someone_asks_what_lets_you(client, edition):
    assert "Write what lets you act" in client.post(url("who"), {"adult": "acting"}).content.decode()
    client.post(url("who"), {"adult": "acting", "acting_paper_acting": "Power of attorney"})
    assert rules.latest(client.session["screening"])["acting_paper"] == "Power of attorney"


def test_no_evidence_yet_says_what_to_get_first(client, edition):
    walk(client, date=DATE | {"evidence": "no"})
    assert edition.specialty("cardiology").evidence.if_no in client.get(reverse("cases:result")).content.decode()


def test_a_date_for_surgery_is_kept_and_shown(client, edition):
    year = timezone.localdate().year + 1
    assert "Enter the date" in walk(client, date=DATE | {"treatment_date": "yes"}).content.decode()
    client.post(url("date"), treated_in(year))
    assert f"3 December {year}" in client.get(reverse("cases:result")).content.decode()


@pytest.mark.parametrize(("days", "close"), [(2, True), (10, True), (11, False)])
def test_a_date_that_comes_before_any_report_sends_to_the_doctor_first(client, edition, days, close):
    day = timezone.localdate() + timedelta(days=days)
    parts = {f"treatment_date_on_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    walk(client, date=DATE | {"treatment_date": "yes"} | parts)
    text = client.get(reverse("cases:result")).content.decode()
    assert ("Call the hospital or doctor who planned it today" in text) is close
    client.force_login(UserFactory())
    case = client.post(reverse("cases:new"), {"acting_as": "self"}, follow=True).content.decode()
    assert ("Call the hospital or doctor who planned it today" in case) is close


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        ({"adult": "yes"}, ["self"]),
        ({"adult": "guardian", "acting_paper_guardian": "Mother"}, ["parent", "guardian"]),
        ({"adult": "acting", "acting_paper_acting": "She asked me"}, ["attorney", "relative", "guardian"]),
    ],
)
@pytest.mark.usefixtures("edition")
def test_who_it_is_for_is_not_asked_again(client, who, offered):
    walk(client, who=who)
    client.force_login(UserFactory())
    text = client.get(reverse("cases:new")).content.decode()
    boxes = re.findall(r'<input[^>]*name="acting_as"[^>]*>', text)
    assert [re.search(r'value="(\w+)"', box)[1] for box in boxes] == offered
    assert ("Who is this request for?" in text) is (len(offered) > 1)
    wrong = "self" if len(offered) > 1 else "treating_doctor"
    assert client.post(reverse("cases:new"), {"acting_as": wrong}).status_code == 200
    client.post(reverse("cases:new"), {"acting_as": offered[-1]})
    assert Case.objects.get().acting_as == offered[-1]


def test_a_date_for_surgery_that_cannot_be_is_asked_again(client, edition):
    walk(client, until="care")
    year = timezone.localdate().year
    assert "This day has passed" in client.post(url("date"), treated_in(year - 1)).content.decode()
    assert "more than 3 years away" in client.post(url("date"), treated_in(year + 73)).content.decode()


def test_a_date_for_surgery_that_has_passed_is_asked_again_in_the_request(client, db):
    case = make_case()
    client.force_login(case.opened_by)
    passed = {"planned_date_day": "1", "planned_date_month": "1", "planned_date_year": "2020", "revision": "0"}
    response = client.post(reverse("cases:section", args=[case.ref, "problem"]), passed, follow=True)
    assert "This day has passed" in response.content.decode()


def test_another_field_asks_its_own_signs_again(client, edition):
    walk(client)
    client.post(url("field"), {"specialty": "pulmonology"})
    assert client.get(reverse("cases:result")).url == url("signs")
    given = rules.latest(client.session["screening"])
    assert "evidence" not in given and "flag.tearing_pain" not in given and "flag.chest_pain" in given


def test_new_opens_one_case_and_attaches_the_screening(client, edition):
    walk(client, signs={"flags": "more_chest_pain"})
    user = UserFactory()
    client.force_login(user)
    count = len(client.session["screening"])
    assert client.get(reverse("after_sign_in")).url == reverse("cases:new")
    assert client.get(reverse("cases:new")).status_code == 200
    response = client.post(reverse("cases:new"), {"acting_as": "self"})
    case = Case.objects.get(opened_by=user)
    assert response.url == reverse("patient:case", args=[case.ref])
    assert case.flagged_today and case.specialties == ["cardiology"]
    assert len(Screening.objects.get(case=case).answers) == count
    assert "screening" not in client.session
    assert client.post(reverse("cases:new"), {"acting_as": "self"}).url == url("who")
    assert Case.objects.count() == 1


def test_new_is_not_for_staff_and_not_without_a_screening(client, edition):
    client.force_login(UserFactory())
    assert client.get(reverse("cases:new")).url == url("who")
    client.force_login(CoordinatorFactory())
    assert client.get(reverse("cases:new")).status_code == 403


def test_rules_say_the_first_stop_only(edition):
    given = rules.latest(screening(flag__stroke="yes", legal="yes"))
    assert rules.verdict(edition, given).stop == rules.Stop.NOW
    given["checked_by_doctor"] = "yes"
    assert rules.verdict(edition, given).stop == rules.Stop.NOT_RIGHT
    assert [flag.key for flag in rules.raised(edition, given, FlagLevel.NOW)] == ["stroke"]


@pytest.mark.parametrize("specialty", ["cardiology", "pulmonology", "oncology", "radiology"])
def test_rules_pass_a_whole_screening_of_every_specialty(edition, specialty):
    assert rules.passed(edition, rules.latest(screening(specialty)))


def test_back_after_a_stop_says_that_the_questions_begin_again(client, edition):
    walk(client, until="field", field={"specialty": f"{rules.NOT_COVERED}{edition.not_covered[0].key}"})
    page = client.get(url("field"), follow=True).content.decode()
    assert "Who needs the second opinion?" in page
    assert "We start again here" in page


@pytest.mark.usefixtures("edition")
def test_first_visit_and_a_step_too_far_say_nothing_of_the_kind(client):
    assert "We start again here" not in client.get(url("who")).content.decode()
    client.post(url("who"), WHO)
    assert "We start again here" not in client.get(url("care"), follow=True).content.decode()


@pytest.mark.usefixtures("edition")
def test_who_helps_somebody_is_asked_about_that_person_and_never_about_themselves(client):
    other = {"adult": "acting", "acting_paper_acting": "My father asked me"}
    walk(client, until="who", who=other)
    pages = {}
    for step, answers in ALL[1:]:
        pages[step] = " ".join(
            re.sub(r"<[^>]+>", " ", client.get(url(step)).content.decode().split("<main")[1]).split()
        )
        client.post(url(step), answers)
    assert "Where is the patient right now?" in pages["place"]
    assert "Does the patient&#x27;s chest hurt" in pages["emergency"]
    assert "Is the patient in the hospital now?" in pages["care"]
    addressed = re.compile(r"(?:Do|Did|Are|Were|Have|Is|Has) (?:you|your)\b[^.]{0,80}\?|true for you|where you are")
    assert {step: addressed.findall(text) for step, text in pages.items() if addressed.search(text)} == {}
    case_of = client.get(reverse("cases:result")).content.decode()
    assert "We can help you" in case_of
