"""What every response carries, whatever view made it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.core import maintenance, storage

Handler = Callable[[HttpRequest], HttpResponse]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def request_id(get_response: Handler) -> Handler:
    """A random number ties log lines and audit rows of one request together."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request.id)  # type: ignore[attr-defined]
        return get_response(request)

    return handle


def content_security_policy(get_response: Handler) -> Handler:
    """Scripts and styles come from our own files only. The viewer's page sets its own header (style-src-attr for labels)."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=()")
        return response

    return handle


PREPARING_SECONDS = 60
ALWAYS_OPEN = ("/healthz",)
"""What a load balancer asks must not make it restart a portal that is only being worked on."""


def closed_for_work(get_response: Handler) -> Handler:
    """503 while the maintenance switch is on. It stands before sessions: nothing here may need the database or the cache."""

    def handle(request: HttpRequest) -> HttpResponse:
        found = None if request.path in ALWAYS_OPEN else maintenance.current()
        if found is None or request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            response = _closed(request, found)
        response.headers["Retry-After"] = str(found.retry_after)
        response.headers["Cache-Control"] = "no-store"
        return response

    return handle


def _closed(request: HttpRequest, found: maintenance.Maintenance) -> HttpResponse:
    if wants_page(request):
        until = timezone.localtime(found.shown_until).strftime("%H:%M") if found.shown_until else ""
        return render(None, "errors/maintenance.html", {"until": until, "message": found.message}, status=503)
    words = _("We are working on this site for a short time. Nothing is lost. Please try again in a few minutes.")
    response = JsonResponse({"error": "maintenance", "message": words}, status=503)
    if "Tus-Resumable" in request.headers:
        response.headers["Tus-Resumable"] = "1.0.0"
    return response


class BeingPrepared:
    """503 for what a view finds not ready (a picture that is made again from its original), whatever view it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, storage.NotReady):
            return None
        if wants_page(request):
            response = render(None, "errors/preparing.html", status=503)
        else:
            words = _("This is being prepared again from the original. Please look again in a few minutes.")
            response = JsonResponse({"error": "preparing", "message": words}, status=503)
        response.headers["Retry-After"] = str(PREPARING_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response


def wants_page(request: HttpRequest) -> bool:
    """Whether a person looks at the answer, and not a script: browsers say which in Sec-Fetch-Mode."""
    if mode := request.headers.get("Sec-Fetch-Mode"):
        return mode == "navigate"
    scripted = any(name in request.headers for name in ("Tus-Resumable", "HX-Request", "X-Requested-With"))
    return not scripted and "text/html" in request.headers.get("Accept", "text/html")


def private_pages(get_response: Handler) -> Handler:
    """Nothing that a signed-in person sees is kept by a shared or local cache, unless the view says so."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return handle
