"""Sessions end when nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.accounts.sessions import SEEN

Handler = Callable[[HttpRequest], HttpResponse]
WRITE_EVERY_SECONDS = 30


def idle_time_out(get_response: Handler) -> Handler:
    """Sign out a session that was idle for SESSION_IDLE_SECONDS.

    Requests that a page makes by itself (polling: header X-Background: 1) do not count as presence. The page warns before
    the end and can extend.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        if was_signed_in:
            now = time.time()
            seen = request.session.get(SEEN, now)
            if now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)
                messages.info(
                    request,
                    _("You were signed out because the page was not used for a while. Nothing that was saved is lost."),
                )
            elif request.headers.get("X-Background") != "1" and (
                SEEN not in request.session or now - seen > WRITE_EVERY_SECONDS
            ):
                request.session[SEEN] = now
        response = get_response(request)
        if was_signed_in and not request.user.is_authenticated:
            # Images that were looked at must not stay in the browser of a shared computer.
            response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return handle
