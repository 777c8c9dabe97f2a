"""The form renderer: every widget is labelled, described and marked when wrong."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django import forms
from lxml import html

from portal.forms import BaseForm, Checkboxes, CountedTextarea, DateField, Radios

CHOICES = [("yes", "Yes"), ("no", "No")]


class Everything(BaseForm):
    name = forms.CharField(
        label="Your name", help_text="As in your passport", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label="E-mail", required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    weight = forms.IntegerField(
        label="Weight", widget=forms.NumberInput(attrs={"data-suffix": "kg", "inputmode": "numeric"})
    )
    story = forms.CharField(label="Your story", max_length=20, widget=CountedTextarea(limit=20))
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea)
    country = forms.ChoiceField(label="Country", choices=[("", "Choose"), ("Europe", [("fr", "France")])])
    seen = forms.ChoiceField(
        label="Seen a doctor?",
        choices=CHOICES,
        widget=Radios(hints={"yes": "In the last year"}, reveals={"yes": ["doctor"]}),
    )
    doctor = forms.CharField(label="Which doctor?", required=False)
    ills = forms.MultipleChoiceField(
        label="Which?", choices=[("a", "Asthma"), ("none", "None")], widget=Checkboxes(exclusive=["none"])
    )
    born = DateField(label="Date of birth", name="your date of birth", past=True)
    agree = forms.BooleanField(label="I agree", help_text="You can change your mind")
    file = forms.FileField(label="Letter", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def page(form: forms.Form) -> Any:
    return html.fromstring(f"<div>{form}</div>")


def one(tree: Any, path: str) -> Any:
    found = tree.xpath(path)
    assert len(found) == 1, f"{path}: {len(found)}"
    return found[0]


@pytest.mark.parametrize("bound", [False, True])
def test_every_control_has_a_name_that_is_read_out(bound: bool) -> None:
    tree = page(Everything({} if bound else None))
    controls = tree.xpath("//input[@type!='hidden'] | //select | //textarea")
    assert len(controls) == 17
    for control in controls:
        assert len(tree.xpath(f"//label[@for='{control.get('id')}']")) == 1, control.get("name")


@pytest.mark.parametrize("bound", [False, True])
def test_ids_are_unique_and_descriptions_exist(bound: bool) -> None:
    tree = page(Everything({} if bound else None))
    ids = [str(each) for each in tree.xpath("//@id")]
    assert len(ids) == len(set(ids))
    described = [part for each in tree.xpath("//@aria-describedby") for part in str(each).split()]
    assert described
    assert set(described) <= set(ids)


def test_hint_and_error_describe_the_control_in_reading_order() -> None:
    field = one(page(Everything({})), "//input[@name='name']")
    assert field.get("aria-describedby") == "id_name_helptext id_name_error"
    assert field.get("aria-invalid") == "true"
    assert field.get("autocomplete") == "name"
    assert "nhsuk-input--error" in field.get("class")


def test_an_error_is_announced_as_an_error() -> None:
    error = one(page(Everything({})), "//*[@id='id_name_error']")
    assert error.text_content() == "Error: Fill in: Your name"
    assert one(error, "./span").get("class") == "nhsuk-u-visually-hidden"


def test_a_group_is_a_fieldset_whose_legend_is_the_question() -> None:
    fieldset = one(page(Everything({})), "//fieldset[.//input[@name='ills']]")
    assert one(fieldset, "./legend").text_content() == "Which?"
    assert fieldset.get("aria-describedby") == "id_ills_error"


def test_a_choice_has_its_hint_and_opens_its_field_only_there() -> None:
    tree = page(Everything())
    yes = one(tree, "//input[@name='seen'][@value='yes']")
    assert yes.get("aria-describedby") == "id_seen_0-hint"
    opened = one(yes, "../following-sibling::*[1]")
    assert opened.get("class") == "nhsuk-radios__conditional"
    assert len(opened.xpath(".//input[@name='doctor']")) == len(tree.xpath("//input[@name='doctor']")) == 1


def test_none_of_these_clears_the_others() -> None:
    none = one(page(Everything()), "//input[@name='ills'][@value='none']")
    assert none.get("data-behaviour") == "exclusive"


def test_a_counted_text_is_never_cut_by_the_browser() -> None:
    tree = page(Everything())
    story = one(tree, "//textarea[@name='story']")
    assert story.get("maxlength") is None
    assert "nhsuk-js-character-count" in story.get("class")
    assert story.get("aria-describedby") == "id_story-info"
    assert "nhsuk-js-character-count" not in one(tree, "//textarea[@name='notes']").get("class")


def test_words_of_the_user_are_escaped() -> None:
    tree = page(Everything({"name": "<b>x", "story": "</textarea><b>x"}))
    assert not tree.xpath("//b")
    assert one(tree, "//textarea[@name='story']").text.lstrip("\n") == "</textarea><b>x"


def test_optional_is_said_and_required_is_not() -> None:
    tree = page(Everything())
    assert one(tree, "//label[@for='id_email']").text_content() == "E-mail (optional)"
    assert one(tree, "//label[@for='id_name']").text_content() == "Your name"
    assert not tree.xpath("//@required")


def test_what_is_missing_is_named_unless_the_form_has_words_of_its_own() -> None:
    class Own(BaseForm):
        name = forms.CharField(label="Your name", error_messages={"required": "Enter your full name"})
        seen = forms.ChoiceField(label="Seen a doctor?", choices=CHOICES, widget=Radios)
        agree = forms.BooleanField(label="I agree")
        file = forms.FileField(label="Letter")

    assert [message for _, message in Own({}).error_summary] == [
        "Enter your full name",
        "Choose an answer: Seen a doctor?",
        "Tick the box to go on: I agree",
        "Choose a file: Letter",
    ]


def test_a_password_is_never_sent_back() -> None:
    assert one(page(Everything({"password": "tr0ub4dor"})), "//input[@name='password']").get("value") is None


def test_the_summary_leads_to_the_first_control_of_each_field_in_page_order() -> None:
    form = Everything({"name": "Testina Example"})
    assert [anchor for anchor, _ in form.error_summary] == [
        "id_password",
        "id_weight",
        "id_story",
        "id_country",
        "id_seen_0",
        "id_ills_0",
        "id_born_day",
        "id_agree",
    ]
    ids = set(page(form).xpath("//@id"))
    assert {anchor for anchor, _ in form.error_summary} <= ids


def test_the_summary_leads_to_the_part_of_a_date_that_is_wrong() -> None:
    form = Everything({"born_day": "3", "born_month": "13", "born_year": "1980"})
    assert ("id_born_month", "The month must be a number from 1 to 12") in form.error_summary
    tree = page(form)
    assert one(tree, "//input[@name='born_month']").get("aria-invalid") == "true"
    assert one(tree, "//input[@name='born_day']").get("aria-invalid") is None


class Dated(BaseForm):
    day = DateField(name="the date of the scan", earliest=datetime.date(2000, 1, 1), latest=datetime.date(2026, 11, 21))


@pytest.mark.parametrize(
    ("day", "month", "year", "message"),
    [
        ("", "", "", "Enter the date of the scan"),
        ("3", "", "", "The date of the scan must include a month and a year"),
        ("", "3", "1980", "The date of the scan must include a day"),
        ("x", "3", "2001", "The day must be a number, like 31"),
        ("3", "Marsh", "2001", "The month must be a number, like 3"),
        ("٣", "3", "2001", "The day must be a number, like 31"),
        ("3", "3", "01", "The year must have 4 numbers, like 1980"),
        ("31", "2", "2001", "There is no such day in that month. Check the day and the month"),
        ("31", "12", "1999", "The date of the scan must be 1 January 2000 or later"),
        ("22", "11", "2026", "The date of the scan must be 21 November 2026 or earlier"),
    ],
)
def test_a_date_says_what_is_wrong_in_words(day: str, month: str, year: str, message: str) -> None:
    form = Dated({"day_day": day, "day_month": month, "day_year": year})
    assert form.errors["day"] == [message]


@pytest.mark.parametrize("month", ["March", "mar", "MAR.", "3"])
def test_a_date_takes_the_name_of_a_month(month: str) -> None:
    form = Dated({"day_day": "3", "day_month": month, "day_year": "2001"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] == datetime.date(2001, 3, 3)


def test_a_date_takes_leading_zeros_and_blanks() -> None:
    form = Dated({"day_day": " 03 ", "day_month": "03", "day_year": "2001"}, initial={"day": datetime.date(2001, 3, 3)})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] == datetime.date(2001, 3, 3)
    assert not form.has_changed()


def test_one_persons_mistake_does_not_mark_the_next_persons_form() -> None:
    assert not Dated({"day_day": "3", "day_month": "13", "day_year": "2001"}).is_valid()
    assert not page(Dated()).xpath("//@aria-invalid")


def test_an_optional_date_may_be_left_out() -> None:
    class Optional(BaseForm):
        day = DateField(required=False)

    form = Optional({"day_day": "", "day_month": "", "day_year": ""})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] is None


def test_a_model_style_form_of_a_library_is_drawn_too() -> None:
    class Library(forms.Form):
        login = forms.EmailField()

    tree = page(Library({}))
    assert one(tree, "//input").get("aria-describedby") == "id_login_error"
