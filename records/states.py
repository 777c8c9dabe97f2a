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


class PhysicalKind(models.TextChoices):
    """What comes by post."""

    SLIDES = "slides", _("Glass slides")
    BLOCKS = "blocks", _("Tissue blocks")
    DISC = "disc", _("Disc or USB stick")
    FILM = "film", _("X-ray films")
    PAPER = "paper", _("Papers")
    OTHER = "other", _("Something else")


class PhysicalState(models.TextChoices):
    """Where a thing is, from the announcement to the day it is back."""

    ANNOUNCED = "announced", _("Announced")
    TO_US = "to_us", _("On its way to us")
    HERE = "here", _("With us")
    WITH_READER = "with_reader", _("With specialist or laboratory")
    TO_OWNER = "to_owner", _("On its way back")
    RETURNED = "returned", _("Returned")
    KEPT = "kept", _("Stays with us")
    LOST = "lost", _("Missing")
    CANCELLED = "cancelled", _("Not sent after all")


class Condition(models.TextChoices):
    """How a thing looked when it changed hands."""

    GOOD = "good", _("Good")
    DAMAGED = "damaged", _("Damaged")
    INCOMPLETE = "incomplete", _("Not complete")
    NOT_SEEN = "not_seen", _("Not looked at")
