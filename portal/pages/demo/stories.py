"""The demo's cases: one in every phase, several in every specialty, with something waiting on every screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cases.states import Level, Phase


@dataclass(frozen=True)
class Story:
    """One case: whose it is, how far it came, and how many days ago it was sent."""

    key: str
    given: str
    family: str
    born: date
    sex: str
    specialty: str
    condition: str
    title: str
    phase: Phase
    days: float = 3
    level: Level = Level.STANDARD
    doctor: str = ""
    records: bool = True
    """False: nothing was uploaded yet."""
    offered: bool = False
    asked: str = ""
    """A question to the patient that is still open."""
    message: str = ""
    """A message of the patient that nobody has read."""
    planned_in_days: int | None = None
    state: str = "MA"
    account: str = ""
    """Key of the patient's account; an account of its own without."""
    other_person: bool = False
    """One study carries another person's name."""


STORIES = (
    Story(
        "valve",
        "Testina",
        "Example",
        date(1962, 3, 14),
        "female",
        "cardiology",
        "valve",
        "My heart valve",
        Phase.IN_REVIEW,
        4,
        doctor="specialist",
        planned_in_days=30,
        account="patient",
    ),
    Story(
        "heart-draft",
        "Testina",
        "Example",
        date(1962, 3, 14),
        "female",
        "radiology",
        "chest",
        "My chest scan",
        Phase.DRAFT,
        1,
        account="patient",
        records=False,
    ),
    Story(
        "bypass",
        "Samplo",
        "Testov",
        date(1957, 8, 2),
        "male",
        "cardiology",
        "coronary",
        "Bypass or stents",
        Phase.COLLECTING,
        2,
        asked="ask_missing_images",
    ),
    Story(
        "weak-heart",
        "Exempla",
        "Nobody",
        date(1971, 1, 9),
        "female",
        "cardiology",
        "heart_failure",
        "A weak heart",
        Phase.DELIVERED,
        12,
        doctor="specialist",
    ),
    Story(
        "aorta",
        "Proba",
        "Muster",
        date(1966, 11, 30),
        "male",
        "cardiology",
        "aorta",
        "A wide aorta",
        Phase.MATCHING,
        0.5,
        offered=True,
        doctor="specialist",
        level=Level.EXPEDITED,
    ),
    Story(
        "fibrosis",
        "Modelo",
        "Specimen",
        date(1955, 5, 21),
        "male",
        "pulmonology",
        "interstitial",
        "Scars in my lungs",
        Phase.RELEASE,
        5,
        doctor="lungs",
    ),
    Story(
        "nodule",
        "Ejempla",
        "Prueba",
        date(1969, 9, 17),
        "female",
        "pulmonology",
        "nodule",
        "A spot on my lung",
        Phase.TRIAGE,
        1.5,
        message="Hello, did my CT arrive? I am a bit worried.",
    ),
    Story(
        "copd",
        "Beispiela",
        "Tester",
        date(1960, 12, 4),
        "female",
        "pulmonology",
        "copd_asthma",
        "COPD that gets worse",
        Phase.WITHDRAWN,
        9,
        records=False,
    ),
    Story(
        "breast",
        "Specimena",
        "Sample",
        date(1974, 6, 6),
        "female",
        "oncology",
        "breast_cancer",
        "Breast cancer: which treatment first?",
        Phase.MATCHING,
        8,
        level=Level.STANDARD,
    ),
    Story(
        "lung-cancer",
        "Mustafa",
        "Exempel",
        date(1959, 2, 27),
        "male",
        "oncology",
        "lung_cancer",
        "Surgery for lung cancer",
        Phase.IN_REVIEW,
        0.6,
        level=Level.URGENT,
        doctor="cancer",
        planned_in_days=6,
    ),
    Story(
        "lymphoma",
        "Vzorka",
        "Example",
        date(1980, 4, 11),
        "female",
        "oncology",
        "lymphoma",
        "Lymphoma",
        Phase.DECLINED,
        7,
        records=False,
    ),
    Story(
        "wrong-disc",
        "Testo",
        "Probant",
        date(1964, 10, 19),
        "male",
        "radiology",
        "chest",
        "Is it a nodule?",
        Phase.TRIAGE,
        1,
        other_person=True,
    ),
    Story(
        "chest-scan",
        "Exemplo",
        "Musterfrau",
        date(1952, 7, 23),
        "female",
        "radiology",
        "chest",
        "Second look at my chest CT",
        Phase.CLOSED,
        40,
        doctor="scans",
    ),
    Story(
        "brain",
        "Demo",
        "Persona",
        date(1978, 3, 3),
        "male",
        "radiology",
        "brain_spine",
        "A finding in my brain scan",
        Phase.COLLECTING,
        0.3,
        records=False,
    ),
)
