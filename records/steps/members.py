"""Members of an archive become files of their own."""

from __future__ import annotations

from cases.actions.locking import lock
from records.actions import processing
from records.child.protocol import FileResult
from records.models import File
from records.steps.work import Sealer, Work, groups


def unpack(work: Work, container: File, result: FileResult, seal: Sealer) -> None:
    """Members become files of their own, in groups; the container is done only when all of them are here."""
    here = {
        f"{folder}/{name}" for folder, name in File.objects.filter(container=container).values_list("folder", "name")
    }
    top = "/".join(part for part in (container.folder, container.name) if part)
    wanted = [(*_place(top, member["name"]), member["file"]) for member in result.data["members"]]
    for group in groups([one for one in wanted if f"{one[0]}/{one[1]}" not in here]):
        sealed = [(folder, name, stored) for folder, name, file in group if (stored := seal(file, "original"))]
        with work.run.commit():
            lock(work.case_id)
            if processing.waiting(container.pk):
                processing.add_members(container=container, members=sealed, by=work.run.actor)
    left_out = [_place(top, label) for label in result.data.get("left_out", [])]
    missing = [one for one in left_out if f"{one[0]}/{one[1]}" not in here]
    if missing:
        with work.run.commit():
            lock(work.case_id)
            processing.add_left_out(container=container, labels=missing, code="system_file", by=work.run.actor)


def _place(top: str, label: str) -> tuple[str, str]:
    folder, _, name = f"{top}/{label}".rpartition("/")
    return folder[:500], name[:255]
