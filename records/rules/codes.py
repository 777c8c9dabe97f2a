"""Codes that processing itself writes on files and studies."""

from __future__ import annotations

CONFIRMED = "identity_confirmed"
"""A study that a coordinator has looked at and released: it is not set aside again."""
WRONG_PATIENT = "wrong_patient"
TWO_PATIENTS = "two_patients"
"""One study names two people."""
DUPLICATE = "duplicate"
FAILED = "processing_failed"
MALWARE = "malware_found"
TOO_BIG_TO_SCAN = "too_big_to_scan"
NOT_OPENED = frozenset({MALWARE, TOO_BIG_TO_SCAN})
"""Set aside by the virus check: nobody decides about these, so people are told what to do as for a refused file."""
SAME_UID = "same_uid_other_pixels"
"""An image with the SOP Instance UID of one that is here, but with other pixels: the desk decides which of them counts."""
TRAILING, TRAILING_IGNORED = "dicom_trailing_data", "dicom_trailing_ignored"
"""A DICOM file with something glued to its end is set aside; a coordinator may have it read without that."""
UNLOCKED = "unlocked"
"""A locked paper that a password has opened: the open copy inside it is the record."""
PROGRAM = "viewer_program"
PROGRAM_PART = "viewer_file"
SYSTEM_FILE = "system_file"
PROGRAMS = frozenset({PROGRAM, PROGRAM_PART})
NOT_A_RECORD = frozenset({*PROGRAMS, "dicomdir", SYSTEM_FILE})
"""Left out because it is no record: programs of a disc, its table of contents, files of the computer."""
TOO_LARGE = "zip_too_large"
"""What an archive holds is more than one batch, or the case, takes."""
AGAIN = frozenset({FAILED, "unsafe_memory", "unsafe_time", "unsafe_crash"})
"""Refusals that another try may mend."""
PARTLY_SHOWN = frozenset({"pdf_pages_not_shown", "image_pages_not_shown", "text_shortened", "pdf_attachments"})
"""Remarks on a paper that has more in it than its pages here show."""
LOCKED = frozenset({"pdf_password", "pdf_password_wrong", "zip_password", "zip_password_wrong"})
"""Waits for a password from the person who sent it."""
