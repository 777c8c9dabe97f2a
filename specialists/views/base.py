"""Views of one assignment load it here, through what the user may see; another person's is 404, like a missing one."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.access import BaseView, Permission
from specialists import queries
from specialists.models import Assignment

WORDS = {
    "offer_expired": gettext_lazy(
        "The time to answer this offer is over. The coordinator will decide what happens next."
    ),
    "declaration_missing": gettext_lazy("Say whether you have a conflict of interest."),
    "declaration_says_nothing": gettext_lazy("Write what you have to declare. It is shown in the report."),
    "reason_missing": gettext_lazy("Choose a reason."),
    "reason_says_nothing": gettext_lazy("Write the reason, so that the coordinator knows whom to ask next."),
}


def sentence(reason: str) -> str:
    """What to tell a person about a refused move."""
    return str(WORDS.get(reason, _("This is no longer possible: somebody else was first, or the case has moved on.")))


class AssignmentView(BaseView):
    """Base of views whose address names an assignment by `pk`. `self.assignment` is loaded before the handler runs."""

    abstract = True
    permission = Permission.REVIEW
    states: ClassVar[tuple[str, ...]] = ()
    """The states of an assignment that this page exists for."""
    assignment: Assignment

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.pk: UUID = kwargs["pk"]

    def load(self) -> None:
        found = queries.visible_to(self.request.user).filter(pk=self.pk, state__in=self.states).first()
        if found is None:
            raise Http404
        self.assignment = found
        self.shown(found.case_id, subjects=[found.pk])
