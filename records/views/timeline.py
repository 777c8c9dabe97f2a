"""The timeline of a case's records, for the patient, the desk and the specialist alike."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from records.queries.timeline import timeline
from records.views.page import records_page


class TimelinePage(CaseView):
    """`/cases/<ref>/timeline/`; `?kind=` shows one kind, so that a view can be shared and kept."""

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        doctor = self.user.role == Role.SPECIALIST
        context = {
            "case": self.case,
            "timeline": timeline(self.case, self.user, kind=request.GET.get("kind", "")),
            "staff": self.user.role != Role.PATIENT,
            "may_correct": not doctor,
            "back_url": reverse("reviews:list") if doctor else records_page(request, self.case),
        }
        return render(request, "records/timeline.html", context)
