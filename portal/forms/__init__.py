"""Forms in the design system's markup, and the few field types that HTML has no good answer for.

Settings use it as ``FORM_RENDERER = "portal.forms.Renderer"``; every widget of Django then comes out with the right classes,
label, hint, error and ``aria-describedby``, so that no screen writes form markup by hand.
"""

from __future__ import annotations

from portal.forms.base import BaseForm, BaseModelForm, ErrorSummaryMixin, name_what_is_missing
from portal.forms.dates import DateField
from portal.forms.rendering import BoundField, Renderer
from portal.forms.widgets import Checkboxes, CountedTextarea, DateInput, Radios

__all__ = [
    "BaseForm",
    "BaseModelForm",
    "BoundField",
    "Checkboxes",
    "CountedTextarea",
    "DateField",
    "DateInput",
    "ErrorSummaryMixin",
    "Radios",
    "Renderer",
    "name_what_is_missing",
]
