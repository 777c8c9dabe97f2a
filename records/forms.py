"""What people type about records."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms import BaseForm, DateField, Radios
from records.states import ItemState


class ItemForm(BaseForm):
    """A coordinator's word on one line of the checklist."""

    state = forms.ChoiceField(
        label=_("Where does this record stand?"),
        choices=[
            (ItemState.WAIVED, _("Not needed for this case")),
            (ItemState.NOT_DONE, _("The test was never done")),
            (ItemState.SATISFIED, _("It is here")),
            (ItemState.MISSING, _("It is still missing")),
        ],
        widget=Radios(),
        error_messages={"required": _("Select what holds for this record")},
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        help_text=_("The patient, colleagues and the specialist read this."),
        widget=forms.TextInput(),
        error_messages={"required": _("Write the reason in a few words")},
    )


class PasswordForm(BaseForm):
    """The password of a locked file. It is never shown again."""

    password = forms.CharField(
        label=_("Password of the file"),
        max_length=200,
        strip=False,
        help_text=_("It is often your birth date, or on the letter that came with it. Capital letters matter."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
        error_messages={"required": _("Enter the password of the file")},
    )


class SameImageForm(BaseForm):
    """Two images under one number: which of them counts."""

    keep = forms.ChoiceField(
        label=_("Which image shall be shown?"),
        choices=[("first", _("The one that came first")), ("second", _("The one that came later"))],
        widget=Radios(),
        error_messages={"required": _("Select which image shall be shown")},
    )


class TrailingForm(BaseForm):
    """What becomes of a DICOM file with something glued to its end."""

    decision = forms.ChoiceField(
        label=_("What shall become of this file?"),
        choices=[
            ("read", _("Show its images, pass over what is at the end")),
            ("remove", _("Remove it from the case")),
        ],
        widget=Radios(),
        error_messages={"required": _("Select what shall become of this file")},
    )


class StudyForm(BaseForm):
    """Why a study that was set aside is this patient's."""

    reason = forms.CharField(
        label=_("How do you know that these images are this patient’s?"),
        max_length=300,
        help_text=_("For example: the patient’s maiden name is on the records."),
        error_messages={"required": _("Write how you know")},
    )


class StudyDateForm(BaseForm):
    """When images were taken whose headers do not say it."""

    day = DateField(
        label=_("Day of the examination"),
        name=_("the day"),
        past=True,
        earliest=date(1900, 1, 1),
        help_text=_("It is often on the letter or the disc that came with them. For example, 31 3 2026"),
    )


class PaperForm(BaseForm):
    """Why a paper that names another person is this patient's."""

    reason = forms.CharField(
        label=_("How do you know that this paper is this patient’s?"),
        max_length=300,
        help_text=_("For example: the patient’s maiden name is on the paper."),
        error_messages={"required": _("Write how you know")},
    )


class OwnItemForm(BaseForm):
    """What a patient can say about one record that is asked for."""

    said = forms.ChoiceField(
        label=_("What would you like to tell us?"),
        choices=[
            ("sent", _("I sent it already")),
            ("never", _("This test was never done")),
            ("cannot", _("I cannot get it")),
            ("ask", _("I have a question about it")),
        ],
        widget=Radios(reveals={"cannot": ["reason"], "ask": ["question"]}),
        error_messages={"required": _("Choose what you would like to tell us")},
    )
    reason = forms.CharField(
        label=_("Why can you not get it?"),
        required=False,
        max_length=300,
        help_text=_("We decide with the doctor if we can go on without it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    question = forms.CharField(
        label=_("Your question"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("reason", "question"):
            self.fields[name].quiet_optional = True  # needed under its own choice, and only there

    def clean(self) -> dict[str, object]:
        found = super().clean() or {}
        if found.get("said") == "cannot" and not found.get("reason", "").strip():
            self.add_error("reason", _("Write why you cannot get it. A few words are fine"))
        if found.get("said") == "ask" and not found.get("question", "").strip():
            self.add_error("question", _("Write your question"))
        return found
