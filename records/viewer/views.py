"""The page that shows images, always our own frame below /viewer/, and what is drawn there."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from cases.views.base import CaseView
from portal.core.access import Permission
from records.actions import viewing
from records.models import Study, ViewerState
from records.queries import imaging

VIEWER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self'; worker-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""`style-src-attr` only here: measurement labels are placed by style attributes."""
MAX_STATE_BYTES = 1024**2


def _no_number(name: str) -> NoReturn:
    """NaN and Infinity are not JSON, and no database keeps them."""
    raise ValueError(name)


class Viewer(CaseView):
    """`/viewer/<ref>/?study=UID[,UID]`: images of one case."""

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        service = reverse("dicomweb:case:studies", args=[ref]).removesuffix("studies")
        context = {
            "dicomweb": service,
            "state_url": reverse("viewer:page", args=[ref]) + "state/",
            "role": self.user.role,
            "notice": settings.PRODUCT["viewer_notice"],
            "case_ref": ref,
            "sign_in": reverse(settings.LOGIN_URL),
        }
        response = render(request, "viewer/viewer.html", {"viewer": context})
        response["Content-Security-Policy"] = VIEWER_POLICY
        response["X-Frame-Options"] = "SAMEORIGIN"
        return response


class State(CaseView):
    """Measurements and key images as JSON: {revision, state}. A save names the revision that it was made from; an older one is 409."""

    permission = Permission.VIEW_RECORDS

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"error": "Sign in first."}, status=401)

    def study(self) -> Study:
        found = imaging.visible_studies(self.user, ref=self.ref).filter(uid=self.kwargs["study"]).first()
        if found is None:
            raise Http404
        return found

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        held = ViewerState.objects.filter(user=self.user, study=self.study()).first()
        return JsonResponse({"revision": held.revision, "state": held.state} if held else {"revision": 0, "state": {}})

    def put(self, request: HttpRequest, **_: Any) -> HttpResponse:
        if int(request.headers.get("Content-Length") or 0) > MAX_STATE_BYTES:
            return JsonResponse({"error": "Too many measurements to save at once."}, status=413)
        try:
            if b"\\u0000" in request.body:  # PostgreSQL keeps no such character
                raise ValueError
            sent = json.loads(request.body, parse_constant=_no_number)
            revision, state = int(sent["revision"]), dict(sent["state"])
            json.dumps(state, ensure_ascii=False).encode()  # nor half of a surrogate pair
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return JsonResponse({"error": "Send {revision, state}."}, status=400)
        try:
            held = viewing.save_viewer_state(study=self.study(), state=state, revision=revision, by=self.actor)
        except viewing.Outdated as problem:
            return JsonResponse({"revision": problem.current.revision, "state": problem.current.state}, status=409)
        return JsonResponse({"revision": held.revision})
