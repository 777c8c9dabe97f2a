"""How a field is drawn: classes, label, hint, error and `aria-describedby` of the design system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from portal.forms.widgets import DateInput, Reveals

if TYPE_CHECKING:
    from django.http import HttpRequest

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
