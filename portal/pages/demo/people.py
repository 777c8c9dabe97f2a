"""The demo's accounts. All are invented, and say so."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress

from portal.accounts.models import User
from portal.core.states import Role
from specialists.models import Licence, Profile

PASSWORD = "consilium-demo"  # noqa: S105 - printed by `make run`; production refuses to start with demo accounts
DOMAIN = "demo.example"
SIGN_INS = (
    (Role.PATIENT, "patient", "Testina Example"),
    (Role.COORDINATOR, "coordinator", "Ines Sample"),
    (Role.SPECIALIST, "specialist", "Dr Ada Sample"),
    (Role.ADMINISTRATOR, "admin", "Admina Example"),
)
"""One sign-in per role, as `make run` prints them."""


@dataclass(frozen=True)
class Doctor:
    """A specialist of the demo."""

    key: str
    name: str
    title: str
    specialties: tuple[str, ...]
    sub_specialties: tuple[str, ...]
    conditions: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    states: tuple[str, ...] = ("MA", "NY", "CA")
    capacity: int = 4


DOCTORS = (
    Doctor(
        "specialist",
        "Dr Ada Sample",
        "Consultant cardiologist",
        ("cardiology",),
        ("valve", "imaging"),
        ("valve", "heart_failure"),
        ("en", "es"),
    ),
    Doctor(
        "cardio2",
        "Dr Bodo Muster",
        "Cardiac surgeon",
        ("cardiology",),
        ("surgery", "coronary"),
        ("coronary", "aorta"),
        ("en", "de"),
    ),
    Doctor(
        "lungs",
        "Dr Lena Probe",
        "Consultant pulmonologist",
        ("pulmonology",),
        ("interstitial",),
        ("interstitial", "nodule"),
        ("en", "fr"),
    ),
    Doctor(
        "cancer",
        "Dr Omar Exempel",
        "Consultant oncologist",
        ("oncology",),
        ("thoracic", "breast"),
        ("breast_cancer", "lung_cancer"),
        ("en", "ar"),
    ),
    Doctor(
        "scans",
        "Dr Rhea Specimen",
        "Consultant radiologist",
        ("radiology",),
        ("chest",),
        ("chest", "brain_spine"),
        ("en", "es"),
    ),
    Doctor(
        "scans2",
        "Dr Tibor Vzorek",
        "Consultant radiologist",
        ("radiology",),
        ("chest",),
        ("chest",),
        ("en",),
        ("TX",),
        2,
    ),
)


def account(key: str, name: str, role: Role) -> User:
    """The account with this key; made once, its address counts as verified."""
    email = f"{key}@{DOMAIN}"
    found = User.objects.filter(email=email).first()
    if found is None:
        found = User.objects.create_user(email, PASSWORD, name=name, role=role, is_demo=True)
        EmailAddress.objects.create(user=found, email=email, verified=True, primary=True)
    return found


def doctors() -> dict[str, User]:
    """Specialists with profile and licences, by key."""
    made: dict[str, User] = {}
    for doctor in DOCTORS:
        user = made[doctor.key] = account(doctor.key, doctor.name, Role.SPECIALIST)
        profile, new = Profile.objects.get_or_create(
            user=user,
            defaults={
                "title": doctor.title,
                "institution": "Sample University Hospital",
                "specialties": list(doctor.specialties),
                "sub_specialties": list(doctor.sub_specialties),
                "conditions": list(doctor.conditions),
                "languages": list(doctor.languages),
                "capacity": doctor.capacity,
            },
        )
        if new:
            for state in doctor.states:
                Licence.objects.create(profile=profile, country="US", state=state, number=f"DEMO-{doctor.key}-{state}")
    return made
