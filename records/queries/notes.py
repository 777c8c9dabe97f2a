"""What a person marked on a study, with the headers of the images it was marked on."""

from __future__ import annotations

from typing import Any

from records.models import Instance, Study, ViewerState, ViewerStateVersion

COUNTED = frozenset({"length", "angle", "cobb", "ellipse", "rectangle", "probe", "arrow", "text"})


def state_of(user: Any, study: Study, revision: int | None = None) -> tuple[ViewerState, int, dict[str, Any]] | None:
    """The state with the revision that it is of; the newest, or an older one that was asked for."""
    held = ViewerState.objects.filter(user=user, study=study).first()
    if held is None or revision is None or revision == held.revision:
        return (held, held.revision, held.state) if held else None
    version = ViewerStateVersion.objects.filter(held=held, revision=revision).first()
    return (held, revision, version.state) if version else None


def images_of(study: Study, rows: list[dict[str, Any]]) -> dict[str, Instance]:
    """Images of the study that the rows name; a row of an image that is gone names none."""
    uids = {str(row.get("instance", "")) for row in rows}
    found = Instance.objects.filter(series__study=study, uid__in=uids).select_related("series")
    return {one.uid: one for one in found}
