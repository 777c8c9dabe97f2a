"""A DICOM object becomes an instance of its series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases.actions.locking import lock
from cases.models import Case
from portal.core.access import Actor
from portal.core.models import StoredObject
from records.actions import identity, indexing, instances, processing
from records.child.protocol import FileResult
from records.models import File, Study
from records.rules.tus import clean
from records.steps.work import Sealer, Work, Write

ENDINGS = {"application/pdf": "pdf", "text/plain": "txt"}


def prepare(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
    data = result.data
    made = data["frames"].get("pack") or data.get("video")
    known = instances.known_instance(work.case_id, data["index"]["sop_instance_uid"]) if made else None
    pack = seal(made) if made and known is None else None
    columns["warnings"] = [*columns["warnings"], *(f"missing:{name}" for name in data["index"].get("missing", []))]
    inner = data.get("encapsulated")
    if inner and not File.objects.filter(container=file).exists():
        stored = seal(inner["file"], "original")
        ending = ENDINGS.get(inner["media_type"], "xml")
        if stored:
            with work.run.commit():
                lock(work.case_id)
                name = f"{clean(str(inner.get('name') or '')).replace('/', ' ')[:240] or file.name.rsplit('.', 1)[0][:240]}.{ending}"
                if processing.waiting(file.pk):  # else a person has removed it meanwhile
                    processing.add_members(container=file, members=[(file.folder, name, stored)], by=work.run.actor)

    return Indexing(data, pack, columns, work.run.actor, lacks_frames=bool(made) and pack is None)


@dataclass(frozen=True)
class Indexing:
    """The write of one instance: by itself when called, or with others of its kind by `write_together`."""

    data: Mapping[str, Any]
    pack: StoredObject | None
    columns: dict[str, Any]
    by: Actor
    lacks_frames: bool = False
    """Its frames were not kept because the image was here already; if that one goes before the commit, the file is read again."""

    def __call__(self, case: Case, row: File) -> None:
        if instances.keep_instance(
            case=case,
            file=row,
            data=self.data,
            pack=self.pack,
            by=self.by,
            lacks_frames=self.lacks_frames,
            **self.columns,
        ):
            study = Study.objects.get(case=case, uid=self.data["index"]["study_instance_uid"])
            identity.check(case=case, study=study, by=self.by, index=self.data["index"])


def write_together(case: Case, writes: Sequence[tuple[File, Indexing]]) -> None:
    """Many instances at once; each header that differs from the others of its study is compared with the case's person."""
    if not writes:
        return
    by = writes[0][1].by
    found = [instances.NewInstance(row, one.data, one.pack, one.columns, one.lacks_frames) for row, one in writes]
    _, apart = indexing.index(case=case, found=found, by=by)
    for one in apart:
        Indexing(one.data, one.pack, dict(one.columns), by, one.lacks_frames)(case, one.file)
