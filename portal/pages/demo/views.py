"""The page of sent mail, which exists in the demo only."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import get_current_timezone

from portal.core.access import BaseView, Permission

NEWEST = 100


@dataclass(frozen=True)
class Sent:
    """One message that was sent, with its links."""

    at: datetime
    to: str
    subject: str
    body: str


def sent_mail(folder: Path) -> list[Sent]:
    """What Django's file backend wrote, the newest first. A file holds several messages, divided by a line of dashes."""
    found: list[Sent] = []
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True) if folder.exists() else []
    for path in files[:NEWEST]:
        when = datetime.fromtimestamp(path.stat().st_mtime, tz=get_current_timezone())
        for raw in reversed(path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")):
            if not raw.strip():
                continue
            message = email.message_from_bytes(raw, policy=email.policy.default)
            if isinstance(message, EmailMessage):
                body = message.get_body(("plain",))
                found.append(
                    Sent(when, str(message["To"]), str(message["Subject"]), str(body.get_content()) if body else "")
                )
    return found[:NEWEST]


class Mail(BaseView):
    """Everything that the portal sent, since the demo sends nothing to real addresses."""

    permission = Permission.DEMO
    quiet = True

    def get(self, request: HttpRequest) -> HttpResponse:
        folder = getattr(settings, "EMAIL_FILE_PATH", None)
        return render(request, "demo/mail.html", {"mails": sent_mail(Path(folder)) if folder else []})
