"""Words for what became of a file: those of the refusals, and those of the states that processing itself knows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from records.refusals import REFUSALS, Words, words

OWN: dict[str, Words] = {
    "duplicate": Words(
        _("here already"),
        _("We have this very file already, so it counts once."),
        _("You do not need to do anything."),
    ),
    "processing_failed": Words(
        _("something went wrong on our side"),
        _("Something went wrong on our side while we read this file. The file itself may be fine."),
        _("Please press “Try again”. If it happens a second time, write to us."),
    ),
    "same_uid_other_pixels": Words(
        _("a person is checking this"),
        _("This image says that it is one we have already, but it looks different. A person is checking this."),
        _("You do not need to do anything now. We write to you if we have a question."),
    ),
    "malware_found": Words(
        _("our virus check stopped it"),
        _("Our virus check found something in this file, so we did not open it. Other files are not affected."),
        _(
            "Please get a new copy from the place that gave it to you. Ask someone you trust to check your computer, too."
        ),
    ),
    "too_big_to_scan": Words(
        _("too big for our virus check"),
        _("This file is too big for our virus check, so we did not open it. We keep it aside, unopened."),
        _("If it has other files packed inside, send us those in a folder. Or write to us and we will find a way."),
    ),
    "wrong_patient": Words(
        _("a person is checking this"),
        _("The name, birth date or sex on these images is not the one in your request. A person is checking this."),
        _("You do not need to do anything now. We write to you if we have a question."),
    ),
    "two_patients": Words(
        _("a person is checking this"),
        _("These images carry the names or numbers of two people. A person is checking which belong to this case."),
        _("You do not need to do anything now. We write to you if we have a question."),
    ),
}


def told(code: str) -> Words:
    """The words for `code` of a file or study."""
    return OWN.get(code) or words(code)


__all__ = ["OWN", "REFUSALS", "told"]
