"""Programs of a disc, and what belongs to them, are left out once the whole choice has been read."""

from __future__ import annotations

from uuid import UUID

from cases.actions.locking import lock
from cases.models import Case
from portal.core import storage
from records.actions import receipts, sorting
from records.actions.files import may_remove
from records.models import File
from records.queries.describing import speaking_for_themselves
from records.rules.codes import DUPLICATE, FAILED, LOCKED, NOT_A_RECORD, PROGRAM_PART, SYSTEM_FILE
from records.rules.discs import Seen, left_out
from records.states import RecordState
from records.steps.work import Work, groups


def sort_out(work: Work) -> None:
    """Each batch at rest is looked at anew: what came later may show that a folder is a program's, or that it is not.

    Once a specialist works with the records nothing more is left out.
    """
    with work.run.commit():
        lock(work.case_id)
        sorting.refuse_copies(case_id=work.case_id, by=work.run.actor)
    for batch in receipts.settled(Case.objects.get(pk=work.case_id)):
        files = File.objects.filter(case_id=work.case_id, upload__batch=batch).exclude(state=RecordState.REMOVED)
        rows = list(files.values_list("pk", "folder", "name", "kind", "media_type", "code", "state", "duplicate_of"))
        codes = {row[0]: row[5] for row in rows}
        copied = {row[0]: codes.get(row[7], "") for row in rows if row[5] == DUPLICATE and row[7]}
        speaking = speaking_for_themselves(files)
        verdict = left_out([Seen(*row[:5], copied.get(row[0]) or row[5], row[0] in speaking) for row in rows])
        wanted: dict[UUID, str] = {pk: code for pk, code in copied.items() if code in NOT_A_RECORD}
        back: list[UUID] = []
        needed = {
            row[7] for row in rows if row[7] and row[0] not in verdict
        }  # the record of which a copy lies elsewhere
        for pk, _folder, _name, kind, _type, code, state, _of in rows:
            if code in (PROGRAM_PART, SYSTEM_FILE) and pk not in verdict:
                back.append(pk)
            elif pk in verdict and pk not in needed and _movable(kind, state, code):
                wanted[pk] = verdict[pk]
        for group in groups(list(wanted)):
            with work.run.commit():
                if not may_remove(lock(work.case_id).phase):
                    break
                erasable = sorting.leave_out(codes={pk: wanted[pk] for pk in group}, by=work.run.actor)
            for stored in erasable:
                storage.erase(stored)
            work.run.renew()
        for group in groups(back):
            with work.run.commit():
                lock(work.case_id)
                sorting.take_back(files=File.objects.filter(pk__in=group), by=work.run.actor)


def _movable(kind: str, state: str, code: str) -> bool:
    if kind == "dicom" or code in (PROGRAM_PART, SYSTEM_FILE, FAILED, *LOCKED):
        return False
    return state in (RecordState.REJECTED, RecordState.READY)
