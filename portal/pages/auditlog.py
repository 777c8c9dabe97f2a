"""Who saw or did what: for administrators, and itself recorded."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode

from cases.models import Case
from portal.accounts.models import User
from portal.accounts.queries import with_email, with_id
from portal.core.access import BaseView, Permission
from portal.core.models import AuditEntry
from portal.pages.auditwords import in_words

PER_PAGE = 50


class AuditLog(BaseView):
    """The newest entries first; `case` (reference) and `person` (id of the account) in the address narrow them.

    A person is asked for by e-mail address, in a POST: it must not stand in an address.

    An administrator sees references and names of accounts, never what is in a case.
    """

    permission = Permission.VIEW_AUDIT

    def post(self, request: HttpRequest) -> HttpResponse:
        case, email = (request.POST.get(name, "").strip() for name in ("case", "person"))
        account = with_email(email) if email else None
        asked = {"case": case.upper(), "person": str(account.pk) if account else "nobody" if email else ""}
        kept = {name: value for name, value in asked.items() if value}
        return redirect(f"{request.path}?{urlencode(kept)}" if kept else request.path)

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = AuditEntry.objects.order_by("-id")
        asked_case, asked_person = request.GET.get("case", "").strip().upper(), request.GET.get("person", "").strip()
        email = ""
        if asked_case:
            case = Case.objects.filter(ref=asked_case).first()
            rows = rows.filter(cases__icontains=str(case.pk)) if case else rows.none()
        if asked_person:
            person = with_id(asked_person)
            rows = rows.filter(actor_id=str(person.pk)) if person else rows.none()
            email = person.email if person else ""
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        self.record(request, "ok")
        context = {"page": page, "rows": _named(list(page)), "case": asked_case, "person": asked_person, "email": email}
        return render(request, "pages/audit.html", context)


def _named(entries: list[AuditEntry]) -> list[dict[str, Any]]:
    people = {
        str(one.pk): one for one in User.objects.filter(pk__in=[e.actor_id for e in entries if e.actor_kind == "user"])
    }
    refs = {str(one.pk): one.ref for one in Case.objects.filter(pk__in=[c for e in entries for c in e.cases])}
    return [
        {
            "entry": entry,
            "who": people[entry.actor_id].get_full_name() if entry.actor_id in people else entry.actor_id,
            "what": in_words(entry.action),
            "refs": [refs.get(one, one) for one in entry.cases],
        }
        for entry in entries
    ]
