"""What a person draws on images: measurements and key images, one state for each person and study."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.core.access import Actor
from portal.core.workflow import note
from records.models import Study, ViewerState, ViewerStateVersion


class Outdated(Exception):
    """Another window saved first. `current` is what stands now."""

    def __init__(self, current: ViewerState) -> None:
        super().__init__()
        self.current = current


@transaction.atomic
def save_viewer_state(*, study: Study, state: dict[str, Any], revision: int, by: Actor) -> ViewerState:
    """Keep the state if nobody saved since `revision`; what stood before stays as a version.

    Raises:
        Outdated: the stored revision is another one; nothing is written.
    """
    held, _ = ViewerState.objects.get_or_create(user=by.user, study=study)
    written = ViewerState.objects.filter(pk=held.pk, revision=revision).update(
        state=state, revision=revision + 1, saved_at=timezone.now()
    )
    held.refresh_from_db()
    if not written:
        raise Outdated(held)
    ViewerStateVersion.objects.create(held=held, revision=held.revision, state=state, saved_at=held.saved_at)
    note(study, "study", "annotate", actor=by, data={"revision": held.revision})
    return held
