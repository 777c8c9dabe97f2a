"""People and invitations (administrators), accepting an invitation (its holder), extending a session (anyone signed in)."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts import actions, queries
from portal.accounts.forms import AcceptForm, InviteForm
from portal.accounts.models import Invitation, User
from portal.accounts.rules import invitation_problem
from portal.core.access import BaseView, Permission
from portal.core.states import STAFF, Role

NOT_INVITED = {
    "patient_account": gettext_lazy(
        "This address belongs to a patient's account, and patients and staff have separate accounts. "
        "Ask the person for another address, such as the one at work."
    ),
    "account_exists": gettext_lazy(
        "Somebody on the staff has an account with this address. Look for it under People; a closed one can be opened."
    ),
}


class People(BaseView):
    permission = Permission.MANAGE_PEOPLE

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "people": queries.staff(),
            "invitations": queries.open_invitations(),
            "tokens": queries.live_tokens(),
        }
        return render(request, "accounts/people.html", context)


class Invite(BaseView):
    """The link is shown once, to be handed over."""

    permission = Permission.MANAGE_PEOPLE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, InviteForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                made, link = actions.invite(
                    email=data["email"], name=data["name"], role=Role(data["role"]), by=self.actor
                )
            except actions.NotUsable as problem:
                form.add_error("email", NOT_INVITED[str(problem)])
            else:
                return render(request, "accounts/invited.html", {"invitation": made, "link": link})
        return self.page(request, form)

    def page(self, request: HttpRequest, form: InviteForm) -> HttpResponse:
        return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


class RevokeToken(BaseView):
    """End what a program was given; its next request is refused."""

    permission = Permission.MANAGE_PEOPLE

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        if queries.token_with_id(pk) is None:
            raise Http404
        if actions.revoke_token(token_id=pk, by=self.actor):
            messages.success(request, _("The token is taken back."))
        return redirect("accounts:people")


class RevokeInvitation(BaseView):
    permission = Permission.MANAGE_PEOPLE

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        invitation = Invitation.objects.filter(pk=pk).first()
        if invitation is None:
            raise Http404
        actions.revoke_invitation(invitation=invitation, by=self.actor)
        messages.success(request, _("The invitation no longer works."))
        return redirect("accounts:people")


class SetActive(BaseView):
    """Close an account or open it again; the address says which."""

    permission = Permission.MANAGE_PEOPLE

    def post(self, request: HttpRequest, pk: Any, state: str) -> HttpResponse:
        user = User.objects.filter(pk=pk, role__in=STAFF).first()
        if user is None:
            raise Http404
        try:
            actions.set_active(user=user, active=state == "open", by=self.actor)
        except ValueError:
            messages.error(request, _("You cannot close your own account. Ask another administrator."))
        return redirect("accounts:people")


class Accept(BaseView):
    """The holder of the link chooses name and password, then is led to set up a second factor."""

    permission = Permission.PUBLIC

    def load(self) -> None:
        found = queries.invitation_by_secret(self.kwargs["secret"])
        if found is None:
            raise Http404
        self.invitation = found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        if invitation_problem(self.invitation, timezone.now()):
            return self.ended(request)
        return self.page(request, AcceptForm(initial={"name": self.invitation.name}))

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        form = AcceptForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        try:
            user = actions.accept_invitation(
                invitation=self.invitation, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
            )
        except actions.NotUsable:
            return self.ended(request)
        return perform_login(request, Login(user=user, redirect_url="/accounts/2fa/"))

    def page(self, request: HttpRequest, form: AcceptForm) -> HttpResponse:
        context = {"form": form, "invitation": self.invitation}
        return render(request, "accounts/accept.html", context, status=422 if form.errors else 200)

    def ended(self, request: HttpRequest) -> HttpResponse:
        return render(request, "errors/expired_link.html", status=410)


class ExtendSession(BaseView):
    """The warning's "stay signed in". The time-out's own middleware notes the presence; there is nothing more to do."""

    permission = Permission.SIGNED_IN
    quiet = True

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=401)

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=204)
