"""An offer: its preview, and the answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.core.workflow import Refused
from specialists.actions import assignments
from specialists.forms import AcceptForm, DeclineForm
from specialists.queries import worklist
from specialists.states import AssignmentState
from specialists.views.base import AssignmentView, sentence


class Offer(AssignmentView):
    """Enough to know whether one can and may take the case, and no record itself."""

    states = (AssignmentState.OFFERED,)

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        return self._page(AcceptForm(prefix="accept"), DeclineForm(prefix="decline"))

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        accepting = request.POST.get("answer") == "accept"
        accept = AcceptForm(request.POST if accepting else None, prefix="accept")
        decline = DeclineForm(None if accepting else request.POST, prefix="decline")
        form = accept if accepting else decline
        if not form.is_valid():
            return self._page(accept, decline)
        try:
            if accepting:
                assignments.accept(assignment=self.assignment, by=self.actor, **accept.cleaned_data)
            else:
                assignments.decline(assignment=self.assignment, by=self.actor, **decline.cleaned_data)
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
            return redirect("reviews:list")
        if accepting:
            return redirect("reviews:workspace", pk=self.assignment.pk)
        messages.success(
            request, _("You have declined. Thank you for telling us; the coordinator looks for somebody else.")
        )
        return redirect("reviews:list")

    def _page(self, accept: AcceptForm, decline: DeclineForm) -> HttpResponse:
        context = {
            "assignment": self.assignment,
            "preview": worklist.preview(self.assignment),
            "accept": accept,
            "decline": decline,
            "form": decline if decline.is_bound else accept,
        }
        return render(self.request, "specialists/offer.html", context)
