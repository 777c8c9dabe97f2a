"""Views of one case load it here, through what the user may see; another person's case is 404, like a missing one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from cases import queries
from cases.models import Case
from portal.core.access import BaseView


class CaseView(BaseView):
    """Base of every view whose address names a case by `ref`. `self.case` is loaded before the handler runs."""

    abstract = True
    case: Case
    phases: ClassVar[frozenset[str] | None] = None
    """Where set, the page exists only in these phases."""

    def cases(self) -> QuerySet[Case]:
        return queries.visible_to(self.request.user)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.ref = kwargs["ref"]

    def load(self) -> None:
        """Called by the gate once the person's permission is known.

        Raises:
            Http404: no such case for this user, or not in a phase that has this page.
        """
        found = self.cases().select_related("patient", "assignee", "coordinator").filter(ref=self.ref).first()
        if found is None or (self.phases is not None and found.phase not in self.phases):
            raise Http404
        self.case = found
        self.shown(found.pk)
