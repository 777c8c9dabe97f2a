"""What the coordinator does: look, ask, accept, find a specialist, release."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.browser import Person

QUESTION = "Do you still have the report of your heart ultrasound?"


def opens_from_queue(person: Person, ref: str) -> None:
    person.go("/desk/")
    person.checks_page()
    person.follow("All open")
    person.on("All open")
    person.checks_page()
    person.follow(ref)
    person.on("Testina Example")
    person.checks_page()


def asks_patient(person: Person) -> None:
    """A hold: the clock stops until the patient has answered."""
    person.page.get_by_text("Ask for information").click()
    ask = person.page.locator("#ask")
    ask.get_by_label("What is it about?").select_option(label="A record is missing")
    ask.get_by_label("The patient").check()
    ask.get_by_label("What they read").fill(QUESTION)
    person.checks_page()
    person.press("Ask, and pause the clock")
    person.reads("Waiting for", QUESTION)
    person.checks_page()


def accepts(person: Person) -> None:
    person.page.get_by_text("Go on without the rest").click()
    person.press("Start the promised time now")
    person.press("Accept the case")
    person.checks_page()


def offers_to_best(person: Person, name: str) -> None:
    """From the ranked list, with the reasons. Another journey's specialist may stand above with the same fit."""
    person.follow("Find a specialist")
    person.on("Find a specialist")
    person.checks_page()
    first = person.page.locator("ol.co-rank > li").filter(has_text=name).first
    expect(first.locator(".co-reasons li").nth(1)).to_be_attached()
    first.locator("summary").click()
    first.get_by_label("A word with the offer").fill("Both studies are complete; the letter names the plan.")
    first.get_by_role("button", name="Offer the case").click()
    person.reads(f"{name} has an offer")
    person.checks_page()


def releases(person: Person, ref: str) -> None:
    person.go(f"/desk/cases/{ref}/")
    person.checks_page()
    person.follow("Read the signed report")
    person.reads("Not released yet")
    person.checks_page()
    person.reloads_until(person.page.locator("a[download]", has_text="Download the PDF"), "the PDF is made")
    person.go(f"/desk/cases/{ref}/")
    person.follow("Release to the patient")
    person.on("Release the report")
    person.checks_page()
    person.page.get_by_label("I have looked at the report").check()
    person.press("Release to the patient")
    person.reads("Delivered on")
    person.checks_page()
