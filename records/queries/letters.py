"""Letters that ask for records: which may be written for a case, and which were signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cases import queries as cases
from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.parts import Letter
from records.models import RequestLetter
from records.rules.letters import counts


def offered(case: Case) -> tuple[Letter, ...]:
    """Letters of the case's edition that follow the law of the patient's place."""
    return catalogue.edition(case.catalogue_id).letters_for(str(case.patient.country or ""))


def visible_letters(user: Any, case: Case) -> QuerySet[RequestLetter]:
    """Signed letters of a case that this user sees in full."""
    found = RequestLetter.objects.filter(case__in=cases.visible_to(user), case=case)
    return found.select_related("link__grant", "pdf__key", "signed_by")


@dataclass(frozen=True)
class LetterView:
    """A signed letter. `ended`: "", "withdrawn" or "expired": then the portal gives it to nobody."""

    letter: RequestLetter
    name: str
    ended: str


def view_of(case: Case, row: RequestLetter) -> LetterView:
    known = {one.key: one.name for one in catalogue.edition(case.catalogue_id).letters}
    ended = counts(ends_on=row.ends_on, withdrawn=row.withdrawn_at is not None, today=timezone.localdate())
    return LetterView(row, known.get(row.key, row.key), ended)


def letters(user: Any, case: Case) -> list[LetterView]:
    """Newest first; one query."""
    return [view_of(case, row) for row in visible_letters(user, case).order_by("-signed_at", "pk")]
