"""Members of an archive become files of their own."""

from __future__ import annotations

import re

from cases.actions.locking import lock
from cases.models import Case
from records.actions import processing
from records.child.protocol import FileResult
from records.models import File
from records.queries.uploads import room_left
from records.rules.codes import PROGRAM, SYSTEM_FILE
from records.steps.work import Sealer, Work, groups


def unpack(work: Work, container: File, result: FileResult, seal: Sealer) -> bool:
    """Members become files of their own, in groups; the container is done only when all of them are here.

    False, and nothing of it is kept, when the case has no room for them.
    """
    here = {
        f"{folder}/{name}" for folder, name in File.objects.filter(container=container).values_list("folder", "name")
    }
    top = "/".join(part for part in (container.folder, container.name) if part)
    alone = _own_name(container, result)
    wanted = [
        (*_place(top, alone or member["name"]), member["file"], member["size"]) for member in result.data["members"]
    ]
    coming = [one for one in wanted if f"{one[0]}/{one[1]}" not in here]
    if sum(size for *_, size in coming) > room_left(Case.objects.get(pk=work.case_id)):
        return False
    for group in groups(coming):
        sealed = [(folder, name, stored) for folder, name, file, _size in group if (stored := seal(file, "original"))]
        with work.run.commit():
            lock(work.case_id)
            if processing.waiting(container.pk):
                processing.add_members(container=container, members=sealed, by=work.run.actor)
    for name, code in (("left_out", SYSTEM_FILE), ("programs", PROGRAM)):
        labels = [_place(top, label) for label in result.data.get(name, [])]
        missing = [one for one in labels if f"{one[0]}/{one[1]}" not in here]
        if missing:
            with work.run.commit():
                lock(work.case_id)
                processing.add_left_out(container=container, labels=missing, code=code, by=work.run.actor)
    return True


def _own_name(container: File, result: FileResult) -> str:
    """The name of what a file holds that is nothing but a wrapping: one gzipped file, a locked paper. "" for an archive."""
    if result.kind == "pdf":
        return container.name
    if result.media_type == "application/gzip" and [one["name"] for one in result.data["members"]] == ["content"]:
        return re.sub(r"\.gz\Z", "", container.name, flags=re.IGNORECASE)
    return ""


def _place(top: str, label: str) -> tuple[str, str]:
    folder, _, name = f"{top}/{label}".rpartition("/")
    return folder[:500], name[:255]
