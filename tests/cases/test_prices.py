"""What it costs: the edition's prices in words, where they are shown, and what a patient agreed to."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from uuid import UUID

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions import level as levels
from cases.models import Case, Consent, Message
from cases.queries.intake import consents_missing
from cases.queries.prices import COST, agreed, costs_no_more, price_words, prices
from cases.states import Level, Phase
from portal.catalogue import actions as catalogue
from portal.catalogue import loader
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.parts import Price
from portal.catalogue.queries import current_edition
from portal.catalogue.reading import CatalogueError
from portal.catalogue.states import VersionState
from portal.core.access import Actor
from portal.core.workflow import Refused
from portal.pages.demo.edition import PAYMENT, demo_content, publish_prices
from tests.cases.helpers import own, page
from tests.factories.accounts import AdministratorFactory, CoordinatorFactory
from tests.factories.cases import make_case
from tests.factories.catalogue import published_catalogue
from tests.factories.records import run_jobs

pytestmark = pytest.mark.django_db


@cache
def priced_content():
    content = demo_content()
    return content, loader.digest(content)


@pytest.fixture
def priced(settings):
    """The same id in every test, so that the process's cache of editions serves all of them."""
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    content, sha256 = priced_content()
    return CatalogueVersion.objects.create(
        id=UUID("5ec0d0c0-0000-4000-8000-000000000002"),
        number=1,
        sha256=sha256,
        content=content,
        state=VersionState.PUBLISHED,
        published_at=timezone.now(),
    )


def test_the_demo_publishes_its_prices_once():
    admin = AdministratorFactory()
    publish_prices(admin)
    publish_prices(admin)
    assert (
        CatalogueVersion.objects.filter(state=VersionState.PUBLISHED).count() == CatalogueVersion.objects.count() == 1
    )
    assert price_words(current_edition().level("urgent")) == "850 USD"


def levels_file(**changed):
    content = dict(loader.read_folder())
    content["service_levels.yaml"] = {**content["service_levels.yaml"], **changed}
    return content


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (None, ""),
        (Price(amount="450.00", currency="USD"), "450 USD"),
        (Price(amount="12.50", currency="EUR"), "12.50 EUR"),
        (Price(free=True), "Free for you"),
        (Price(words="Your insurer pays"), "Your insurer pays"),
    ],
)
def test_price_words_say_an_amount_free_or_the_organisations_own_words(price, words):
    published_catalogue()
    level = current_edition().levels[0]
    assert price_words(replace(level, price=price)) == words


@pytest.mark.parametrize(
    "price", [{}, {"amount": "450"}, {"free": True, "words": "x"}, {"amount": "4,5", "currency": "USD"}]
)
def test_a_price_that_says_nothing_or_two_things_is_refused(price):
    levels = [{**one, "price": price} for one in loader.read_folder()["service_levels.yaml"]["levels"]]
    with pytest.raises(CatalogueError):
        loader.build(levels_file(levels=levels, payment="By bill."))


def test_an_amount_without_a_way_to_pay_is_refused():
    levels = [
        {**one, "price": {"amount": "450", "currency": "USD"}}
        for one in loader.read_folder()["service_levels.yaml"]["levels"]
    ]
    with pytest.raises(CatalogueError, match="payment"):
        loader.build(levels_file(levels=levels))


def test_without_prices_every_page_says_to_ask(client):
    published_catalogue()
    assert "Ask us for the price" in client.get(reverse("pages:home")).content.decode()
    case = make_case(filled=True)
    for name in ("cases:level", "cases:check"):
        assert "Ask us" in own(case).get(page(name, case)).content.decode(), name
    asked = own(case).get(page("cases:consent", case, COST)).content.decode()
    assert "The price is not written here" in asked and "tel:" in asked


def test_with_prices_every_page_on_the_way_shows_them(client, priced):
    home = client.get(reverse("pages:home")).content.decode()
    assert "390 USD" in home and "850 USD" in home and PAYMENT in home
    case = make_case(filled=True)
    assert "590 USD" in own(case).get(page("cases:level", case)).content.decode()
    for name in ("patient:case", "cases:check"):
        assert "390 USD" in own(case).get(page(name, case)).content.decode(), name
    assert "390 USD" in own(case).get(page("cases:consent", case, COST)).content.decode()
    intake.submit(case=case, by=Actor.of(case.opened_by))
    assert "390 USD" in own(case).get(page("cases:sent", case)).content.decode()


def test_another_level_asks_for_the_agreement_to_the_cost_anew(priced):
    case = make_case(filled=True)
    assert agreed(case) == {"level": "standard", "price": "390 USD"}
    own(case).post(page("cases:level", case), {"level": "expedited"})
    case.refresh_from_db()
    assert case.level == Level.EXPEDITED and agreed(case) == {}
    assert [one.key for one in consents_missing(case, current_edition())] == [COST]
    with pytest.raises(Refused, match="consent_missing"):
        intake.submit(case=case, by=Actor.of(case.opened_by))
    intake.give_consents(case=case, answers={COST: True}, by=Actor.of(case.opened_by))
    assert agreed(case) == {"level": "expedited", "price": "590 USD"}
    intake.submit(case=case, by=Actor.of(case.opened_by))
    with pytest.raises(Refused):
        levels.choose_level(case=case, level="standard", by=Actor.of(case.opened_by))


def test_a_case_keeps_the_price_and_the_texts_it_agreed_to(priced):
    case = make_case(phase=Phase.TRIAGE)
    agreed_version = next(str(one.version) for one in current_edition().consents() if one.key == COST)
    texts = loader.to_texts(levels_file(payment="By bill, later."))
    admin = Actor.of(AdministratorFactory())
    catalogue.publish(version=catalogue.upload(files=texts, by=admin), by=admin)
    assert prices(current_edition()).levels[0].price == ""
    shown = own(case).get(page("patient:case", case)).content.decode()
    assert "390 USD" in shown
    kept = Consent.objects.get(case=case, key=COST)
    assert (kept.version, kept.shown["price"]) == (agreed_version, "390 USD")


def waiting(level=Level.URGENT, phase=Phase.TRIAGE):
    """A case whose patient is asked about this level, and the coordinator who asked."""
    case = make_case(phase=phase)
    desk = Actor.of(CoordinatorFactory())
    levels.set_level(case=case, level=level, by=desk)
    return case, desk


def test_a_dearer_level_waits_for_the_patient_and_both_sides_see_it(priced, client):
    case, desk = waiting()
    due = case.due_at
    assert (case.level, case.proposed_level) == (Level.STANDARD, Level.URGENT)
    assert agreed(case) == {"level": "standard", "price": "390 USD"}
    levels.set_level(case=case, level=Level.URGENT, by=desk)
    assert Message.objects.filter(case=case, from_staff=True).count() == 1, "asked once"
    client.force_login(desk.user)
    shown = client.get(reverse("desk:case", args=[case.ref])).content.decode()
    assert "The patient agreed to 390 USD" in shown and "Waits for the patient" in shown and "850 USD" in shown
    assert page("cases:proposal", case) in own(case).get(page("patient:case", case)).content.decode()
    asked = own(case).get(page("cases:proposal", case)).content.decode()
    assert "850 USD" in asked and "390 USD" in asked
    case.refresh_from_db()
    assert case.due_at == due


def test_a_yes_is_kept_as_agreement_to_that_price_and_moves_the_due_time(priced):
    case, _desk = waiting()
    due = case.due_at
    patient = own(case)
    said = patient.post(page("cases:proposal", case), {"level": "urgent", "agree": "yes"}, follow=True)
    assert "Thank you. The new time holds." in said.content.decode()
    case.refresh_from_db()
    assert (case.level, case.proposed_level) == (Level.URGENT, "") and case.due_at < due
    assert agreed(case) == {"level": "urgent", "price": "850 USD"}
    assert "850 USD" in patient.get(page("patient:case", case)).content.decode()
    assert not Message.objects.filter(case=case).latest("at").from_staff


@pytest.mark.parametrize(("phase", "shown"), [(Phase.TRIAGE, True), (Phase.WITHDRAWN, False), (Phase.DECLINED, False)])
def test_a_price_is_not_shown_like_a_bill_once_no_report_comes(priced, phase, shown):
    case = make_case(phase=Phase.TRIAGE)
    Case.objects.filter(pk=case.pk).update(phase=phase)
    text = own(case).get(page("patient:case", case)).content.decode()
    answers = text.index("Everything you told us")  # what was agreed to stays there
    assert (">390 USD</dd>" in text[:answers]) is shown


@pytest.mark.parametrize("answer", [{}, {"level": "urgent"}, {"level": "expedited", "agree": "yes"}])
def test_an_answer_to_nothing_or_to_another_proposal_changes_nothing(priced, answer):
    case, _desk = waiting()
    assert own(case).post(page("cases:proposal", case), answer).status_code in {200, 302}
    case.refresh_from_db()
    assert (case.level, case.proposed_level) == (Level.STANDARD, Level.URGENT)


def test_a_no_keeps_level_and_agreement(priced):
    case, _desk = waiting()
    said = own(case).post(page("cases:proposal", case), {"level": "urgent", "agree": "no"}, follow=True)
    assert "Thank you. All stays as you chose." in said.content.decode()
    case.refresh_from_db()
    assert (case.level, case.proposed_level) == (Level.STANDARD, "")
    assert agreed(case) == {"level": "standard", "price": "390 USD"}
    assert own(case).get(page("cases:proposal", case)).status_code == 302


def test_setting_the_present_level_again_takes_the_proposal_back(priced):
    case, desk = waiting()
    levels.set_level(case=case, level=Level.STANDARD, by=desk)
    assert case.proposed_level == ""
    with pytest.raises(Refused, match="not_proposed"):
        levels.answer_proposal(case=case, level="urgent", agrees=True, by=Actor.of(case.opened_by))


def test_a_cheaper_level_needs_no_new_agreement(priced):
    case, desk = waiting()
    levels.answer_proposal(case=case, level="urgent", agrees=True, by=Actor.of(case.opened_by))
    levels.set_level(case=case, level=Level.EXPEDITED, by=desk)
    assert (case.level, case.proposed_level) == (Level.EXPEDITED, "")
    told = Message.objects.filter(case=case, from_staff=True).latest("at")
    assert "does not cost more" in told.body and current_edition().level("expedited").name in told.body
    assert "590 USD" in own(case).get(page("patient:case", case)).content.decode()


def test_only_the_patients_side_answers(priced):
    case, desk = waiting()
    with pytest.raises(PermissionDenied):
        levels.answer_proposal(case=case, level="urgent", agrees=True, by=desk)


@pytest.mark.parametrize(
    ("new", "old", "no_more"),
    [
        (Price(amount="450.00", currency="USD"), Price(amount="450", currency="USD"), True),
        (Price(amount="99", currency="USD"), Price(amount="450", currency="USD"), True),
        (Price(amount="450.01", currency="USD"), Price(amount="450", currency="USD"), False),
        (Price(amount="99", currency="EUR"), Price(amount="450", currency="USD"), False),
        (Price(free=True), Price(words="Your insurer pays"), True),
        (Price(words="Your insurer pays"), Price(free=True), False),
        (None, Price(amount="450", currency="USD"), False),
        (None, None, True),
    ],
)
def test_what_cannot_be_compared_counts_as_dearer(new, old, no_more):
    published_catalogue()
    level = current_edition().levels[0]
    assert costs_no_more(replace(level, price=new), than=replace(level, price=old)) is no_more


def test_no_letter_names_a_price(priced):
    make_case(phase=Phase.COLLECTING)
    run_jobs("cases.mail_received")
    assert mail.outbox
    assert not [letter for letter in mail.outbox if "USD" in letter.body + letter.subject]
