"""The life of an upload and of everything that is made from it, as tables."""

from __future__ import annotations

from portal.core.states import Role
from portal.core.workflow import Machine, Transition, row
from records.states import PhysicalState as P
from records.states import RecordState as R
from records.states import UploadState as U

PATIENT, DESK, SYSTEM = Role.PATIENT, Role.COORDINATOR, Role.SYSTEM

UPLOAD = Machine(
    kind="upload",
    column="state",
    transitions=(
        row("receive", U.RECEIVING, U.RECEIVED, [PATIENT, DESK, SYSTEM]),
        row("reject", U.RECEIVING, U.REJECTED, [PATIENT, DESK, SYSTEM]),
        row("remove", [U.RECEIVING, U.RECEIVED], U.REMOVED, [PATIENT, DESK, SYSTEM]),
    ),
)


def _record(kind: str, *more: Transition) -> Machine:
    return Machine(
        kind=kind,
        column="state",
        transitions=(
            row("ready", R.PROCESSING, R.READY, [SYSTEM]),
            row("quarantine", [R.PROCESSING, R.READY], R.QUARANTINED, [SYSTEM, DESK]),
            row("reject", R.PROCESSING, R.REJECTED, [SYSTEM]),
            row("release", R.QUARANTINED, R.READY, [DESK]),
            # The patient's own name was mended, and explains the one on the record.
            row("clear", R.QUARANTINED, R.READY, [SYSTEM]),
            row("process_again", [R.REJECTED, R.QUARANTINED], R.PROCESSING, [PATIENT, DESK]),
            # The one that this was a copy of is gone: now this is the record.
            row("revive", R.READY, R.PROCESSING, [PATIENT, DESK, SYSTEM]),
            row("remove", [R.PROCESSING, R.READY, R.QUARANTINED, R.REJECTED], R.REMOVED, [PATIENT, DESK, SYSTEM]),
            *more,
        ),
    )


FILE = _record(
    "file",
    # What lies among the programs of a disc is no record, however well it could be read, until more of the folder shows that it is one.
    row("leave_out", [R.READY, R.REJECTED], R.READY, [SYSTEM]),
    row("take_back", R.READY, R.PROCESSING, [SYSTEM]),
    # The desk took another image of the same UID in its place.
    row("supersede", R.READY, R.READY, [DESK]),
)
# Images of a removed study are sent again.
STUDY = _record("study", row("come_back", R.REMOVED, R.PROCESSING, [SYSTEM]))
# Its file was left out for its place and turned out to be a record: read again, what people said of it stands.
DOCUMENT = _record("document", row("take_back", R.REMOVED, R.PROCESSING, [SYSTEM]))

PHYSICAL = Machine(
    kind="physical",
    column="state",
    transitions=(
        row("send", P.ANNOUNCED, P.TO_US, [PATIENT, DESK]),
        # A parcel may come unannounced, and what was missing may turn up.
        row("receive", [P.ANNOUNCED, P.TO_US, P.LOST], P.HERE, [DESK]),
        row("hand_over", P.HERE, P.WITH_READER, [DESK]),
        row("take_back", P.WITH_READER, P.HERE, [DESK]),
        row("send_back", [P.HERE, P.WITH_READER], P.TO_OWNER, [DESK]),
        row("confirm_return", P.TO_OWNER, P.RETURNED, [PATIENT, DESK]),
        row("keep", P.HERE, P.KEPT, [DESK]),
        row("lose", [P.TO_US, P.HERE, P.WITH_READER, P.TO_OWNER], P.LOST, [DESK]),
        row("cancel", P.ANNOUNCED, P.CANCELLED, [PATIENT, DESK]),
        # A remark on the condition or a tracking number that came later: a line of its own, the state stays.
        row("remark", [P.ANNOUNCED, P.TO_US, P.HERE, P.WITH_READER, P.TO_OWNER, P.LOST], None, [PATIENT, DESK]),
    ),
)
