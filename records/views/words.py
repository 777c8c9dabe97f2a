"""The uploader's words, given to its script with the page so that they are translated with everything else."""

from __future__ import annotations

from django.utils.translation import gettext as _


def upload_words() -> dict[str, str]:
    """Words by the names that static/src/upload uses; `{n}` and the like are filled in there."""
    return {
        "preparing": _("Getting {n} files ready…"),
        "sending": _("Sending {n} files."),
        "continuing": _("{n} files go on from where they stopped."),
        "allSent": _("All {n} files are sent. We are checking them now."),
        "someFailed": _("{n} files could not be sent. See the list."),
        "removed": _("{n} files removed."),
        "unreadable": _("Your browser could not open this folder. Use the button “Choose a folder” instead."),
        "overall": _("{done} of {all} files sent"),
        "overallLeft": _("{done} of {all} files sent, {left}"),
        "underMinute": _("less than a minute left"),
        "oneMinute": _("about 1 minute left"),
        "minutes": _("about {n} minutes left"),
        "hours": _("about {n} hours left"),
        "files": _("{n} files"),
        "counted": _("{done} of {all} sent"),
        "countedPaused": _("Paused: {done} of {all} sent"),
        "countedSent": _("All {n} sent"),
        "failedCount": _("{n} files could not be sent. Open the list to see why, or try them again."),
        "showFiles": _("Show the files"),
        "andMore": _("and {n} more"),
        "stateWaiting": _("Waiting"),
        "stateSending": _("Sending: {percent}%"),
        "stateSendingLeft": _("Sending: {percent}%, {left}"),
        "statePaused": _("Paused at {percent}%"),
        "stateSent": _("Sent"),
        "stateFailed": _("Not sent"),
        "pause": _("Pause"),
        "resume": _("Go on"),
        "retry": _("Try again"),
        "remove": _("Remove"),
        "failed": _("This file could not be sent. Try again, or write to us and we will help."),
        "offline": _("The connection was lost. It goes on by itself when you are back online, or press Try again."),
    }
