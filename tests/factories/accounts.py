"""Obviously invented accounts."""

from __future__ import annotations

from typing import Any

import factory

from portal.accounts.models import User
from portal.core.states import Role

PASSWORD = "consilium-demo"


class UserFactory(factory.django.DjangoModelFactory):
    """An account; a patient unless `role` says otherwise. Its password is `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.test")
    name = factory.Sequence(lambda n: f"Testina Example {n}")
    role = Role.PATIENT

    @factory.post_generation
    def password(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class CoordinatorFactory(UserFactory):
    email = factory.Sequence(lambda n: f"desk{n}@example.test")
    name = factory.Sequence(lambda n: f"Ines Invented {n}")
    role = Role.COORDINATOR


class SpecialistFactory(UserFactory):
    email = factory.Sequence(lambda n: f"doctor{n}@example.test")
    name = factory.Sequence(lambda n: f"Dr Ada Sample {n}")
    role = Role.SPECIALIST


class AdministratorFactory(UserFactory):
    email = factory.Sequence(lambda n: f"admin{n}@example.test")
    name = factory.Sequence(lambda n: f"Root Placeholder {n}")
    role = Role.ADMINISTRATOR
