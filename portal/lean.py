"""Images without what only pages need: for reads below /dicomweb/ this stands in for sessions, language, messages and the rest.

The view is the same one, found by the same URLconf, and its gate (`portal.core.access.BaseView`), its audit and its queries are
the same; the test client goes this way too, so the authorisation matrix covers it. So do images that are pushed (STOW-RS), whose view
checks for forged requests by itself. Whatever needs more (a session that was not seen for half a minute, nobody signed in) takes
the ordinary way.
"""

from __future__ import annotations

import time
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.cache import patch_vary_headers

from portal.accounts import sessions
from portal.accounts.middleware import WRITE_EVERY_SECONDS
from portal.core import storage
from portal.middleware import BeingPrepared, Handler

PREFIX = "/dicomweb/"
READS = frozenset({"GET", "HEAD"})


class Lean:
    """Middleware in front of the sessions' own."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.preparing = BeingPrepared(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if not (request.method in READS or (request.method == "POST" and _stores(match))) or not self._knows(request):
            return self.get_response(request)
        request.resolver_match = match
        request.get_host()  # raises DisallowedHost
        try:
            response = match.func(request, *match.args, **match.kwargs)
        except storage.NotReady as problem:
            answer = self.preparing.process_exception(request, problem)
            assert answer is not None
            response = answer
        return finished(request, response)

    def _knows(self, request: HttpRequest) -> bool:
        """Whether it is known who asks: by a token, which the view looks up, or by a session that needs no writing."""
        if "HTTP_AUTHORIZATION" in request.META:
            request.user = AnonymousUser()
            return True
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        held = sessions.holder(key) if key else None
        if held is None:
            return False
        itself = request.headers.get("X-Background") == "1"
        if time.time() - held.seen > (settings.SESSION_IDLE_SECONDS if itself else WRITE_EVERY_SECONDS):
            return False
        request.user = held.user
        request.second_factor = held.second_factor  # type: ignore[attr-defined]
        return True


def _stores(match: ResolverMatch) -> bool:
    """Whether a POST to this address pushes images."""
    return getattr(getattr(match.func, "view_class", None), "stores", False) is True


def finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The headers that the middleware left out would have set."""
    if (
        response.status_code != HTTPStatus.NOT_MODIFIED
        and not response.streaming
        and not response.has_header("Content-Length")
    ):
        response.headers["Content-Length"] = str(len(response.content))
    response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
    if request.user.is_authenticated:
        response.headers.setdefault("Cache-Control", "private, no-store")
    patch_vary_headers(response, ("Cookie", "Authorization"))
    return response
