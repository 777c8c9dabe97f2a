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
NOT_A_RECORD = frozenset({"viewer_program", "dicomdir", "system_file"})
"""Left out because it is no record: programs of a disc, its table of contents, files of the computer."""
AGAIN = frozenset({FAILED, "unsafe_memory", "unsafe_time", "unsafe_crash"})
"""Refusals that another try may mend."""
