"""A DICOM object becomes an instance of its series."""

from __future__ import annotations

from typing import Any

from cases.actions.locking import lock
from cases.models import Case
from records.actions import identity, processing
from records.child.protocol import FileResult
from records.models import File, Study
from records.rules.tus import clean
from records.steps.work import Sealer, Work, Write

ENDINGS = {"application/pdf": "pdf", "text/plain": "txt"}


def prepare(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
    data = result.data
    known = processing.known_instance(work.case_id, data["index"]["sop_instance_uid"])
    pack = seal(data["frames"].get("pack") or data.get("video")) if known is None else None
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

    by = work.run.actor

    def write(case: Case, row: File) -> None:
        if processing.keep_instance(case=case, file=row, data=data, pack=pack, by=by, **columns):
            study = Study.objects.get(case=case, uid=data["index"]["study_instance_uid"])
            identity.check(case=case, study=study, by=by, index=data["index"])

    return write
