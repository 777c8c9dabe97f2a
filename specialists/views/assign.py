"""The desk chooses a specialist."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.views.base import CaseView
from portal.accounts.models import User
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from specialists import queries
from specialists.actions import assignments
from specialists.models import Assignment
from specialists.queries import desk
from specialists.rules.matching import HIGHEST
from specialists.rules.timeleft import time_left
from specialists.views.base import sentence


class Assign(CaseView):
    """Ranked candidates with reasons; offer, take back, reassign."""

    permission = Permission.DESK

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        found = desk.panel(request.user, self.case)
        context = {
            **{name: getattr(found, name) for name in found.__dataclass_fields__},
            "case": self.case,
            "left": time_left(self.case.due_at, timezone.now(), paused=self.case.on_hold),
            "highest": HIGHEST,
            "desk_url": self._desk_url(),
        }
        return render(request, "specialists/assign.html", context)

    def _desk_url(self) -> str:
        try:
            return reverse("desk:case", args=[self.case.ref])
        except NoReverseMatch:
            return ""

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        try:
            done = self._do(request)
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
        else:
            messages.success(request, done)
        return redirect("reviews:assign", ref=self.case.ref)

    def _do(self, request: HttpRequest) -> str:
        what, note, reason = (request.POST.get(name, "") for name in ("do", "note", "reason"))
        if what == "withdraw":
            assignments.withdraw(assignment=self._assignment(request), by=self.actor, reason=reason)
            return _("Taken back. The case is with the desk.")
        to = self._specialist(request)
        if what == "reassign":
            assignments.reassign(assignment=self._assignment(request), to=to, by=self.actor, reason=reason, note=note)
            return _("Reassigned: %(name)s has an offer and was told by e-mail.") % {"name": to.get_full_name()}
        assignments.offer(case=self.case, specialist=to, by=self.actor, note=note)
        return _("%(name)s has an offer and was told by e-mail.") % {"name": to.get_full_name()}

    def _assignment(self, request: HttpRequest) -> Assignment:
        found = queries.visible_to(request.user).filter(case=self.case, pk=_uuid(request.POST.get("assignment", "")))
        if (one := found.first()) is None:
            raise Http404
        return one

    def _specialist(self, request: HttpRequest) -> User:
        pk = _uuid(request.POST.get("specialist", ""))
        if (one := User.objects.filter(pk=pk, role=Role.SPECIALIST).first()) is None:
            raise Http404
        return one


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
