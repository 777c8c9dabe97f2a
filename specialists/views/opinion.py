"""What the opinion editor talks to: saving, citing, and the reading grade."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cases.queries.edition import edition_of
from portal.core import readability
from portal.core.workflow import Refused
from specialists.actions import opinions
from specialists.models import OpinionDraft
from specialists.queries import terms
from specialists.queries.access import WORKING
from specialists.queries.material import NoSuchRecord
from specialists.rules import fields as structured
from specialists.rules.draft import LONGEST, Unknown
from specialists.views.base import AssignmentView, sentence

IGNORED = frozenset({"csrfmiddlewaretoken", "autosave", "revision", "fields", "next"})


class Draft(AssignmentView):
    """Saves the controls that changed. Without scripts the whole form comes, and the answer is a page."""

    states = WORKING

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        auto = "autosave" in request.POST
        try:
            revision = int(request.POST.get("revision", ""))
            draft = opinions.save_draft(
                assignment=self.assignment, content=self._changes(request, auto), revision=revision, by=self.actor
            )
        except opinions.Stale as stale:
            return self._stale(stale.draft, auto)
        except (Unknown, ValueError):
            text = _("This could not be saved. Load the page again: it may have changed.")
            return JsonResponse({"errors": {"": [text]}}, status=422)
        except Refused as refused:
            return JsonResponse({"errors": {"": [sentence(refused.reason)]}}, status=422)
        if auto:
            return JsonResponse({"revision": draft.revision, "checks": self._checks(draft, request)})
        where = "reviews:sign" if request.POST.get("next") == "sign" else "reviews:workspace"
        return redirect(where, pk=self.assignment.pk)

    def _changes(self, request: HttpRequest, auto: bool) -> dict[str, list[str]]:
        names = request.POST.getlist("fields") if auto else [name for name in request.POST if name not in IGNORED]
        return {name: request.POST.getlist(name) for name in names}

    def _checks(self, draft: OpinionDraft, request: HttpRequest) -> dict[str, dict[str, Any]]:
        """What to ask about the structured values that this save touched; an empty text takes the question away."""
        touched = {name.replace("ok.", "field.", 1) for name in request.POST.getlist("fields")}
        found = structured.doubts(terms.fields_of(self.assignment), draft.content["values"])
        asked = {one.name: {"text": one.text, "confirm": one.kind == "range"} for one in found}
        return {name: asked.get(name, {"text": ""}) for name in touched if name.startswith(("field.", "when."))}

    def _stale(self, draft: OpinionDraft, auto: bool) -> HttpResponse:
        when = date_format(localtime(draft.saved_at), "H:i")
        if auto:
            text = _("You saved another version of this opinion in another window at %(time)s.") % {"time": when}
            return JsonResponse({"revision": draft.revision, "text": text}, status=409)
        return redirect("reviews:workspace", pk=self.assignment.pk)


class Cite(AssignmentView):
    """Makes a citation of a record, for the browser to add to a statement."""

    states = WORKING

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        try:
            key, found = opinions.cite(assignment=self.assignment, asked=request.POST.dict(), by=self.actor)
        except (NoSuchRecord, Refused):
            text = _("This record cannot be cited. Load the page again and choose it once more.")
            return JsonResponse({"error": text}, status=422)
        return JsonResponse({"id": key, **found})


class Reading(AssignmentView):
    """How hard the patient's page is to read, while it is written. Nothing is kept."""

    states = WORKING

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        text = request.POST.get("text", "")[:LONGEST]
        explained = edition_of(self.assignment.case).explained_words
        found = readability.read(text, explained)
        return JsonResponse(
            {
                "grade": found.grade,
                "target": readability.TARGET_GRADE,
                "words": found.words,
                "easy": found.easy,
                "long_sentences": list(found.long_sentences),
                "hard_words": list(found.hard_words)[:12],
            }
        )
