"""Forms of the specialists' app. What the opinion editor saves is checked by rules/draft.py: it has no fixed fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.catalogue.types import Edition
from portal.forms import BaseForm, Checkboxes, CountedTextarea, DateField, Radios
from specialists.actions.profiles import Facts
from specialists.models import Profile
from specialists.rules import offers, profiles
from specialists.states import Conflict, DeclineReason


class AcceptForm(BaseForm):
    """The conflict-of-interest declaration."""

    conflict = forms.ChoiceField(
        label=_("Do you have a conflict of interest?"),
        help_text=_("Ties to the patient, the treating doctors, the hospitals or the makers of what was advised."),
        choices=Conflict.choices,
        widget=Radios(reveals={Conflict.DECLARED: ["conflict_text"]}),
        error_messages={"required": _("Say whether you have a conflict of interest")},
    )
    conflict_text = forms.CharField(
        label=_("What do you declare?"),
        help_text=_("It is shown in the report."),
        required=False,
        max_length=1000,
        widget=CountedTextarea(limit=1000, attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (
            offers.declaration_refused(data.get("conflict", ""), data.get("conflict_text", ""))
            == "declaration_says_nothing"
        ):
            self.add_error("conflict_text", _("Write what you have to declare"))
        return data


class DeclineForm(BaseForm):
    """Why a case is not taken, or given back."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=DeclineReason.choices,
        widget=Radios(),
        error_messages={"required": _("Choose a reason")},
    )
    text = forms.CharField(
        label=_("A word to the coordinator"),
        required=False,
        max_length=1000,
        widget=CountedTextarea(limit=1000, attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if offers.decline_refused(data.get("reason", ""), data.get("text", "")) == "reason_says_nothing":
            self.add_error("text", _("Write the reason, so that the coordinator knows whom to ask next"))
        return data


class AskForm(BaseForm):
    """A question that has to be answered before the review can go on."""

    owner = forms.ChoiceField(
        label=_("Who can answer?"),
        choices=[("desk", _("The coordinator")), ("patient", _("The patient, through the coordinator"))],
        widget=Radios(),
        error_messages={"required": _("Choose who can answer")},
    )
    asks = forms.CharField(
        label=_("What do you need?"),
        help_text=_("One thing at a time, in words that the patient can read."),
        max_length=2000,
        widget=CountedTextarea(limit=2000, attrs={"rows": 5}),
        error_messages={"required": _("Write what you need")},
    )


class SignForm(BaseForm):
    """The statement that a signature makes."""

    agree = forms.BooleanField(
        label=_("I have read the preview, and I make this statement"),
        error_messages={"required": _("Read the preview and make the statement before you sign")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    """The hash of the preview, list of records included: what arrived after it was not read."""


class AvailabilityForm(BaseForm):
    """When a specialist can take cases, and how many."""

    capacity = forms.IntegerField(
        label=_("Open cases at one time"),
        min_value=profiles.CAPACITY_LEAST,
        max_value=profiles.CAPACITY_MOST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "nhsuk-input--width-2"}),
        error_messages={
            "required": _("Enter how many cases can be open at one time"),
            "invalid": _("Enter a number from 1 to 20"),
            "min_value": _("Enter a number from 1 to 20"),
            "max_value": _("Enter a number from 1 to 20"),
        },
    )
    away_from = DateField(label=_("Away from"), name=_("the first day away"), required=False, help_text="")
    away_until = DateField(
        label=_("Away until"),
        name=_("the last day away"),
        required=False,
        help_text=_("The last day away. Leave it empty if the return is open."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        problem = profiles.availability_refused(
            data.get("capacity") or profiles.CAPACITY_LEAST, data.get("away_from"), data.get("away_until")
        )
        if problem == "away_order":
            self.add_error("away_until", _("The last day away must not be before the first"))
        return data


class ProfileForm(AvailabilityForm):
    """A whole profile. Sub-specialties and conditions open under the specialty they belong to."""

    title = forms.CharField(
        label=_("Title"), help_text=_("As it stands in the report: Consultant cardiologist"), max_length=120
    )
    institution = forms.CharField(label=_("Institution"), max_length=160)
    active = forms.BooleanField(
        label=_("Can be offered cases"), required=False, help_text=_("Without it, open cases stay; no new one comes.")
    )
    field_order = ("title", "institution", "specialties", "languages", "capacity", "away_from", "away_until", "active")

    def __init__(self, *args: Any, edition: Edition, profile: Profile | None = None, **kwargs: Any) -> None:
        self.edition = edition
        super().__init__(*args, initial=self._initial(profile), **kwargs)
        self.fields["specialties"] = forms.MultipleChoiceField(
            label=_("Specialties"),
            choices=[(one.key, one.name) for one in edition.specialties],
            widget=Checkboxes(
                reveals={one.key: [f"sub_{one.key}", f"conditions_{one.key}"] for one in edition.specialties}
            ),
            error_messages={"required": _("Choose at least one specialty")},
        )
        for one in edition.specialties:
            words = {"specialty": one.name}
            self.fields[f"sub_{one.key}"] = forms.MultipleChoiceField(
                label=gettext("Sub-specialties of %(specialty)s") % words,
                required=False,
                choices=[(sub.key, sub.name) for sub in one.sub_specialties],
                widget=Checkboxes(),
            )
            self.fields[f"conditions_{one.key}"] = forms.MultipleChoiceField(
                label=gettext("Conditions of %(specialty)s reviewed often") % words,
                required=False,
                choices=[(condition.key, condition.name) for condition in one.conditions],
                widget=Checkboxes(),
            )
        self.fields["languages"] = forms.MultipleChoiceField(
            label=_("Languages read well enough to review records"),
            choices=[(one.code, one.name) for one in edition.languages],
            widget=Checkboxes(inline=True),
            error_messages={"required": _("Choose at least one language")},
        )
        self.order_fields(self.field_order)

    def _initial(self, profile: Profile | None) -> dict[str, Any]:
        if profile is None:
            return {"capacity": 3, "active": True}
        names = "title institution specialties languages capacity away_from away_until active".split()
        found = {name: getattr(profile, name) for name in names}
        for key in profile.specialties:
            found |= {f"sub_{key}": profile.sub_specialties, f"conditions_{key}": profile.conditions}
        return found

    def facts(self) -> Facts:
        """What was entered; ticks under a specialty that is not chosen do not count."""
        data = self.cleaned_data

        def under(part: str) -> list[str]:
            return list(dict.fromkeys(key for chosen in data["specialties"] for key in data[f"{part}_{chosen}"]))

        return Facts(
            **{name: data[name] for name in ("title", "institution", "specialties", "languages", "capacity")},
            **{name: data[name] for name in ("away_from", "away_until", "active")},
            sub_specialties=under("sub"),
            conditions=under("conditions"),
        )


class LicenceForm(BaseForm):
    """A licence to practise. A country that licenses by state in the catalogue asks for the state as well."""

    country = forms.ChoiceField(label=_("Country"), error_messages={"required": _("Choose the country")})
    state = forms.ChoiceField(
        label=_("State"), required=False, help_text=_("Only for a country that licenses doctors by state.")
    )
    number = forms.CharField(
        label=_("Number"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "nhsuk-input--width-20", "autocomplete": "off"}),
        error_messages={"required": _("Enter the number of the licence")},
    )
    valid_until = DateField(
        label=_("Valid until"),
        name=_("the last valid day"),
        required=False,
        earliest=localdate,
        help_text=_("Leave it empty if the licence does not end."),
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edition = edition
        places = sorted((place.name, place.code) for place in edition.places if place.code != "ZZ")
        countries = [("", gettext("Choose a country")), *((code, name) for name, code in places)]
        regions = [(region.code, region.name) for place in edition.places for region in place.regions]
        for name, choices in (("country", countries), ("state", [("", gettext("Choose a state")), *regions])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        self.fields["state"].quiet_optional = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        with_regions = {place.code for place in self.edition.places if place.regions}
        country, state = data.get("country", ""), data.get("state", "")
        if country in with_regions and not state.startswith(f"{country}-"):
            self.add_error("state", _("Choose the state that gave the licence"))
        elif country not in with_regions:
            data["state"] = ""
        return data
