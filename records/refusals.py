"""What we tell people about a file that was refused, set aside or left out: one sentence what, one sentence what to do.

Keys are the codes of records/child/protocol.py; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Words:
    """`short` for a list ("password-protected PDF"), `what` happened, what to `do` next."""

    short: str | _StrPromise
    what: str | _StrPromise
    do: str | _StrPromise


_ASK = _("Please ask the place that gave it to you for a new copy, or write to us. We are glad to help.")
_AGAIN = _("Please send it again. If this happens twice, ask for a new copy or write to us.")
_UNPACK = _(
    "Please open it on your computer with a double click. Copy everything inside into a new folder, and send us that folder. "
    "If this does not work, write to us and we will help."
)
_UNPACKED = _(
    "Please ask the place that gave it to you for single files or a disc. Or write to us. We are glad to help."
)
_COPY_DISC = _(
    "Please open the disc on your computer. Copy everything on it into a new folder, and send us that folder. "
    "If this does not work, write to us and we will help."
)
_NOTHING = _("You do not need to do anything.")

_DAMAGED = Words(_("damaged file"), _("This file is damaged, so we could not read it."), _ASK)
_CUT = Words(
    _("incomplete file"), _("Part of this file is missing. It may have been cut off while it was copied."), _AGAIN
)
_UNSAFE_PACK = Words(
    _("unsafe packed file"), _("This packed file is built in a way that is not safe to open."), _UNPACKED
)
_TOO_LARGE = Words(
    _("too large"),
    _("This file is too large for us to open."),
    _("Please write to us and we will find a way."),
)
_NOT_SAFE = Words(
    _("could not be read safely"),
    _("We could not read this file safely, so we stopped."),
    _(
        "Please press “Try again” in the list of your records. If it happens again, write to us and we will look at it with you."
    ),
)

REFUSALS: dict[str, Words] = {
    "empty": Words(
        _("empty file"),
        _("This file is empty."),
        _("Please open it on your computer. If it is empty there too, ask for a new copy. If not, send it again."),
    ),
    "type_unsupported": Words(
        _("kind of file we cannot read"),
        _("We cannot read this kind of file."),
        _("Please send it as a PDF or as a photo. Scans can come just as they are on the disc of the hospital."),
    ),
    "video_unsupported": Words(
        _("video"),
        _("This is a video, and we cannot show it."),
        _("If it belongs to a photo, the photo is enough. If it shows something that matters, please write to us."),
    ),
    "unsafe_memory": _NOT_SAFE,
    "unsafe_time": _NOT_SAFE,
    "unsafe_crash": _NOT_SAFE,
    "too_large": _TOO_LARGE,
    "image_too_large": Words(
        _("picture too large"),
        _("This picture has more detail than we can open."),
        _(
            "Please save it in a smaller size and send it again. A photo of it with a phone will do, too. Or write to us."
        ),
    ),
    "dicom_truncated": _CUT,
    "dicom_no_pixels": _CUT,
    "dicom_pixel_length": _CUT,
    "dicom_damaged": _DAMAGED,
    "dicom_too_deep": _DAMAGED,
    "dicom_too_many_elements": _DAMAGED,
    "dicom_inflates_too_much": _DAMAGED,
    "dicom_uid_missing": _DAMAGED,
    "dicom_uid_invalid": _DAMAGED,
    "dicom_frame_count": _DAMAGED,
    "dicom_image_description": _DAMAGED,
    "dicom_codestream_size": _DAMAGED,
    "dicom_pixels_damaged": _DAMAGED,
    "dicom_trailing_data": Words(
        _("set aside to be checked"),
        _("There is something extra at the end of this file that does not belong there, so we set it aside."),
        _("Our team will look at it. You do not need to do anything now."),
    ),
    "transfer_syntax_unsupported": Words(
        _("image format we cannot show"),
        _("These images are stored in a format that we cannot show."),
        _(
            "Please ask the hospital for the images again, as “uncompressed DICOM”. They know these words. Or write to us."
        ),
    ),
    "encapsulated_type_mismatch": Words(
        _("not the document it claims to be"), _("The document inside this file is not what the file says it is."), _ASK
    ),
    "image_damaged": _DAMAGED,
    "text_damaged": _DAMAGED,
    "hl7_damaged": _DAMAGED,
    "xml_damaged": _DAMAGED,
    "json_damaged": _DAMAGED,
    "xml_too_deep": _DAMAGED,
    "json_too_deep": _DAMAGED,
    "xml_dtd": Words(
        _("unsafe file"),
        _("This file asks us to load parts from somewhere else. That is not safe, so we did not open it."),
        _ASK,
    ),
    "pdf_damaged": _DAMAGED,
    "pdf_header_not_first": Words(
        _("not a proper PDF"),
        _("This file has something else in front of the PDF, so we did not open it."),
        _(
            "Please open it on your computer, choose Print and then “Save as PDF”, and send us the new file. Or write to us."
        ),
    ),
    "pdf_too_many_pages": Words(
        _("too many pages"),
        _("This PDF has more pages than we can open."),
        _("Please send only the pages that matter for your question, or write to us and we will find a way."),
    ),
    "pdf_password": Words(
        _("password-protected PDF"),
        _("This PDF is locked with a password."),
        _(
            "Please enter the password. It is often in the letter or e-mail that came with it. Or send a copy without one."
        ),
    ),
    "pdf_password_wrong": Words(
        _("password-protected PDF"),
        _("That password does not open this PDF."),
        _("Please check large and small letters and try again. Or send a copy without a password."),
    ),
    "zip_password": Words(
        _("password-protected ZIP"),
        _("This ZIP file is locked with a password."),
        _("Please enter the password. It is often in the letter or e-mail that came with it. Or write to us."),
    ),
    "zip_password_wrong": Words(
        _("password-protected ZIP"),
        _("That password does not open this ZIP file."),
        _(
            "Please check large and small letters and try again. If you do not have the right one, ask who sent it to you."
        ),
    ),
    "zip_encryption_unsupported": Words(
        _("locked ZIP"), _("This ZIP file is locked in a way that we cannot open."), _UNPACK
    ),
    "zip_bomb": Words(
        _("unsafe packed file"),
        _("Far more is packed into this file than its size lets one think. That is not safe, so we did not open it."),
        _UNPACKED,
    ),
    "zip_overlap": _UNSAFE_PACK,
    "zip_unsafe_path": _UNSAFE_PACK,
    "zip_symlink": _UNSAFE_PACK,
    "zip_size_mismatch": _UNSAFE_PACK,
    "zip_too_many_entries": Words(
        _("too many files inside"), _("There are too many files inside this packed file."), _UNPACK
    ),
    "zip_too_large": Words(_("too large"), _("The files inside this packed file are too large together."), _UNPACK),
    "zip_nested": Words(
        _("packed too many times"), _("This packed file has packed files inside packed files."), _UNPACK
    ),
    "zip_damaged": Words(_("damaged packed file"), _("This packed file is damaged or incomplete."), _AGAIN),
    "archive_empty": Words(
        _("nothing inside"),
        _("There is nothing inside this packed file."),
        _("Please open it on your computer. If it is empty there too, ask for a new copy. If not, send it again."),
    ),
    "archive_unsupported": Words(
        _("kind of packed file we cannot open"), _("We cannot open this kind of packed file."), _UNPACK
    ),
    "disc_cut": Words(
        _("incomplete copy of a disc"),
        _("Part of this copy of a disc is missing. It may have been cut off while it was made."),
        _COPY_DISC,
    ),
    "disc_damaged": Words(
        _("damaged copy of a disc"),
        _("This copy of a disc is damaged, so we could not read it."),
        _COPY_DISC,
    ),
    "disc_loop": Words(
        _("unsafe copy of a disc"),
        _("This copy of a disc is built in a way that is not safe to open."),
        _UNPACKED,
    ),
    "disc_unsupported": Words(
        _("kind of disc copy we cannot open"),
        _("We cannot open this kind of copy of a disc."),
        _COPY_DISC,
    ),
    # Left out or kept without being shown: nothing is wrong.
    "viewer_program": Words(
        _("program from the disc"),
        _("This is a program that came with the disc. It is not part of the medical records."),
        _NOTHING,
    ),
    "viewer_file": Words(
        _("part of a program from the disc"),
        _("This belongs to a program that came with the disc. It is not part of the medical records."),
        _NOTHING,
    ),
    "unlocked": Words(
        _("opened with the password"), _("We opened this file with the password that you gave us."), _NOTHING
    ),
    "office_not_shown": Words(
        _("kept, not shown here"),
        _("We keep this letter safe, but cannot show it on this page."),
        _("The doctor can download it. To be safe, please also send it as a PDF or as photos of its pages."),
    ),
    "dicomdir": Words(
        _("table of contents of the disc"),
        _("This is only the table of contents of the disc. We make our own."),
        _NOTHING,
    ),
    "system_file": Words(
        _("file of your computer"), _("Your computer added this file. It is not part of the medical records."), _NOTHING
    ),
    "kept_not_shown": Words(
        _("kept, not shown here"),
        _("We keep this file safe, but cannot show it on this page."),
        _("If it matters for your question, please also send it as a PDF or as photos of its pages."),
    ),
    "frames_not_shown": Words(
        _("kept, not shown here"),
        _("We keep this file safe, but our viewer cannot show these images."),
        _("The doctor can download it. You do not need to do anything."),
    ),
    "video_not_shown": Words(
        _("kept, not shown here"),
        _("We keep this video safe, but cannot play it here."),
        _("The doctor can download it. You do not need to do anything."),
    ),
}


def words(code: str) -> Words:
    """The words for `code`; for an unknown one, the careful ones."""
    return REFUSALS.get(code, _NOT_SAFE)
