"""The specialist's first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core.access import BaseView, Permission
from specialists.queries import worklist


class List(BaseView):
    """Offers with time to answer, cases by due time, and what was signed lately."""

    permission = Permission.REVIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        found = worklist.worklist(request.user)
        rows = [*found.offers, *found.open, *found.signed]
        self.shown(*(row.assignment.case_id for row in rows))
        return render(request, "specialists/list.html", {"worklist": found})
