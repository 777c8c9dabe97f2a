"""Enumerations of records."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UploadState(models.TextChoices):
    RECEIVING = "receiving", _("Uploading")
    RECEIVED = "received", _("Received")
    REJECTED = "rejected", _("Refused")
    REMOVED = "removed", _("Removed")


class RecordState(models.TextChoices):
    """State of a file, a study and a document alike."""

    PROCESSING = "processing", _("Checking")
    READY = "ready", _("Ready")
    QUARANTINED = "quarantined", _("Set aside")
    REJECTED = "rejected", _("Refused")
    REMOVED = "removed", _("Removed")


class ItemState(models.TextChoices):
    """State of a checklist item (clinical-fields.md, section 5)."""

    MISSING = "missing", _("Missing")
    REPORT_ONLY = "report_only", _("Report is here, images are missing")
    IMAGES_ONLY = "images_only", _("Images are here, report is missing")
    INCOMPLETE = "incomplete", _("Here, but not complete")
    TOO_OLD = "too_old", _("Too old")
    WRONG_PERSON = "wrong_person", _("Wrong patient?")
    PROBABLE = "probable", _("Probably this: please check")
    CANNOT_GET = "cannot_get", _("Patient cannot get it: please decide")
    SATISFIED = "satisfied", _("Received")
    NOT_DONE = "not_done", _("Never done")
    WAIVED = "waived", _("Not needed")


class KlassSource(models.TextChoices):
    """What told the class of a paper."""

    CODE = "code", _("A code inside the paper")
    WORDS = "words", _("The words of the paper")
    LEARNED = "learned", _("Papers like it that were corrected")
    PERSON = "person", _("A person")


class WordsState(models.TextChoices):
    """Where the words of a paper come from."""

    LAYER = "layer", _("The file itself")
    WAITING = "waiting", _("Being read")
    SCAN = "scan", _("Read from the picture")
    UNREAD = "unread", _("Could not be read")


class CorrectedField(models.TextChoices):
    """What people may correct on a paper."""

    KLASS = "klass", _("Kind of paper")
    DATE = "date", _("Date")
    AUTHOR = "author", _("Written by")
    INSTITUTION = "institution", _("Hospital or clinic")
