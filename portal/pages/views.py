"""Pages that belong to no app: home, help, legal texts, health, errors."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.i18n import JavaScriptCatalog

from cases.queries.edition import current_edition
from cases.queries.prices import prices
from cases.views import screening
from portal.core.access import BaseView, Permission
from portal.core.states import Role


class Health(BaseView):
    """For load balancers: 200 when the database answers."""

    permission = Permission.PUBLIC
    quiet = True

    def get(self, request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("ok", content_type="text/plain")


class ScriptWords(BaseView, JavaScriptCatalog):
    """The words of our scripts in the language of the request: a script may hold no template, and our policy allows none inline."""

    permission = Permission.PUBLIC
    quiet = True


def nameless() -> dict[str, str]:
    """Pictures of error pages are sent around: they leave the account's name out of the header."""
    return {"user_label": _("Account settings")}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", nameless(), status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", nameless(), status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Uses neither the database nor the request: either may be what failed."""
    return render(None, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", nameless(), status=403)


class Home(BaseView):
    """What the service is, for somebody who has never heard of it."""

    permission = Permission.PUBLIC
    quiet = True

    def get(self, request: HttpRequest) -> HttpResponse:
        edition = current_edition()
        return render(request, "pages/home.html", {"specialties": edition.specialties, "prices": prices(edition)})


class Text(BaseView):
    """Help and the legal pages: words alone."""

    permission = Permission.PUBLIC
    quiet = True
    template = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, self.template)


class Help(Text):
    permission = Permission.PUBLIC
    template = "pages/help.html"


class Privacy(Text):
    permission = Permission.PUBLIC
    template = "pages/privacy.html"


class Terms(Text):
    permission = Permission.PUBLIC
    template = "pages/terms.html"


class Imprint(Text):
    permission = Permission.PUBLIC
    template = "pages/imprint.html"


class Accessibility(Text):
    permission = Permission.PUBLIC
    template = "pages/accessibility.html"


LANDING = {
    Role.PATIENT: "cases:list",
    Role.COORDINATOR: "desk:queue",
    Role.SPECIALIST: "reviews:list",
    Role.ADMINISTRATOR: "accounts:people",
}


class AfterSignIn(BaseView):
    """Each role to its own first page; a patient who has just answered the first questions goes on where they were."""

    permission = Permission.SIGNED_IN
    quiet = True

    def get(self, request: HttpRequest) -> HttpResponse:
        role = Role(request.user.role)  # type: ignore[union-attr]
        if role == Role.PATIENT and screening.ready(request):
            return redirect("cases:new")
        return redirect(LANDING[role])
