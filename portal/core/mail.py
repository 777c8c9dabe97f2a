"""E-mail without a clinical word and without a name: it says that something waits, and where.

Sent by jobs only, so that a mail server's bad hour loses nothing.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation


def send(*, to: Any, template: str, url: str, ref: str = "") -> None:
    """Send templates/email/<template>.txt to one account.

    Args:
        to: the account; its language chooses the words.
        url: an absolute address of this portal; it carries no name and no secret, except in invitations.
        ref: the case's opaque reference.
    """
    context = {"product": settings.PRODUCT, "ref": ref, "url": url}
    with translation.override(getattr(to, "language", "en")):
        subject = " ".join(render_to_string(f"email/{template}.subject.txt", context).split())
        body = render_to_string(f"email/{template}.txt", context)
    EmailMessage(subject=subject, body=body, to=[to.email]).send()
