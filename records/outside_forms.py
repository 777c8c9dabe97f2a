"""Forms about records that come from outside: links for hospitals, letters, and things by post."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.catalogue.parts import Letter
from portal.forms import BaseForm, Checkboxes, DateField, Radios
from records.actions.letters import Invalid, special_words, suggested_end
from records.queries.checklist import ItemView
from records.rules.custody import FIELDS, NEEDED, missing
from records.rules.letters import ELEMENTS, SPECIAL, needs_end
from records.rules.links import DAYS
from records.states import Condition, PhysicalKind


class LinkForm(BaseForm):
    """Whom the link is for, what is asked, how long it works."""

    label = forms.CharField(
        label=_("Who is it for?"),
        help_text=_("For example, “Sample Hospital, heart clinic”. They see this name too."),
        max_length=120,
        error_messages={"required": _("Write which hospital or doctor it is for")},
    )
    items = forms.MultipleChoiceField(
        label=_("What should they send?"),
        required=False,
        widget=Checkboxes(),
    )
    days = forms.TypedChoiceField(
        label=_("How long should it work?"),
        coerce=int,
        initial=14,
        widget=Radios(),
    )
    email = forms.EmailField(
        label=_("Their e-mail address"),
        required=False,
        help_text=_("If you give one, we mail the link for you. Nothing about your health is in the mail."),
        error_messages={"invalid": _("Enter an e-mail address like records@hospital.example, or leave it empty")},
    )

    def __init__(self, *args: Any, items: Sequence[ItemView], staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        can_be_sent = [one for one in items if not one.only_asked]
        self.fields["items"].choices = [(one.key, one.item.staff if staff else one.item.patient) for one in can_be_sent]
        self.fields["items"].initial = [one.key for one in can_be_sent if one.required and not one.done]
        self.fields["days"].choices = [(n, ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in DAYS]
        if staff:
            self.fields["email"].help_text = _("If you give one, the portal mails the link. No clinical word is in it.")


class CodeForm(BaseForm):
    """The code of a link, typed from paper or pasted with the whole address."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("52 letters and numbers. Spaces and small letters are fine. You can also paste the whole link."),
        max_length=400,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "data-from-fragment": "",
            }
        ),
        error_messages={"required": _("Type the code from the letter, or paste the link")},
    )


class SenderForm(BaseForm):
    """Who sends: the patient and the service see it."""

    code = forms.CharField(max_length=400, widget=forms.HiddenInput())
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name: the patient sees who sent the records")},
    )
    place = forms.CharField(
        label=_("Hospital or practice, and department"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Enter where you work: the patient sees who sent the records")},
    )


AGREED = _("I have read the letter and sign it with my name.")


class LetterForm(BaseForm):
    """The gaps of one letter. What the law asks for is checked by `rules.letters`; its answers come back as errors here."""

    provider = forms.CharField(
        label=_("Which hospital or doctor has the records?"),
        help_text=_("Name and address, as on their own letters"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write which hospital or doctor has the records")},
    )
    items = forms.MultipleChoiceField(label=_("Which records do you ask for?"), required=False, widget=Checkboxes())
    more = forms.CharField(
        label=_("Other records, if any"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    special_kind = forms.ChoiceField(
        label=_("Which kind of record?"),
        help_text=_("Each kind needs a paper of its own"),
        widget=Radios(),
        error_messages={"required": _("Choose which kind of record")},
    )
    deliver = forms.ChoiceField(
        label=_("Where should they send the copies?"),
        choices=[("link", _("Straight to my case, by a secure page")), ("me", _("To me"))],
        initial="link",
        widget=Radios(
            reveals={"me": ["deliver_to"]},
        ),
    )
    deliver_to = forms.CharField(
        label=_("Your postal or e-mail address"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    purpose = forms.CharField(
        label=_("What is it for?"),
        initial=_("At my request, for a second opinion"),
        max_length=200,
        error_messages={"required": _("Write what it is for. “At my request” is enough")},
    )
    ends_on = DateField(
        label=_("When should the permission end?"),
        name=_("the end date"),
        help_text=_("After this day it does not count any more. For example, 31 3 2027"),
    )
    authority = forms.CharField(
        label=_("What lets you sign for the patient?"),
        help_text=_("For example: I am the parent of a child, or I have a power of attorney of 3 May 2024"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write what lets you sign for the patient")},
    )
    signature = forms.CharField(
        label=_("Sign by typing your full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Sign with your full name")},
    )
    agreed = forms.BooleanField(label=AGREED, error_messages={"required": _("Tick the box to sign the letter")})

    def __init__(
        self, *args: Any, letter: Letter, items: Sequence[ItemView], own: bool, can_link: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.letter = letter
        can_be_sent = [one for one in items if not one.only_asked]
        self.fields["items"].choices = [(one.key, one.item.patient) for one in can_be_sent]
        self.fields["items"].initial = [one.key for one in can_be_sent if one.required and not one.done]
        self.fields["special_kind"].choices = [(one, special_words(one)) for one in SPECIAL]
        self.fields["ends_on"].initial = suggested_end(timezone.localdate())
        self.fields["deliver"].widget.hints = {
            "link": gettext("The letter carries a code that works once. They see nothing of your case.")
        }
        self.fields["deliver_to"].quiet_optional = True  # needed under its own choice, and only there
        if not can_link:
            self.fields["deliver"].choices = [("me", _("To me"))]
            self.fields["deliver"].initial = "me"
        drop = {
            "items": "records" not in letter.parts,
            "more": "records" not in letter.parts,
            "special_kind": "special_kind" not in letter.parts,
            "purpose": "purpose" not in letter.parts,
            "ends_on": not needs_end(letter),
            "authority": own,
        }
        for name in (name for name, away in drop.items() if away):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (
            found.get("deliver") == "me"
            and "deliver_to" in self.letter.parts
            and not found.get("deliver_to", "").strip()
        ):
            self.add_error("deliver_to", _("Write where they should send the copies"))
        return found

    def refuse(self, invalid: Invalid) -> None:
        """Say what the law still asks for, at the field that mends it."""
        fields = {"records": "items", "ends": "ends_on", "deliver_to": "deliver_to"}
        words = {
            "missing": _("This must be filled in before the letter counts"),
            "expired": _("The end date must be today or later: a permission that has ended does not count"),
            "too_long": _("Choose an end date within a year from today"),
            "unlike_name": _("Sign with the name that we know you by. It is in “About you”"),
            "statements": _("This letter misses words that the law asks for. Please write to us; do not send it"),
        }
        own = {
            "records": _("Choose at least one record, or write which one"),
            "patient_name": _("We do not know the patient’s name yet. Fill in “About you” first"),
            "birth_date": _("We do not know the date of birth yet. Fill in “About you” first"),
        }
        for problem in invalid.problems:
            name = fields.get(problem.part, problem.part)
            text = own.get(problem.part) if problem.code == "missing" else None
            text = text or words[problem.code]
            law = ELEMENTS.get(problem.part, "") if needs_end(self.letter) else ""
            self.add_error(name if name in self.fields else None, f"{text} ({law})" if law else str(text))


class ThingForm(BaseForm):
    """Something that will come by post."""

    kind = forms.ChoiceField(label=_("What is it?"), choices=PhysicalKind.choices, widget=Radios())
    label = forms.CharField(
        label=_("Describe it in a few words"),
        help_text=_("For example, “12 slides of the lung biopsy of May 2026”"),
        max_length=160,
        error_messages={"required": _("Describe what it is in a few words")},
    )
    pieces = forms.IntegerField(
        label=_("How many pieces?"),
        min_value=1,
        max_value=999,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "nhsuk-input--width-3"}),
        error_messages={"invalid": _("Enter a number, like 12"), "required": _("Enter how many pieces there are")},
    )
    item = forms.ChoiceField(label=_("Which record of the list is it?"), required=False, widget=Radios())
    owner = forms.CharField(
        label=_("Whose is it, and where must it go back to?"),
        help_text=_(
            "For example, the pathology lab of Sample Hospital, with its address. Leave it empty if nobody wants it back."
        ),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    return_by = DateField(
        label=_("When must it be back?"), name=_("the day it must be back"), required=False, earliest=timezone.localdate
    )

    def __init__(self, *args: Any, items: Sequence[ItemView], staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        courier = [one for one in items if one.item.courier]
        if courier:
            choices = [(one.key, one.item.staff if staff else one.item.patient) for one in courier]
            self.fields["item"].choices = [*choices, ("", _("None of these"))]
        else:
            del self.fields["item"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("return_by") and not found.get("owner", "").strip():
            self.add_error("owner", _("Write where it must go back to"))
        return found


class CustodyForm(BaseForm):
    """One line of the custody log. Which fields there are depends on what happened."""

    happened_on = DateField(label=_("When was it?"), name=_("the day"), past=True)
    holder = forms.CharField(
        label=_("Who has it now?"), help_text=_("Name, and laboratory or hospital"), max_length=160
    )
    carrier = forms.CharField(
        label=_("Which carrier?"), help_text=_("For example DHL, the post, or “brought by hand”"), max_length=80
    )
    tracking = forms.CharField(label=_("Tracking number"), required=False, max_length=80)
    condition = forms.ChoiceField(label=_("In which condition is it?"), choices=Condition.choices, widget=Radios())
    remark = forms.CharField(
        label=_("Remark"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    photo = forms.FileField(
        label=_("Photo of its condition"),
        help_text=_("For example of a cracked slide or a torn parcel. JPEG, PNG or HEIC."),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )

    def __init__(self, *args: Any, event: str, photos: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        if not photos or "condition" not in FIELDS[event]:
            del self.fields["photo"]
        self.fields["happened_on"].initial = timezone.localdate()
        for name in ("holder", "carrier", "tracking", "condition"):
            if name not in FIELDS[event]:
                del self.fields[name]
            elif name not in NEEDED.get(event, ()):
                self.fields[name].required = False
        if "remark" in NEEDED.get(event, ()):
            self.fields["remark"].required = True
            self.fields["remark"].error_messages["required"] = gettext("Write what happened")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        said = {name: str(found.get(name) or "") for name in (*FIELDS[self.event], "remark")}
        if "remark" in missing(self.event, said) and "remark" not in self.errors:
            self.add_error("remark", _("Write what is damaged or missing"))
        return found
