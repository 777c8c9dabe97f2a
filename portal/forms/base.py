"""What every form of the portal has: a summary of its errors, and words for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from portal.forms.rendering import BoundField


class ErrorSummaryMixin:
    """Adds ``error_summary`` to a form."""

    errors: Any
    fields: Any
    error_css_class = "nhsuk-form-group--error"

    def get_context(self) -> dict[str, Any]:
        """Leave out the fields that a choice reveals: they are drawn under that choice."""
        context: dict[str, Any] = super().get_context()  # type: ignore[misc]
        opened = {
            name
            for field in self.fields.values()
            for names in getattr(field.widget, "reveals", {}).values()
            for name in names
        }
        context["fields"] = [(bound, errors) for bound, errors in context["fields"] if bound.name not in opened]
        return context

    def names_on_page(self) -> list[str]:
        """Names of all fields in the order of the page; a form that is drawn in another order than its own says so."""
        return list(self.fields)

    @property
    def error_summary(self) -> list[tuple[str, str]]:
        """(anchor id, message) of every error, in the order of the page; the anchor of an error of the whole form is empty."""
        found: list[tuple[str, str]] = [("", str(message)) for message in self.errors.get("__all__", [])]
        for name in self.names_on_page():
            bound = self[name]  # type: ignore[index]
            anchor = bound.first_id if isinstance(bound, BoundField) else bound.id_for_label
            found += [(anchor, str(message)) for message in self.errors.get(name, [])]
        return found


def name_what_is_missing(fields: Mapping[str, forms.Field]) -> None:
    """Replace Django's "This field is required", which names nothing, wherever a form has no words of its own; and say what an
    e-mail address looks like."""
    kinds: tuple[tuple[type[forms.Field], Any], ...] = (
        (forms.BooleanField, _("Tick the box to go on: %(label)s")),
        (forms.FileField, _("Choose a file: %(label)s")),
        (forms.ChoiceField, _("Choose an answer: %(label)s")),
        (forms.ModelChoiceField, _("Choose an answer: %(label)s")),
    )
    for name, field in fields.items():
        if isinstance(field, forms.EmailField):
            field.error_messages["invalid"] = _("Enter an e-mail address in full, like name@example.com")
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            label = str(field.label or name.replace("_", " ").capitalize())
            typed = _("Answer this: %(label)s") if label.endswith("?") else _("Fill in: %(label)s")
            words = next((words for kind, words in kinds if isinstance(field, kind)), typed)
            field.error_messages["required"] = words % {"label": label}


class BaseForm(ErrorSummaryMixin, forms.Form):
    """The base of every form that is not of a model."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        name_what_is_missing(self.fields)


class BaseModelForm(ErrorSummaryMixin, forms.ModelForm):
    """The base of every model form."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        name_what_is_missing(self.fields)
