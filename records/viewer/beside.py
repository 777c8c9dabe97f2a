"""What the viewer shows besides plain images."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from cases.views.base import CaseView
from portal.core.access import Permission
from records.queries import imaging
from records.queries.beside import beside


class Beside(CaseView):
    """Papers, videos, key images and presentation states of a study, as JSON."""

    permission = Permission.VIEW_RECORDS

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"error": "Sign in first."}, status=401)

    def get(self, request: HttpRequest, ref: str, study: str, **_: Any) -> JsonResponse:
        if not imaging.visible_studies(self.user, ref=ref).filter(uid=study).exists():
            raise Http404
        return JsonResponse(beside(self.user, study, ref=ref))
