"""Profiles of specialists: everyone's for administrators, one's own for a specialist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.catalogue import queries as catalogue
from portal.catalogue.types import Edition
from portal.core.states import Role
from specialists.models import Licence, Profile


@dataclass(frozen=True)
class LicenceRow:
    """A licence with the name of its place."""

    licence: Licence
    place: str


@dataclass(frozen=True)
class Named:
    """A profile in words, for who reads it and does not change it."""

    specialties: list[str]
    sub_specialties: list[str]
    conditions: list[str]
    languages: list[str]


def visible_to(user: Any) -> QuerySet[Profile]:
    """Every profile for an administrator, the own one for a specialist, none for anybody else."""
    every = Profile.objects.select_related("user")
    if not getattr(user, "is_authenticated", False):
        return every.none()
    if user.role == Role.ADMINISTRATOR:
        return every
    return every.filter(user=user) if user.role == Role.SPECIALIST else every.none()


def specialist(user: Any, pk: UUID) -> User | None:
    """The account whose profile `user` may write; None when there is no such specialist."""
    if getattr(user, "role", None) != Role.ADMINISTRATOR:
        return None
    return User.objects.filter(pk=pk, role=Role.SPECIALIST).first()


def of(user: Any, person: Any) -> Profile | None:
    """The profile of `person`, as far as `user` may see it; None until an administrator has written it."""
    return visible_to(user).filter(user=person).first()


def licences(profile: Profile | None, edition: Edition) -> list[LicenceRow]:
    if profile is None:
        return []
    found = Licence.objects.filter(profile=profile).order_by("country", "state", "number")
    countries = {place.code: place.name for place in edition.places}
    return [LicenceRow(one, _place(one, countries.get(one.country, one.country), edition)) for one in found]


def _place(licence: Licence, country: str, edition: Edition) -> str:
    return f"{edition.place(licence.country, licence.state).name}, {country}" if licence.state else country


def named(profile: Profile, edition: Edition) -> Named:
    """The names of what the profile lists. A key that the edition no longer has is left out."""
    own = [one for one in edition.specialties if one.key in profile.specialties]
    subs = {sub.key: sub.name for one in own for sub in one.sub_specialties}
    conditions = {condition.key: condition.name for one in own for condition in one.conditions}
    return Named(
        specialties=[one.name for one in own],
        sub_specialties=[name for key, name in subs.items() if key in profile.sub_specialties],
        conditions=[name for key, name in conditions.items() if key in profile.conditions],
        languages=[one.name for one in edition.languages if one.code in profile.languages],
    )


def edition() -> Edition:
    """What a profile is written in: the published edition."""
    return catalogue.current_edition()


def without_profile() -> list[User]:
    """Specialists with an open account whom matching cannot see yet."""
    written = Profile.objects.values("user")
    return list(User.objects.filter(role=Role.SPECIALIST, is_active=True).exclude(pk__in=written).order_by("name"))
