"""Drafts, citations, and the signature."""

from __future__ import annotations

import pytest

from cases import report
from cases.models import Case, Report
from cases.states import Phase
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.workflow import Refused
from specialists.actions import opinions
from specialists.models import Assignment, Opinion, OpinionDraft
from specialists.queries.material import NoSuchRecord
from specialists.rules.draft import Unknown
from specialists.states import AssignmentState
from tests.factories.specialists import make_assignment, make_draft, make_report, make_specialist

pytestmark = pytest.mark.django_db


def save(held: Assignment, revision: int, **content: list[str]) -> OpinionDraft:
    return opinions.save_draft(assignment=held, content=content, revision=revision, by=Actor.of(held.specialist))


def test_save_changes_only_the_named_controls_and_raises_the_revision() -> None:
    held = make_assignment()
    save(held, 0, plain=["One."])
    draft = save(held, 1, **{"diagnosis.reasons": ["Because.\r\nTwice."]})
    assert draft.revision == 2
    assert draft.content["values"]["plain"] == ["One."]
    assert draft.content["values"]["diagnosis.reasons"] == ["Because.\nTwice."]
    held.refresh_from_db()
    assert held.state == AssignmentState.DRAFTING


def test_save_on_an_older_revision_is_refused_and_writes_nothing() -> None:
    held = make_assignment()
    save(held, 0, plain=["First window."])
    with pytest.raises(opinions.Stale) as caught:
        save(held, 0, plain=["Second window."])
    assert caught.value.draft.revision == 1
    assert OpinionDraft.objects.get(assignment=held).content["values"]["plain"] == ["First window."]


@pytest.mark.parametrize(
    "name", ["nonsense", "question.9", "field.radpeer.1.value", "field.lvef.2.value", "cite.nothing", "__class__"]
)
def test_save_of_an_unknown_control_is_refused(name: str) -> None:
    held = make_assignment()
    with pytest.raises(Unknown):
        save(held, 0, **{name: ["x"]})
    assert OpinionDraft.objects.get(assignment=held).revision == 0


def test_save_keeps_a_value_out_of_range_and_the_signature_asks_about_it() -> None:
    held = make_draft(**{"field.lvef.1.value": ["3"]}).assignment
    draft = OpinionDraft.objects.get(assignment=held)
    assert draft.content["values"]["field.lvef.1.value"] == ["3"]
    with pytest.raises(opinions.Incomplete) as caught:
        opinions.sign(assignment=held, by=Actor.of(held.specialist), revision=draft.revision)
    assert [one.name for one in caught.value.lacks] == ["field.lvef.1.value"]
    confirmed = save(held, draft.revision, **{"ok.lvef.1.value": ["3"]})
    signed = opinions.sign(assignment=held, by=Actor.of(held.specialist), revision=confirmed.revision)
    assert "3 %" in signed.document["fields"][0]["value"]


def test_another_specialist_cannot_write() -> None:
    held = make_assignment()
    with pytest.raises(Refused):
        opinions.save_draft(assignment=held, content={"plain": ["x"]}, revision=0, by=Actor.of(make_specialist()))


@pytest.mark.parametrize(
    "emptied",
    [
        "question.1",
        "diagnosis.scale",
        "treatment.reasons",
        "certainty",
        "change_mind",
        "urgency.when",
        "limits",
        "plain",
    ],
)
def test_sign_needs_every_required_part(emptied: str) -> None:
    draft = make_draft(**{emptied: []})
    with pytest.raises(opinions.Incomplete) as caught:
        opinions.sign(assignment=draft.assignment, by=Actor.of(draft.assignment.specialist), revision=draft.revision)
    assert [one.name for one in caught.value.lacks] == [emptied]
    assert not Report.objects.exists() and not Opinion.objects.exists()


def test_sign_of_a_draft_that_changed_after_the_preview_is_refused() -> None:
    draft = make_draft()
    save(draft.assignment, draft.revision, plain=["Changed."])
    with pytest.raises(opinions.Stale):
        opinions.sign(assignment=draft.assignment, by=Actor.of(draft.assignment.specialist), revision=draft.revision)
    assert not Report.objects.exists()


def test_sign_freezes_the_document_and_hands_it_over() -> None:
    made = make_report()
    opinion = Opinion.objects.get()
    report.verify(made.document, made.sha256)
    assert (opinion.sha256, opinion.content) == (made.sha256, made.document)
    case = Case.objects.get(pk=made.case_id)
    assert case.phase == Phase.RELEASE
    assert Assignment.objects.get(pk=made.assignment_id).state == AssignmentState.SIGNED
    assert Job.objects.filter(name="cases.render_report", args={"subject_id": str(made.pk)}).count() == 1
    event = Event.objects.get(subject_kind="report", name="sign")
    assert (event.actor_id, event.data["sha256"]) == (str(made.signed_by_id), made.sha256)
    said = made.document
    assert [one["answer"] for one in said["questions"]] == [
        "An example answer to question 1.",
        "An example answer to question 2.",
    ]
    assert said["first_opinion"] == {"diagnosis": "An example", "treatment": "An example operation"}
    assert said["ask_doctor"] == ["Can you repair it?", "Who does this often?"]
    assert said["specialists"][0]["licences"] == ["MA EX-12345"]


def test_signed_opinion_cannot_be_changed_or_signed_again() -> None:
    made = make_report()
    held = Assignment.objects.get(pk=made.assignment_id)
    draft = OpinionDraft.objects.get(assignment=held)
    for attempt in (
        lambda: save(held, draft.revision, plain=["Too late."]),
        lambda: opinions.sign(assignment=held, by=Actor.of(held.specialist), revision=draft.revision),
        lambda: opinions.cite(assignment=held, asked={"kind": "page"}, by=Actor.of(held.specialist)),
    ):
        with pytest.raises(Refused):
            attempt()
    assert Report.objects.get().document == made.document
    assert Opinion.objects.count() == 1


def test_altered_document_is_noticed() -> None:
    made = make_report()
    made.document["plain"] += " Not what was signed."
    with pytest.raises(report.Altered):
        report.verify(made.document, made.sha256)


def test_cite_of_another_cases_record_is_refused() -> None:
    held = make_assignment()
    for asked in (
        {"kind": "page", "document": "5ec0d0c0-0000-4000-8000-000000000001", "page": "1"},
        {"kind": "image", "study": "1.2"},
        {},
    ):
        with pytest.raises(NoSuchRecord):
            opinions.cite(assignment=held, asked=asked, by=Actor.of(held.specialist))
