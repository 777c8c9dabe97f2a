"""The uploader's words, given to its script with the page so that they are translated with everything else."""

from __future__ import annotations

from django.utils.translation import gettext as _


def upload_words() -> dict[str, str]:
    """Words by the names that static/src/upload uses; `{n}` and the like are filled in there."""
    return {
        "preparing": _("Getting your files ready: {n}"),
        "sending": _("Files on their way: {n}"),
        "continuing": _("Going on from where it stopped. Files: {n}"),
        "allSent": _("Everything is sent. We are checking it now. Files: {n}"),
        "someFailed": _("Not everything could be sent. See the list. Files not sent: {n}"),
        "removed": _("Removed. Files: {n}"),
        "unreadable": _("Your browser could not open this folder. Use the button “Choose a folder” instead."),
        "overall": _("{done} of {all} files sent"),
        "overallDone": _("Everything is sent: {done} of {all}. You can close this page."),
        "overallLeft": _("{done} of {all} files sent, {left}"),
        "still": _("{n} files are still only on this device. Keep this page open until they are sent."),
        "stillOne": _("1 file is still only on this device. Keep this page open until it is sent."),
        "underMinute": _("less than a minute left"),
        "oneMinute": _("about 1 minute left"),
        "minutes": _("about {n} minutes left"),
        "hours": _("about {n} hours left"),
        "files": _("{n} files"),
        "counted": _("{done} of {all} sent"),
        "countedPaused": _("Paused: {done} of {all} sent"),
        "countedSent": _("Sent"),
        "failedCount": _("Not sent: {n}. Open the list to see why, or try again."),
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
