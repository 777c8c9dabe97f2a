"""E-mail without a clinical word and without a name: it says that something waits, and where.

Sent by jobs only, so that a mail server's bad hour loses nothing. Delivery is at least once: a worker that dies between the mail
server's "accepted" and its own commit sends again. Both letters carry the same Message-ID then, made from the job, the person, the
template and the page, by which mail servers and readers recognise a copy and show one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac

from portal.core import jobs


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
    EmailMessage(subject=subject, body=body, to=[to.email], headers=_identity(to, template, url)).send()


def _identity(to: Any, template: str, url: str) -> dict[str, str]:
    """The Message-ID (RFC 5322 section 3.6.4) of this letter at every attempt of its job; the mail library's own outside jobs."""
    job = jobs.current()
    if job is None:
        return {}
    mark = salted_hmac("portal.core.mail", f"{job} {to.pk} {template} {url}", algorithm="sha256").hexdigest()[:40]
    return {"Message-ID": f"<{mark}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"}


def send_link(*, to: str, template: str, url: str, until: datetime) -> None:
    """Send a one-time link to an address that belongs to no account. The secret is in the body and never in the subject.

    Unlike `send` it is called by the request that made the link, outside any transaction: a job would have to keep the secret.
    """
    context = {"product": settings.PRODUCT, "url": url, "until": until}
    subject = " ".join(render_to_string(f"email/{template}.subject.txt", context).split())
    EmailMessage(subject=subject, body=render_to_string(f"email/{template}.txt", context), to=[to]).send()
