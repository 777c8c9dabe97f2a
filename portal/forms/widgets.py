"""The few widgets that HTML has no good answer for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

Reveals = Mapping[str, Sequence[str]]


class _Rich:
    """Choices with a hint each, and fields that open under a choice.

    ``hints`` maps a value to its hint; ``reveals`` maps a value to names of fields of the same form, which are then drawn under
    that choice and not on their own; values in ``exclusive`` clear the others ("none of these").
    """

    def __init__(
        self,
        *args: Any,
        hints: Mapping[str, str] | None = None,
        reveals: Reveals | None = None,
        exclusive: Iterable[str] = (),
        inline: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.hints = dict(hints or {})
        self.reveals = {str(value): tuple(names) for value, names in (reveals or {}).items()}
        self.exclusive = tuple(exclusive)
        self.inline = inline


class Radios(_Rich, forms.RadioSelect):
    """``forms.ChoiceField(widget=Radios(hints={"yes": …}, reveals={"yes": ["which"]}))``."""


class Checkboxes(_Rich, forms.CheckboxSelectMultiple):
    """``forms.MultipleChoiceField(widget=Checkboxes(exclusive=["none"]))``."""


class CountedTextarea(forms.Textarea):
    """A textarea that says how many characters are left, and never cuts what was pasted."""

    def __init__(self, limit: int, rows: int = 5, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": rows, "data-count": limit, **(attrs or {})})


class DateInput(forms.MultiWidget):
    """Day, month and year in three boxes: nothing else is understood by everybody, and pickers are poor for a birth date."""

    template_name = "forms/widgets/date_parts.html"
    use_fieldset = True
    parts = ("day", "month", "year")

    def __init__(self, attrs: dict[str, Any] | None = None, autocomplete: str = "") -> None:
        self.autocomplete = autocomplete
        self.bad_parts: tuple[str, ...] = ()
        super().__init__({part: forms.TextInput() for part in self.parts}, attrs)

    def decompress(self, value: Any) -> list[str]:
        """A date to three texts."""
        if isinstance(value, datetime.date):
            return [str(value.day), str(value.month), str(value.year)]
        return ["", "", ""]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Label, width and ``autocomplete`` of each box, and which of them are wrong."""
        context = super().get_context(name, value, attrs)
        labels = {"day": _("Day"), "month": _("Month"), "year": _("Year")}
        for part, sub in zip(self.parts, context["widget"]["subwidgets"], strict=True):
            sub["label"] = labels[part]
            sub["attrs"]["id"] = f"{context['widget']['attrs'].get('id', name)}_{part}"
            sub["attrs"]["class"] = f"nhsuk-date-input__input nhsuk-input--width-{4 if part == 'year' else 2}"
            sub["attrs"]["inputmode"] = "numeric"
            if self.autocomplete:
                sub["attrs"]["autocomplete"] = f"{self.autocomplete}-{part}"
            if part in self.bad_parts:
                sub["attrs"]["aria-invalid"] = "true"
        return context
