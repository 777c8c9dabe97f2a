"""How forms are rendered."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """The design system's markup, from templates/forms/."""
