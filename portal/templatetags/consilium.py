"""Template tags of the whole portal: the front end's built files, and small helpers for markup."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()

Manifest = dict[str, dict[str, Any]]


def _manifest_path() -> Path:
    return Path(settings.FRONTEND_DIST) / ".vite" / "manifest.json"


@functools.lru_cache(maxsize=1)
def _read(path: Path, _stamp: float) -> Manifest:
    loaded: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def manifest() -> Manifest:
    """Vite's manifest, read again only after a build (one `stat` otherwise); empty if the front end was never built.

    Raises:
        ImproperlyConfigured: it is missing where ``FRONT_END_REQUIRED`` is set, since pages without it would be unusable.
    """
    path = _manifest_path()
    try:
        return _read(path, path.stat().st_mtime)
    except FileNotFoundError:
        if getattr(settings, "FRONT_END_REQUIRED", False):
            raise ImproperlyConfigured("The front end is not built: run `make assets`.") from None
        return {}


def _entry(name: str) -> dict[str, Any] | None:
    return next((chunk for chunk in manifest().values() if chunk.get("isEntry") and chunk.get("name") == name), None)


def _imports(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key in chunk.get("imports", []):
        other = manifest()[key]
        if other not in found:
            found += [other, *(deeper for deeper in _imports(other) if deeper not in found)]
    return found


def _link(href: str) -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static(href))


@register.simple_tag
def asset(name: str) -> SafeString:
    """``{% asset 'app' %}``: the entry's module script, its own style sheets, and preloads of what it imports."""
    chunk = _entry(name)
    if chunk is None:
        return mark_safe("")
    shared = _imports(chunk)
    styles = list(dict.fromkeys(css for part in (*shared, chunk) for css in part.get("css", [])))
    return format_html(
        '{}{}<script type="module" src="{}"></script>',
        format_html_join("", "{}", ((_link(css),) for css in styles)),
        format_html_join("", '<link rel="modulepreload" href="{}">', ((static(part["file"]),) for part in shared)),
        static(chunk["file"]),
    )


@register.simple_tag
def asset_css(name: str = "theme") -> SafeString:
    """``{% asset_css 'theme' %}``: the style sheet, and a preload of the font that every page needs first."""
    chunk = _entry(name)
    if chunk is None:
        return mark_safe("")
    fonts = [file for file in chunk.get("assets", []) if "-latin-wght-" in file]
    return format_html(
        "{}{}",
        format_html_join(
            "",
            '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">',
            ((static(file),) for file in fonts),
        ),
        _link(chunk["file"]),
    )


@register.simple_tag
def asset_url(name: str) -> str:
    """``{% asset_url 'viewer' %}``: the entry's address alone."""
    chunk = _entry(name)
    return static(chunk["file"]) if chunk else ""


@register.simple_tag(name="product")
def product_tag() -> dict[str, str]:
    """``{% product as product %}``: the organisation's details for a page that has no request (errors, maintenance)."""
    details: dict[str, str] = settings.PRODUCT
    return details


@register.filter
def first_unit(words: str) -> str:
    """ "1 day, 8 hours" to "1 day": a glance needs no more."""
    return words.partition(",")[0]


@register.filter
def initials(name: str) -> str:
    """Up to two letters for a round badge: "Dr Ada Sample" gives "AS"."""
    words = [
        word
        for word in str(name).split()
        if word.rstrip(".").lower() not in {"dr", "prof", "professor", "mr", "mrs", "ms", "mx"}
    ]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def dicom_name(value: str) -> str:
    """A DICOM person name (PS3.5 6.2, PN) as people write it: given names first, no carets; an ideographic spelling follows."""
    alphabetic, ideographic = [*str(value).split("="), "", ""][:2]
    family, *rest = alphabetic.split("^")
    given = [part.strip() for part in rest[:2] if part.strip()]
    name = " ".join([*given, family.strip()]).strip()
    signs = " ".join(part.strip() for part in ideographic.split("^") if part.strip())
    return f"{name} ({signs})" if name and signs else name or signs


@register.filter
def dicom_sex(value: str) -> str:
    """Patient's Sex (0010,0040) in words."""
    return {"M": _("male"), "F": _("female"), "O": _("other")}.get(str(value), str(value))


@register.filter
def dicom_date(value: str) -> str:
    """A DICOM date (PS3.5 6.2, DA) as the rest of the portal writes dates; what is no date stays as it was sent."""
    try:
        return date_format(datetime.strptime(str(value), "%Y%m%d"), "j M Y")  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return str(value)


SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))


@register.filter
def device(user_agent: str) -> str:
    """A browser's own description in two words that its owner knows: "Firefox, Windows"."""
    found = [
        next((name for sign, name in table if sign.lower() in (user_agent or "").lower()), "")
        for table in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(one for one in found if one) or _("A device that we do not know")


@register.filter
def fours(text: Any) -> str:
    """A long key in groups of four, as somebody can type it from one screen into another; apps leave the blanks out."""
    whole = str(text)
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
