"""Profiles and licences: who writes them, what is refused, and that matching then ranks the person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from cases.states import Phase
from portal.accounts.models import User
from portal.core.access import Actor
from portal.core.models import AuditEntry
from portal.core.workflow import Refused
from specialists.actions import profiles as actions
from specialists.forms import AvailabilityForm, LicenceForm, ProfileForm
from specialists.models import Licence, Profile
from specialists.queries import matching, profiles
from specialists.rules import profiles as rules
from tests.factories.accounts import AdministratorFactory, CoordinatorFactory, SpecialistFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.catalogue import published_catalogue
from tests.factories.specialists import make_specialist

pytestmark = pytest.mark.django_db
FILLED: dict[str, Any] = {
    "title": "Consultant cardiologist",
    "institution": "Sample Hospital",
    "specialties": ["cardiology"],
    "sub_cardiology": ["valve", "surgery"],
    "conditions_cardiology": ["valve"],
    "languages": ["en", "es"],
    "capacity": "4",
    "active": "on",
}
LICENCE = {"do": "add", "licence-country": "US", "licence-state": "US-MA", "licence-number": "EX-1"}
OWN = "/reviews/profile/"


@pytest.fixture(autouse=True)
def ready(settings) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    published_catalogue()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(person: User) -> str:
    return f"/reviews/people/{person.pk}/"


def parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def form(**changed: Any) -> ProfileForm:
    return ProfileForm({**FILLED, **changed}, edition=profiles.edition())


# -- the administrator's page


def test_specialist_is_ranked_once_the_profile_is_saved() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    person, admin = SpecialistFactory(), browser(AdministratorFactory())
    assert person.pk not in [one.person.id for one in matching.rank(case)]
    assert "No profile yet" in admin.get(page(person)).content.decode()
    assert admin.post(page(person), FILLED).status_code == 302
    assert admin.post(page(person), LICENCE).status_code == 302
    found = next(one for one in matching.rank(case) if one.person.id == person.pk)
    assert not found.excluded
    assert (found.person.sub_specialties, found.person.conditions) == (("valve", "surgery"), ("valve",))
    assert (found.person.capacity, found.person.languages) == (4, ("en", "es"))


def test_profile_page_shows_what_was_saved() -> None:
    person = make_specialist(institution="Placeholder Clinic")
    shown = browser(AdministratorFactory()).get(page(person)).content.decode()
    assert "Placeholder Clinic" in shown and "Massachusetts, United States" in shown
    assert 'value="cardiology" checked' in shown and 'value="oncology" checked' not in shown


def test_saving_again_changes_the_same_profile() -> None:
    person = make_specialist()
    away = date(2027, 1, 4)
    changed = {**FILLED, **parts("away_from", away), **parts("away_until", away), "institution": "Other"}
    changed.pop("active")
    assert browser(AdministratorFactory()).post(page(person), changed).status_code == 302
    found = Profile.objects.get(user=person)
    assert (found.institution, found.away_from, found.away_until, found.active) == ("Other", away, away, False)
    assert Licence.objects.filter(profile=found).count() == 1


def test_every_write_leaves_an_audit_row_with_the_person() -> None:
    person, admin = SpecialistFactory(), browser(AdministratorFactory())
    admin.post(page(person), FILLED)
    admin.post(page(person), LICENCE)
    admin.post(page(person), {"do": "remove", "licence": str(Licence.objects.get().pk)})
    found = AuditEntry.objects.filter(subjects=[str(person.pk)])
    assert sorted(found.values_list("action", flat=True)) == ["add licence", "remove licence", "save profile"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"specialties": []}, "Choose at least one specialty"),
        ({"languages": []}, "Choose at least one language"),
        ({"capacity": "21"}, "Enter a number from 1 to 20"),
        ({"capacity": "0"}, "Enter a number from 1 to 20"),
        ({"specialties": ["astrology"]}, "Select a valid choice"),
        (
            {**parts("away_from", date(2027, 1, 5)), **parts("away_until", date(2027, 1, 4))},
            "must not be before the first",
        ),
    ],
)
def test_profile_that_cannot_be_used_is_refused_with_words(changed: dict[str, Any], words: str) -> None:
    person = SpecialistFactory()
    answer = browser(AdministratorFactory()).post(page(person), {**FILLED, **changed})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Profile.objects.filter(user=person).exists()


def test_ticks_under_a_specialty_that_is_not_chosen_do_not_count() -> None:
    filled = form(conditions_oncology=[profiles.edition().specialty("oncology").conditions[0].key])
    assert filled.is_valid(), filled.errors
    assert filled.facts().conditions == ["valve"]


# -- licences


def test_licence_is_refused_twice_however_it_is_written() -> None:
    person, admin = make_specialist(licence=None), browser(AdministratorFactory())
    assert admin.post(page(person), LICENCE).status_code == 302
    answer = admin.post(page(person), {**LICENCE, "licence-number": "ex 1"})
    assert answer.status_code == 422 and "in the list already" in answer.content.decode()
    assert admin.post(page(person), {**LICENCE, "licence-state": "US-NY"}).status_code == 302
    assert sorted(Licence.objects.values_list("country", "state", "number")) == [
        ("US", "MA", "EX-1"),
        ("US", "NY", "EX-1"),
    ]


def test_licence_asks_for_the_state_only_where_the_catalogue_has_states() -> None:
    edition = profiles.edition()
    without = LicenceForm({"country": "US", "number": "1"}, edition=edition)
    assert not without.is_valid() and list(without.errors) == ["state"]
    country = next(place.code for place in edition.places if not place.regions and place.code != "ZZ")
    elsewhere = LicenceForm({"country": country, "state": "US-MA", "number": "1"}, edition=edition)
    assert elsewhere.is_valid() and elsewhere.cleaned_data["state"] == ""


def test_licence_that_has_ended_is_refused() -> None:
    over = parts("valid_until", timezone.localdate() - timedelta(days=1))
    filled = LicenceForm({"country": "US", "state": "US-MA", "number": "1", **over}, edition=profiles.edition())
    assert not filled.is_valid() and list(filled.errors) == ["valid_until"]


def test_licence_of_another_is_not_removed() -> None:
    person, other, admin = make_specialist(), make_specialist(), browser(AdministratorFactory())
    theirs = Licence.objects.get(profile__user=other)
    admin.post(page(person), {"do": "remove", "licence": str(theirs.pk)})
    assert Licence.objects.filter(pk=theirs.pk).exists()
    assert admin.post(page(person), {"do": "remove", "licence": "x"}).status_code == 404
    admin.post(page(other), {"do": "remove", "licence": str(theirs.pk)})
    assert not Licence.objects.filter(pk=theirs.pk).exists()


def test_licence_before_the_profile_says_what_to_do() -> None:
    person, admin = SpecialistFactory(), browser(AdministratorFactory())
    answer = admin.post(page(person), LICENCE, follow=True)
    assert "Save the profile first" in answer.content.decode() and not Licence.objects.exists()


# -- who may


def test_profile_page_is_the_administrators_alone() -> None:
    person = make_specialist()
    for user in (person, CoordinatorFactory(), UserFactory()):
        assert browser(user).get(page(person)).status_code == 403
        assert browser(user).post(page(person), FILLED).status_code == 403
    for user in (AdministratorFactory(), CoordinatorFactory(), UserFactory()):
        assert browser(user).get(OWN).status_code == 403


def test_profile_of_nobody_or_of_another_role_is_not_found() -> None:
    admin = browser(AdministratorFactory())
    assert admin.get(f"/reviews/people/{uuid4()}/").status_code == 404
    assert admin.get(page(CoordinatorFactory())).status_code == 404


def test_profiles_are_seen_by_administrators_and_their_owner() -> None:
    person, other = make_specialist(), make_specialist()
    assert [one.user for one in profiles.visible_to(person)] == [person]
    assert {one.user for one in profiles.visible_to(AdministratorFactory())} == {person, other}
    assert not profiles.visible_to(CoordinatorFactory()).exists()
    assert profiles.specialist(CoordinatorFactory(), person.pk) is None


def test_actions_refuse_the_wrong_hands() -> None:
    person = make_specialist()
    found, coordinator = Profile.objects.get(user=person), Actor.of(CoordinatorFactory())
    filled = form()
    assert filled.is_valid()
    for by in (coordinator, Actor.of(person)):
        with pytest.raises(Refused):
            actions.save(user=person, facts=filled.facts(), by=by)
        with pytest.raises(Refused):
            actions.add_licence(profile=found, country="US", state="NY", number="1", valid_until=None, by=by)
        with pytest.raises(Refused):
            actions.remove_licence(profile=found, licence=Licence.objects.get().pk, by=by)
    with pytest.raises(Refused):
        actions.set_availability(profile=found, capacity=2, away_from=None, away_until=None, by=coordinator)
    with pytest.raises(Refused):
        actions.save(user=coordinator.user, facts=filled.facts(), by=Actor.of(AdministratorFactory()))


@pytest.mark.parametrize(
    ("capacity", "first", "last", "reason"),
    [
        (1, None, None, ""),
        (20, date(2027, 1, 4), date(2027, 1, 4), ""),
        (3, date(2027, 1, 4), None, ""),
        (0, None, None, "capacity_range"),
        (21, None, None, "capacity_range"),
        (3, date(2027, 1, 5), date(2027, 1, 4), "away_order"),
    ],
)
def test_availability_refused_says_why(capacity: int, first: date | None, last: date | None, reason: str) -> None:
    assert rules.availability_refused(capacity, first, last) == reason


# -- the specialist's own page


def test_specialist_changes_absence_and_capacity_and_nothing_else() -> None:
    person = make_specialist(institution="Placeholder Clinic")
    sent = {**FILLED, "capacity": "7", **parts("away_from", date(2027, 1, 4)), "institution": "Mine"}
    assert browser(person).post(OWN, sent).status_code == 302
    found = Profile.objects.get(user=person)
    assert (found.capacity, found.away_from, found.away_until) == (7, date(2027, 1, 4), None)
    assert (found.institution, found.sub_specialties) == ("Placeholder Clinic", ["valve"])


def test_own_profile_shows_the_rest_to_read() -> None:
    person = make_specialist(institution="Placeholder Clinic")
    shown = browser(person).get(OWN).content.decode()
    for words in ("Placeholder Clinic", "Cardiology", "Valve disease", "Massachusetts", "Ask an administrator"):
        assert words in shown
    assert 'name="institution"' not in shown
    assert OWN in browser(person).get("/reviews/").content.decode()


def test_own_profile_refuses_a_return_before_the_leave() -> None:
    person = make_specialist()
    sent = {"capacity": "3", **parts("away_from", date(2027, 1, 5)), **parts("away_until", date(2027, 1, 4))}
    assert not AvailabilityForm(sent).is_valid()
    assert browser(person).post(OWN, sent).status_code == 422


def test_own_profile_that_nobody_wrote_says_whom_to_ask() -> None:
    client = browser(SpecialistFactory())
    assert "Ask an administrator" in client.get(OWN).content.decode()
    assert "Ask an administrator" in client.post(OWN, {"capacity": "3"}, follow=True).content.decode()
    assert not Profile.objects.exists()


# -- where it is linked


def test_people_page_links_the_profiles_of_specialists_alone() -> None:
    person, coordinator = SpecialistFactory(), CoordinatorFactory()
    shown = browser(AdministratorFactory()).get("/accounts/people/").content.decode()
    assert page(person) in shown and page(coordinator) not in shown


def test_assign_page_names_who_has_no_profile() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    SpecialistFactory(name="Dr Unwritten Sample")
    SpecialistFactory(name="Dr Closed Sample", is_active=False)
    shown = browser(CoordinatorFactory()).get(f"/reviews/assign/{case.ref}/").content.decode()
    assert "Dr Unwritten Sample" in shown and "No profile yet" in shown and "Dr Closed Sample" not in shown
