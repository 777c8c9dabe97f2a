"""What a study is called, in words that a patient and a doctor both know: "CT chest"."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _


def modality_name(modality: str) -> str:
    """The usual name of a DICOM modality; the code itself for a rare one."""
    names = {
        "CT": _("CT"),
        "MR": _("MRI"),
        "CR": _("X-ray"),
        "DX": _("X-ray"),
        "RG": _("X-ray"),
        "RF": _("Fluoroscopy"),
        "XA": _("Angiogram"),
        "MG": _("Mammogram"),
        "US": _("Ultrasound"),
        "IVUS": _("Vessel ultrasound"),
        "PT": _("PET"),
        "NM": _("Nuclear scan"),
        "ECG": _("ECG"),
        "HD": _("Heart pressures"),
        "SM": _("Tissue slides"),
        "OT": _("Images"),
        "SC": _("Images"),
    }
    return names.get(modality, modality)


MINOR = frozenset({"SR", "PR", "KO", "SC", "OT", "DOC", "REG", "SEG", "RTSTRUCT"})


def study_title(modalities: Iterable[str], body_parts: Iterable[str], description: str) -> str:
    """ "CT chest", "PET, CT", "MRI brain": modalities that make pictures first, then the part of the body if only one is named."""
    every = list(modalities)
    main = [one for one in every if one not in MINOR] or every
    if {"PT", "CT"} <= set(main):
        main = ["PT", "CT"]
    name = "-".join(dict.fromkeys(modality_name(one) for one in main)) if main else _("Images")
    parts = list(dict.fromkeys(part.strip().lower() for part in body_parts if part.strip()))
    if len(parts) == 1:
        return f"{name} {parts[0]}"
    if description:
        words = description.replace("_", " ").strip()
        return words if name.lower() in words.lower() else f"{name}: {words}"
    return name
