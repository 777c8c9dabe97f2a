"""Forms in the design system's markup, and the few field types that HTML has no good answer for.

Settings use it as ``FORM_RENDERER = "portal.forms.Renderer"``; every widget of Django then comes out with the right classes,
label, hint, error and ``aria-describedby``, so that no screen writes form markup by hand.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.http import HttpRequest

Reveals = Mapping[str, Sequence[str]]

_INPUT_CLASSES = {
    "textarea": "nhsuk-textarea",
    "select": "nhsuk-select",
    "file": "nhsuk-file-upload__input",
    "password": "nhsuk-input nhsuk-password-input__input nhsuk-js-password-input-input",
}
_CHOICE_WIDGETS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


class BoundField(forms.BoundField):
    """What the field template asks of a field; the template itself decides nothing."""

    @property
    def kind(self) -> str:
        """What the field template draws: hidden, checkbox, radios, checkboxes, group, password, textarea, select, file, input."""
        widget = self.field.widget
        table: tuple[tuple[type[forms.Widget] | tuple[type[forms.Widget], ...], str], ...] = (
            (forms.HiddenInput, "hidden"),
            (forms.MultipleHiddenInput, "hidden"),
            (forms.CheckboxSelectMultiple, "checkboxes"),
            (forms.RadioSelect, "radios"),
            (forms.CheckboxInput, "checkbox"),
            (forms.MultiWidget, "group"),
            (forms.PasswordInput, "password"),
            (forms.Textarea, "textarea"),
            (forms.Select, "select"),
            (forms.FileInput, "file"),
        )
        return next((kind for types, kind in table if isinstance(widget, types)), "input")

    @property
    def first_id(self) -> str:
        """The id of the first control, where an error summary must lead."""
        widget = self.field.widget
        own = str(widget.attrs.get("id") or self.auto_id)
        if isinstance(widget, DateInput):
            return f"{own}_{next((part for part in widget.parts if part in widget.bad_parts), widget.parts[0])}"
        if isinstance(widget, forms.MultiWidget):
            return f"{own}_0"
        if isinstance(widget, _CHOICE_WIDGETS):
            return widget.id_for_label(own, index="0")
        return own

    @property
    def optional(self) -> bool:
        """Whether to say "(optional)": what is asked without a word is required."""
        return not self.field.required and not getattr(self.field, "quiet_optional", False)

    @property
    def max_count(self) -> int | None:
        """The limit to count down to: a textarea's ``data-count`` or its ``maxlength``."""
        if self.kind != "textarea":
            return None
        limit = self.field.widget.attrs.get("data-count") or getattr(self.field, "max_length", None)
        return int(limit) if limit else None

    @property
    def suffix(self) -> str:
        """A unit after the box: ``attrs={"data-suffix": "kg"}``."""
        return str(self.field.widget.attrs.get("data-suffix", ""))

    @property
    def legend_class(self) -> str:
        """The size of the question: ``s`` unless the widget says ``data-legend="m"`` or ``"l"``."""
        return f"nhsuk-fieldset__legend--{self.field.widget.attrs.get('data-legend', 's')}"

    @property
    def describedby(self) -> str:
        """Ids of hint, error and count, in the order they are read."""
        ids = []
        if self.help_text:
            ids.append(f"{self.auto_id}_helptext")
        if self.errors:
            ids.append(f"{self.auto_id}_error")
        if self.max_count:
            ids.append(f"{self.auto_id}-info")
        return " ".join(ids)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Describe the control by its hint, error and count."""
        built = super().build_widget_attrs(attrs, widget)
        built.pop("aria-describedby", None)
        if self.kind != "hidden" and not self.use_fieldset and self.describedby:
            built["aria-describedby"] = self.describedby
        # The browser's own bubbles are not translated and vanish; the page says it instead.
        built.pop("required", None)
        if self.kind == "group":
            built.pop("aria-invalid", None)
        return built

    def revealed(self) -> list[Any]:
        """Choices of radios or checkboxes, each with its hint and the fields it opens: dicts ready for the template."""
        widget = self.field.widget
        hints: Mapping[str, str] = getattr(widget, "hints", {})
        reveals: Reveals = getattr(widget, "reveals", {})
        rows = []
        for choice in self.subwidgets:
            data = choice.data
            value = str(data["value"])
            opens = [self.form[name] for name in reveals.get(value, ()) if name in self.form.fields]
            rows.append(
                {
                    "widget": data,
                    "id": data["attrs"].get("id"),
                    "label": data["label"],
                    "hint": hints.get(value, ""),
                    "opens": opens,
                    "exclusive": value in getattr(widget, "exclusive", ()),
                }
            )
        return rows


class Renderer(TemplatesSetting):
    """Looks for ``forms/…`` before Django's own ``django/forms/…`` and adds the classes of the design system."""

    form_template_name = "forms/form.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"
    bound_field_class = BoundField

    def get_template(self, template_name: str) -> Any:
        """Ours if there is one; Django's otherwise (so that ``django.forms`` need not be an installed app)."""
        if template_name.startswith("django/forms/"):
            try:
                return get_template(template_name.removeprefix("django/"))
            except TemplateDoesNotExist:
                return DjangoTemplates().get_template(template_name)
        return get_template(template_name)

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> Any:
        """Add ``classes`` to the widget's context; nothing else is changed."""
        if isinstance(context.get("widget"), dict):
            self._classes(context["widget"])
        return super().render(template_name, context, request)

    def _classes(self, widget: dict[str, Any]) -> None:
        attrs = widget.get("attrs", {})
        kind = widget.get("type") or widget.get("template_name", "").rsplit("/", 1)[-1].removesuffix(".html")
        if kind not in {"hidden", "checkbox", "radio"}:
            base = _INPUT_CLASSES.get(kind, "nhsuk-input")
            if kind == "textarea" and any(name in attrs for name in ("data-count", "maxlength")):
                # With a count shown, pasted words must not be cut silently: too long is an error that can be read.
                attrs.pop("maxlength", None)
                base = f"{base} nhsuk-js-character-count"
            wrong = f" {base.split()[0]}--error" if attrs.get("aria-invalid") else ""
            widget["classes"] = " ".join(part for part in (base + wrong, attrs.get("class", "")) if part)
        for sub in widget.get("subwidgets", []):
            if isinstance(sub, dict):
                self._classes(sub)


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
    """Replace Django's "This field is required", which names nothing, wherever a form has no words of its own."""
    kinds: tuple[tuple[type[forms.Field], Any], ...] = (
        (forms.BooleanField, _("Tick the box to go on: %(label)s")),
        (forms.FileField, _("Choose a file: %(label)s")),
        (forms.ChoiceField, _("Choose an answer: %(label)s")),
        (forms.ModelChoiceField, _("Choose an answer: %(label)s")),
    )
    for name, field in fields.items():
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


class DateField(forms.MultiValueField):
    """A day, month and year; says in plain words which part is missing or wrong.

    ``name`` is how the messages call it ("your date of birth"); ``earliest`` and ``latest`` are inclusive, may be callables and
    have messages of their own. The cleaned value is a ``datetime.date`` or ``None``.
    """

    widget = DateInput

    def __init__(
        self, *, name: Any = "", earliest: Any = None, latest: Any = None, past: bool = False, **kwargs: Any
    ) -> None:
        self.name = name or gettext_lazy("the date")
        self.earliest = earliest
        self.latest = datetime.date.today if past and latest is None else latest
        self.past = past
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
            raise self._wrong(message % {"name": capital, "limit": _spoken(latest)}, *DateInput.parts)
        if earliest is not None and found < earliest:
            raise self._wrong(
                _("%(name)s must be %(limit)s or later") % {"name": capital, "limit": _spoken(earliest)},
                *DateInput.parts,
            )

    def compress(self, data_list: list[str]) -> datetime.date | None:
        """Unused: ``clean`` is whole."""
        raise NotImplementedError

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare dates, not texts: "03" is 3."""
        before = DateInput().decompress(initial)
        return [str(text or "").strip().lstrip("0") for text in (data or ["", "", ""])] != before


def _spoken(day: datetime.date) -> str:
    from django.utils.formats import date_format

    return date_format(day, "j F Y")
