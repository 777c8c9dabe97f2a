"""Check and sign."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, get_reauthentication_flows
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cases.queries import reports as report_queries
from portal.core.workflow import Refused
from specialists import keyimages
from specialists.actions import opinions
from specialists.forms import SignForm
from specialists.models import OpinionDraft
from specialists.queries import drafts, terms
from specialists.queries.access import WORKING
from specialists.rules import opinion
from specialists.views.base import AssignmentView, sentence


def proved(request: HttpRequest) -> bool:
    """Whether this person has proved within ACCOUNT_REAUTHENTICATION_TIMEOUT that it is them; who has no way to prove it has not."""
    return bool(get_reauthentication_flows(request.user)) and did_recently_reauthenticate(request)


class Sign(AssignmentView):
    """What is missing, the report exactly as the patient will see it, the statement, and the signature."""

    states = WORKING

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        draft = drafts.draft_of(self.assignment)
        return self._page(draft, self._form(draft))

    def _form(self, draft: OpinionDraft) -> SignForm:
        seen = opinions.fingerprint(assignment=self.assignment, draft=draft)
        return SignForm(initial={"revision": draft.revision, "seen": seen})

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        draft = drafts.draft_of(self.assignment)
        form = SignForm(request.POST)
        here = reverse("reviews:sign", kwargs={"pk": self.assignment.pk})
        if not form.is_valid():
            return self._page(draft, form)
        if not proved(request):
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': here})}")
        try:
            opinions.sign(
                assignment=self.assignment,
                by=self.actor,
                revision=form.cleaned_data["revision"],
                key_images=keyimages.rendered(self.assignment.case, draft),
                seen=form.cleaned_data["seen"],
            )
        except opinions.Incomplete:
            return self._page(draft, form)
        except opinions.Stale:
            messages.error(
                request,
                _("The opinion or the records changed after you opened this page. Read it once more, then sign."),
            )
            return redirect(here)
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
            return redirect("reviews:list")
        messages.success(request, _("You have signed the opinion. The coordinator releases the report. Thank you."))
        return redirect("reviews:list")

    def _page(self, draft: OpinionDraft, form: SignForm) -> HttpResponse:
        case = self.assignment.case
        lacks = opinion.lacks(
            draft.content.get("values", {}),
            questions=opinions.question_count(case),
            opinion_fields=terms.fields_of(self.assignment),
        )
        images = keyimages.rendered(case, draft)
        document = opinions.build(assignment=self.assignment, draft=draft, signed_at=None, key_images=images)
        context = {
            "assignment": self.assignment,
            "case": case,
            "draft": draft,
            "form": form,
            "lacks": lacks,
            "report": report_queries.shown(document),
            "statement": opinions.statement(),
            "proved": proved(self.request),
        }
        return render(self.request, "specialists/sign.html", context)
