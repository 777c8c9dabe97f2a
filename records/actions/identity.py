"""Studies of another person, or of two, are set aside until a coordinator decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cases.models import Case
from portal.core.access import Actor
from portal.core.workflow import move, note
from records.actions import processing
from records.models import Instance, Study
from records.moves import STUDY
from records.queries.studies import people
from records.rules.codes import CONFIRMED, TWO_PATIENTS, WRONG_PATIENT
from records.rules.header import Header, header_of, header_of_study
from records.rules.identity import Verdict, compare, same_person, two_people
from records.states import RecordState


def check(*, case: Case, study: Study, by: Actor, index: Mapping[str, Any] | None = None) -> None:
    """Set a study aside that names another person, or two. `index`: the header of an image that just came, as the child gives it.

    A coordinator's decision stands for the people whom the study named then.
    """
    if study.state == RecordState.QUARANTINED and study.code == WRONG_PATIENT and index is None:
        _take_back(case, study, by)
    known = header_of_study(study)
    if study.state == RecordState.QUARANTINED and study.code == WRONG_PATIENT and index is not None:
        _tell_of_another(study, known, Header.of_index(index), by)
    if study.state not in (RecordState.PROCESSING, RecordState.READY):
        return
    if index is None:
        _check_all(case, study, by)
        return
    header = Header.of_index(index)
    if header.who != known.who and two_people(header.who, known.who) and not _decided(study, header):
        _hold(study, TWO_PATIENTS, by)
        return
    if study.code == CONFIRMED and header.who == known.who:
        return
    found = compare(
        record_name=header.names, record_birth=header.birth, record_sex=header.sex, person=processing.person_of(case)
    )
    if found.verdict is not Verdict.OTHER:
        return
    if study.code != CONFIRMED:
        _hold(study, WRONG_PATIENT, by)
    elif not _decided(study, header, spelling=True):
        _hold(study, TWO_PATIENTS, by)


def _check_all(case: Case, study: Study, by: Actor) -> None:
    """The case's person became known or changed: everybody whom the study names is compared. The image that came first may name nobody."""
    if study.code == CONFIRMED:
        return
    named = people(study, processing.person_of(case))
    if any(one.finding.verdict is Verdict.OTHER for one in named):
        several = any(two_people(one.header.who, named[0].header.who) for one in named[1:])
        _hold(study, TWO_PATIENTS if several else WRONG_PATIENT, by)


def _take_back(case: Case, study: Study, by: Actor) -> None:
    """The patient's corrected name explains it. Once the request is being looked at, that is the desk's to decide."""
    named = people(study, processing.person_of(case))
    if processing.may_take_back(case) and len(named) == 1 and named[0].finding.verdict is not Verdict.OTHER:
        move(study, STUDY, "clear", actor=by, changes={"code": ""})


def _tell_of_another(study: Study, known: Header, header: Header, by: Actor) -> None:
    """The stranger's image came first and held the study; now one of somebody else came: the desk is to see both."""
    if header.who != known.who and two_people(header.who, known.who):
        Study.objects.filter(pk=study.pk).update(code=TWO_PATIENTS)
        study.code = TWO_PATIENTS
        note(study, "study", "two_patients", actor=by)


def _decided(study: Study, header: Header, *, spelling: bool = False) -> bool:
    """Whether the coordinator who confirmed the study saw this person on it: more images of the same arrive. With `spelling`, in
    another spelling as well. The image that came first, whose header the study has, may name nobody."""
    if study.code != CONFIRMED:
        return False
    earlier = Instance.objects.filter(series__study=study).values_list("metadata", flat=True)
    named = Counter(header_of(metadata).who for metadata in earlier.iterator(chunk_size=50))
    if named[header.who] > 1:
        return True
    return spelling and any(who != header.who and same_person(header.who, who) for who in named)


def _hold(study: Study, code: str, by: Actor) -> None:
    move(study, STUDY, "quarantine", actor=by, data={"code": code}, changes={"code": code})
    for document in processing.papers_inside(study).filter(state=RecordState.READY):
        processing.set_aside(document, by)
