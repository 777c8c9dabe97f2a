"""Every component on one page, for those who build screens. Shown by the demo only."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core.access import BaseView, Permission
from portal.forms import BaseForm, Checkboxes, CountedTextarea, DateField, DateInput, Radios


class StyleguideForm(BaseForm):
    """One field of each kind."""

    question = forms.CharField(
        label="What would you like the specialist to answer?",
        help_text="For example, “Do I need surgery, or could physiotherapy work?”",
        max_length=500,
        widget=CountedTextarea(limit=500),
    )
    name = forms.CharField(
        label="Full name", help_text="As in your passport", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    weight = forms.DecimalField(
        label="Weight",
        required=False,
        widget=forms.TextInput(attrs={"class": "nhsuk-input--width-4", "data-suffix": "kg", "inputmode": "decimal"}),
    )
    country = forms.ChoiceField(
        label="Country", choices=[("", "Choose a country"), ("fr", "France"), ("us", "United States")]
    )
    born = DateField(label="Date of birth", name="your date of birth", past=True, widget=DateInput(autocomplete="bday"))
    contact = forms.ChoiceField(
        label="How should we tell you when the report is ready?",
        choices=[("email", "E-mail"), ("phone", "Phone call")],
        widget=Radios(hints={"email": "It never names your condition"}, reveals={"phone": ["phone"]}),
    )
    phone = forms.CharField(
        label="Phone number",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "class": "nhsuk-input--width-20"}),
    )
    treatments = forms.MultipleChoiceField(
        label="Which treatments have you had?",
        choices=[("surgery", "Surgery"), ("medicine", "Medicines"), ("none", "None of these")],
        widget=Checkboxes(exclusive=["none"]),
    )
    letter = forms.FileField(label="A letter or report", help_text="PDF or photo, up to 50 MB", required=False)
    agree = forms.BooleanField(
        label="I agree to my records being shared with the specialist", help_text="You can change your mind"
    )


class Styleguide(BaseView):
    """GET shows the empty form; ?errors=1 shows it as answered with nothing."""

    permission = Permission.DEMO

    def get(self, request: HttpRequest) -> HttpResponse:
        form = StyleguideForm({} if request.GET.get("errors") else None)
        return render(request, "pages/styleguide.html", {"form": form})
