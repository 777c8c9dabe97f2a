"""What was odd about files that were taken all the same, in words for staff: what the standard asks for and a file lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.utils.translation import gettext as _

MISSING = "missing:"
"""Before the keyword of a required attribute that a file lacks."""


def remark(code: str) -> str:
    """The words for a code of File.warnings; "" for one that staff need not know of."""
    return {
        "executable_preamble": _("starts like a program; the start is blanked in downloads"),
        "dicom_preamble_used": _("carries unknown bytes before the DICOM mark"),
        "dicom_preamble_missing": _("has no DICOM preamble; read all the same"),
        "dicom_syntax_missing": _("does not say how it is encoded; worked out"),
        "dicom_syntax_wrong": _("is encoded otherwise than it says; read as it is"),
        "dicom_vr_unknown": _("uses a type of value that the standard does not know"),
        "dicom_vr_missing": _("lacks the type of some values"),
        "dicom_order": _("has its entries out of order"),
        "dicom_stray_item": _("has parts of a list without the list; left out of what is shown"),
        "dicom_delimiter_missing": _("lacks the mark at the end of its images"),
        "dicom_group_length": _("states a wrong length of its header"),
        "dicom_padding": _("has filler after its last entry"),
        "dicom_trailing_ignored": _("has something after its last entry; a coordinator had it read without that"),
        "dicom_overlay_not_drawn": _("carries drawings over its image that cannot be shown here"),
        "dicom_pixel_data_longer": _("holds more image data than it describes"),
        "dicom_charset_unknown": _("names a character set that is not known; letters may be wrong"),
        "dicom_charset_guessed": _("does not name its character set, or a wrong one; worked out from the letters"),
        "dicom_text_shortened": _("has text longer than allowed; shortened where shown"),
        "dicom_date_invalid": _("has a date that is none; left empty"),
        "dicom_uid_leading_zero": _("has an identifier with a leading zero"),
        "dicom_uid_made": _("lacks a proper identifier; one was made for it here"),
        "dicom_class_retired": _("is of a class that the standard has retired"),
        "dicom_description_guessed": _("describes its image incompletely; worked out from its size"),
        "frames_not_shown": _("is kept, but its images cannot be shown"),
        "video_not_shown": _("is kept, but its video cannot be played here"),
        "same_uid_other_content": _("has the identifier of another file and different content"),
    }.get(code, "")


def remarks(warnings: Iterable[Iterable[str]]) -> list[tuple[str, int]]:
    """(words, number of files), most files first; missing attributes by their DICOM keyword."""
    counted: Counter[str] = Counter()
    for codes in warnings:
        counted.update({str(code) for code in codes})
    found = []
    for code, count in counted.most_common():
        if code.startswith(MISSING):
            found.append((_("lacks %(keyword)s") % {"keyword": code.removeprefix(MISSING)}, count))
        elif words := remark(code):
            found.append((words, count))
    return found
