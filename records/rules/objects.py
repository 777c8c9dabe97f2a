"""What lies on a disc besides images, in plain words for a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def kind_name(kind: str) -> str:
    """The plain name of a kind of content (records.dicom.objects); "" for one that nobody needs to know of."""
    return {
        "report": _("Written report"),
        "key_objects": _("Images somebody marked as important"),
        "presentation": _("How somebody set up and marked the images"),
        "segmentation": _("Outlines of parts of the body"),
        "rt_image": _("Radiotherapy image"),
        "rt_dose": _("Radiotherapy dose"),
        "rt_structures": _("Radiotherapy outlines"),
        "rt_record": _("Record of a radiotherapy treatment"),
        "rt_plan": _("Radiotherapy plan"),
        "slide": _("Microscope slide"),
        "registration": _("How two scans fit over each other"),
        "annotations": _("Marks on a microscope slide"),
        "parametric_map": _("Computed map"),
        "surface": _("Surface model"),
        "tracts": _("Nerve fibre tracks"),
        "model": _("Model for printing"),
        "waveform": _("Tracing"),
        "video": _("Video"),
        "raw": _("Raw data of the scanner"),
    }.get(kind, "")


def said(content: Mapping[str, Any]) -> str:
    """One line: "Radiotherapy plan “Plan1”: 30 treatments, 60 Gy". `content` holds at least `kind`."""
    kind = str(content.get("kind") or "")
    name = kind_name(kind)
    label = str(content.get("label") or "")
    if label and kind not in ("segmentation", "presentation"):
        name = f"{name} “{label}”"
    count = int(content.get("count") or 0)
    more: list[str] = []
    if kind == "key_objects":
        more = [ngettext("%(n)d image", "%(n)d images", count) % {"n": count}]
    elif kind == "presentation" and count:
        more = [ngettext("for %(n)d image", "for %(n)d images", count) % {"n": count}]
    elif content.get("names"):
        more = [str(content["names"])]
    if fractions := int(content.get("fractions") or 0):
        more.append(ngettext("%(n)d treatment", "%(n)d treatments", fractions) % {"n": fractions})
    if dose := content.get("dose_gy"):
        more.append(_("%(dose)s Gy") % {"dose": f"{float(dose):g}"})
    return f"{name}: {', '.join(more)}" if more else name
