"""What is known of a specialist: an administrator writes it, the specialist says when they are away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.core.access import BaseView, Permission
from portal.core.workflow import Refused
from specialists.actions import profiles as actions
from specialists.forms import AvailabilityForm, LicenceForm, ProfileForm
from specialists.models import Profile
from specialists.queries import profiles


class Edit(BaseView):
    """The whole profile and its licences. `do` says which form was sent: the profile's own unless it names another."""

    permission = Permission.MANAGE_PEOPLE
    person: User
    profile: Profile | None

    def load(self) -> None:
        found = profiles.specialist(self.user, self.kwargs["pk"])
        if found is None:
            raise Http404
        self.person, self.edition = found, profiles.edition()
        self.profile = profiles.of(self.user, found)

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.page()

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        what = request.POST.get("do", "")
        if what in {"add", "remove"} and self.profile is None:
            messages.error(request, _("Save the profile first, then add licences."))
            return self.again()
        if what == "remove" and self.profile:
            return self.remove(self.profile, request.POST.get("licence", ""))
        if what == "add" and self.profile:
            return self.add(self.profile, LicenceForm(request.POST, prefix="licence", edition=self.edition))
        form = ProfileForm(request.POST, edition=self.edition, profile=self.profile)
        if not form.is_valid():
            return self.page(form=form)
        actions.save(user=self.person, facts=form.facts(), by=self.actor)
        messages.success(request, _("The profile is saved. Matching uses it from now on."))
        return self.again()

    def add(self, profile: Profile, form: LicenceForm) -> HttpResponse:
        if form.is_valid():
            try:
                actions.add_licence(profile=profile, by=self.actor, **form.cleaned_data)
            except Refused:
                form.add_error("number", _("This licence is in the list already. Remove it first to change its date."))
            else:
                messages.success(self.request, _("The licence is added."))
                return self.again()
        return self.page(licence_form=form)

    def remove(self, profile: Profile, licence: str) -> HttpResponse:
        if not (licence.isascii() and licence.isdigit()):
            raise Http404
        if actions.remove_licence(profile=profile, licence=int(licence), by=self.actor):
            messages.success(self.request, _("The licence is removed."))
        else:
            messages.error(self.request, _("This licence is not in the list any more."))
        return self.again()

    def again(self) -> HttpResponse:
        return redirect("reviews:profile", pk=self.person.pk)

    def page(self, form: ProfileForm | None = None, licence_form: LicenceForm | None = None) -> HttpResponse:
        wrong = form or licence_form
        context = {
            "person": self.person,
            "profile": self.profile,
            "profile_form": form or ProfileForm(edition=self.edition, profile=self.profile),
            "licence_form": licence_form or LicenceForm(prefix="licence", edition=self.edition),
            "licences": profiles.licences(self.profile, self.edition),
            "form": wrong,
        }
        return render(self.request, "specialists/profile.html", context, status=422 if wrong else 200)


class Own(BaseView):
    """The specialist's own profile: absences and number of cases to change, the rest to read."""

    permission = Permission.REVIEW

    def load(self) -> None:
        self.profile = profiles.of(self.user, self.user)

    def get(self, request: HttpRequest) -> HttpResponse:
        names = ("capacity", "away_from", "away_until")
        return self.page(AvailabilityForm(initial={name: getattr(self.profile, name, None) for name in names}))

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.profile is None:
            messages.error(request, _("You have no profile yet. Ask an administrator to write it."))
            return redirect("reviews:own_profile")
        form = AvailabilityForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        actions.set_availability(profile=self.profile, by=self.actor, **form.cleaned_data)
        messages.success(request, _("Saved. The coordinator sees it when the next case is offered."))
        return redirect("reviews:own_profile")

    def page(self, form: AvailabilityForm) -> HttpResponse:
        edition = profiles.edition()
        context = {
            "profile": self.profile,
            "named": profiles.named(self.profile, edition) if self.profile else None,
            "licences": profiles.licences(self.profile, edition),
            "form": form,
        }
        return render(self.request, "specialists/own_profile.html", context, status=422 if form.errors else 200)
