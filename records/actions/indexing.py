"""Many images at once: their rows, and whose they are. As in `processing`: inside a transaction, with the case locked."""

from __future__ import annotations

from collections.abc import Sequence

from cases.models import Case
from portal.core.access import Actor
from portal.core.workflow import move
from records.actions import identity, instances
from records.actions.instances import NewInstance
from records.models import Study
from records.moves import STUDY
from records.rules.header import Header
from records.states import RecordState


def index(
    *, case: Case, found: Sequence[NewInstance], by: Actor, unsaved: bool = False
) -> tuple[list[Study], list[NewInstance]]:
    """Index instances together; each header that differs from the others of its study is compared with the case's person.

    Returns their studies, and what has to be kept one by one (`keep_instances`, also about `unsaved`).
    """
    studies, apart = instances.keep_instances(case=case, found=found, by=by, unsaved=unsaved)
    for study in studies:
        own = [one.data["index"] for one in found if one.data["index"]["study_instance_uid"] == study.uid]
        seen: list[Header] = []
        for header_of in own:
            header = Header.of_index(header_of)
            if header not in seen:
                seen.append(header)
                identity.check(case=case, study=study, by=by, index=header_of)
    return studies, apart


def show(*, studies: Sequence[Study], by: Actor) -> None:
    """Studies that wait become visible. After `index`: those that it set aside stay so."""
    for study in studies:
        if study.state == RecordState.PROCESSING:
            move(study, STUDY, "ready", actor=by)
