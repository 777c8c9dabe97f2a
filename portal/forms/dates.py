"""A date in three boxes, and what is wrong with it in words."""

from __future__ import annotations

import datetime
from contextlib import nullcontext
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from portal.forms.widgets import DateInput


class DateField(forms.MultiValueField):
    """A day, month and year; says in plain words which part is missing or wrong.

    ``name`` is how the messages call it ("your date of birth"); ``earliest`` and ``latest`` are inclusive and may be callables;
    ``too_early`` and ``too_late`` replace what is said about them. A month may be written as its name. The cleaned value is a
    ``datetime.date`` or ``None``.
    """

    widget = DateInput

    def __init__(
        self,
        *,
        name: Any = "",
        earliest: Any = None,
        latest: Any = None,
        past: bool = False,
        too_early: Any = "",
        too_late: Any = "",
        **kwargs: Any,
    ) -> None:
        self.name = name or gettext_lazy("the date")
        self.earliest = earliest
        self.latest = datetime.date.today if past and latest is None else latest
        self.past = past
        self.too_early, self.too_late = too_early, too_late
        kwargs.setdefault("help_text", gettext_lazy("For example, 31 3 1980"))
        super().__init__((forms.CharField(), forms.CharField(), forms.CharField()), require_all_fields=False, **kwargs)

    def _wrong(self, message: str, *parts: str) -> ValidationError:
        self.widget.bad_parts = parts
        return ValidationError(message, code="invalid")

    def clean(self, value: Any) -> datetime.date | None:
        """Return the date.

        Raises:
            ValidationError: naming the part to mend, in words.
        """
        names = DateInput.parts
        texts = [str(part or "").strip() for part in (value or ["", "", ""])]
        self.widget.bad_parts = ()
        if not any(texts):
            if self.required:
                raise self._wrong(_("Enter %(name)s") % {"name": self.name}, *names)
            return None
        words = {"day": _("a day"), "month": _("a month"), "year": _("a year")}
        capital = str(self.name)[:1].upper() + str(self.name)[1:]
        missing = [part for part, text in zip(names, texts, strict=True) if not text]
        if missing:
            listed = _(" and ").join(words[part] for part in missing)
            raise self._wrong(_("%(name)s must include %(parts)s") % {"name": capital, "parts": listed}, *missing)
        texts[1] = _month_number(texts[1])
        for part, text in zip(names, texts, strict=True):
            if not (text.isascii() and text.isdigit()):
                single = {"day": _("The day"), "month": _("The month"), "year": _("The year")}[part]
                raise self._wrong(
                    _("%(part)s must be a number, like %(example)s")
                    % {"part": single, "example": {"day": "31", "month": "3", "year": "1980"}[part]},
                    part,
                )
        day, month, year = (int(text) for text in texts)
        if not 1 <= month <= 12:
            raise self._wrong(_("The month must be a number from 1 to 12"), "month")
        if len(texts[2]) != 4 or year < 1:
            raise self._wrong(_("The year must have 4 numbers, like 1980"), "year")
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            raise self._wrong(
                _("There is no such day in that month. Check the day and the month"), "day", "month"
            ) from None
        self._check_range(found, capital)
        self.run_validators(found)
        return found

    def _check_range(self, found: datetime.date, capital: str) -> None:
        latest = self.latest() if callable(self.latest) else self.latest
        earliest = self.earliest() if callable(self.earliest) else self.earliest
        if latest is not None and found > latest:
            message = (
                _("%(name)s must be today or in the past") if self.past else _("%(name)s must be %(limit)s or earlier")
            )
            raise self._wrong(
                str(self.too_late or message) % {"name": capital, "limit": _spoken(latest)}, *DateInput.parts
            )
        if earliest is not None and found < earliest:
            raise self._wrong(
                str(self.too_early or _("%(name)s must be %(limit)s or later"))
                % {"name": capital, "limit": _spoken(earliest)},
                *DateInput.parts,
            )

    def compress(self, data_list: list[str]) -> datetime.date | None:
        """Unused: ``clean`` is whole."""
        raise NotImplementedError

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare dates, not texts: "03" is 3."""
        before = DateInput().decompress(initial)
        return [str(text or "").strip().lstrip("0") for text in (data or ["", "", ""])] != before


def _month_number(text: str) -> str:
    """The number of a month that was written as a word ("March", "mar."), in English or the reader's language; else `text`."""
    word = text.rstrip(".").casefold()
    for language in (None, "en"):
        with override(language) if language else nullcontext():
            for names in (MONTHS, MONTHS_3):
                for number, name in names.items():
                    if word == str(name).rstrip(".").casefold():
                        return str(number)
    return text


def _spoken(day: datetime.date) -> str:
    from django.utils.formats import date_format

    return date_format(day, "j F Y")
