"""Moves are a table. `move()` is the only way a phase or state changes: lock, look up, guard, write, event row and jobs
in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.utils.module_loading import import_string

from portal.core import jobs
from portal.core.access import Actor
from portal.core.bulk import insert_alike, insert_one
from portal.core.models import Event
from portal.core.states import Role

Guard = Callable[[Any], str | None]
"""Returns why the move is refused (a code for the caller's sentence), or None."""


class Refused(Exception):
    """A move that the table, the role list or a guard does not allow. `reason` is a code, safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Transition:
    """One row of a machine: from any of `sources` by `event` to `target` (None: stays), if one of `roles` asks and `guard` agrees."""

    event: str
    sources: frozenset[str]
    target: str | None
    roles: frozenset[Role]
    guard: Guard | None = None


@dataclass(frozen=True)
class Machine:
    """A kind of subject and its rows. (source, event) pairs are unique; a missing pair is illegal."""

    kind: str
    column: str
    transitions: tuple[Transition, ...]
    table: Mapping[tuple[str, str], Transition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table: dict[tuple[str, str], Transition] = {}
        for row in self.transitions:
            for source in row.sources:
                if (source, row.event) in table:
                    raise ValueError(f"{self.kind}: two rows for {source}, {row.event}")
                table[source, row.event] = row
        object.__setattr__(self, "table", table)

    def allowed(self, source: str, role: Role) -> list[str]:
        """Events that `role` may cause from `source`, guards aside."""
        return [event for (at, event), row in self.table.items() if at == source and role in row.roles]


def row(
    event: str, sources: str | Iterable[str], target: str | None, roles: Iterable[Role], guard: Guard | None = None
) -> Transition:
    """A readable constructor for tables in `moves.py`."""
    return Transition(
        event, frozenset([sources] if isinstance(sources, str) else sources), target, frozenset(roles), guard
    )


@dataclass(frozen=True)
class Reaction:
    """What an event sets in motion: the job and which of the event's facts it is given."""

    job: str
    args: Callable[[Event], dict[str, Any]] = field(default=lambda event: {"subject_id": str(event.subject_id)})
    shared: bool = False
    """The job takes whatever waits in the case: many events at once need it once."""


@cache
def subscriptions() -> Mapping[tuple[str, str], tuple[Reaction, ...]]:
    """(subject kind, event name) to reactions, from portal/subscriptions.py."""
    found: Mapping[tuple[str, str], tuple[Reaction, ...]] = import_string(settings.SUBSCRIPTIONS)
    return found


class Subject(Protocol):
    """A model with a UUID key and the machine's state column. `case_uuid` says whose history it belongs to."""

    pk: Any

    @property
    def case_uuid(self) -> UUID | None: ...


def note(
    subject: Any,
    kind: str,
    name: str,
    *,
    actor: Actor,
    data: dict[str, Any] | None = None,
    source: str = "",
    target: str = "",
) -> Event:
    """Append an event and queue its reactions. Call it inside the transaction of the change that it tells."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("note() outside a transaction: the event could outlive a change that was rolled back")
    event = Event(
        case_id=subject.case_uuid,
        subject_kind=kind,
        subject_id=subject.pk,
        name=name,
        source=source,
        target=target,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_role=actor.role,
        data=data or {},
    )
    insert_one(event)
    for number, reaction in enumerate(subscriptions().get((kind, name), ())):
        key, args = f"{reaction.job}:{event.pk}:{number}", reaction.args(event)
        if reaction.shared and event.case_id:
            jobs.enqueue_shared(reaction.job, key=key, case_id=event.case_id, **args)
        else:
            jobs.enqueue(reaction.job, key=key, case_id=event.case_id, **args)
    return event


def note_alike(
    subjects: Sequence[UUID],
    kind: str,
    name: str,
    *,
    case_id: UUID | None,
    actor: Actor,
    source: str = "",
    target: str = "",
) -> None:
    """Append the same event for many subjects of one case, without its reactions, inside the transaction of the change that it tells."""
    event = Event(
        case_id=case_id,
        subject_kind=kind,
        name=name,
        source=source,
        target=target,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_role=actor.role,
    )
    insert_alike(event, "subject_id", subjects)


@transaction.atomic
def move(
    subject: Any,
    machine: Machine,
    event: str,
    *,
    actor: Actor,
    data: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> Event:
    """Take `subject` along `event`, write `changes` with it, append the event row and queue its jobs.

    The caller holds the Case's lock already when the subject is a part of a case (Case first, children by key).

    Raises:
        Refused: the pair is not in the table, the actor's role is not named, a guard objects, or another process was first.
    """
    model: type[models.Model] = type(subject)
    held = model._default_manager.select_for_update().get(pk=subject.pk)
    source = getattr(held, machine.column)
    found = machine.table.get((source, event))
    if found is None:
        raise Refused(f"{machine.kind}.{event}: not possible when {source}")
    if actor.role not in found.roles:
        raise Refused(f"{machine.kind}.{event}: not for {actor.role}")
    if found.guard and (reason := found.guard(held)):
        raise Refused(reason)
    target = found.target if found.target is not None else source
    columns = {machine.column: target, **(changes or {})}
    if not model._default_manager.filter(pk=subject.pk, **{machine.column: source}).update(**columns):
        raise Refused(f"{machine.kind}.{event}: somebody else was first")
    for name, value in columns.items():
        setattr(subject, name, value)
    return note(subject, machine.kind, event, actor=actor, data=data, source=source, target=target)


def move_many(
    subjects: Sequence[Any],
    machine: Machine,
    event: str,
    *,
    actor: Actor,
    source: str,
    changes: dict[str, Any],
    unsaved: bool = False,
) -> int:
    """Take many subjects that stand at `source` along the same `event` with the same `changes`: one UPDATE, one event row each.

    As `move()`, for events that set nothing in motion and have no guard. The caller holds the Case's lock and a transaction.
    `unsaved`: they are new, and the caller saves them, as they are then, in the same transaction.

    Raises:
        Refused: the pair is not in the table, the actor's role is not named, or another process was first with one of them.
        ValueError: the event has a guard or reactions, which need each subject by itself.
    """
    found = machine.table.get((source, event))
    if found is None:
        raise Refused(f"{machine.kind}.{event}: not possible when {source}")
    if actor.role not in found.roles:
        raise Refused(f"{machine.kind}.{event}: not for {actor.role}")
    if found.guard or subscriptions().get((machine.kind, event)):
        raise ValueError(f"{machine.kind}.{event} is moved one by one")
    if not subjects:
        return 0
    target = found.target if found.target is not None else source
    columns = {machine.column: target, **changes}
    if unsaved:
        standing = sum(1 for one in subjects if one._state.adding and getattr(one, machine.column) == source)
    else:
        rows = type(subjects[0])._default_manager.filter(pk__in=[one.pk for one in subjects])
        standing = rows.filter(**{machine.column: source}).update(**columns)
    if standing != len(subjects):
        raise Refused(f"{machine.kind}.{event}: somebody else was first")
    for one in subjects:
        for name, value in columns.items():
            setattr(one, name, value)
    for case_id in {one.case_uuid for one in subjects}:
        own = [one.pk for one in subjects if one.case_uuid == case_id]
        note_alike(own, machine.kind, event, case_id=case_id, actor=actor, source=source, target=target)
    return len(subjects)
