"""Invented records, drawn and written at the time: what the charts of the stories are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from portal.pages.demo.synthetic import (
    Examination,
    Letter,
    Person,
    chest_radiograph,
    ct_series,
    letter_pdf,
    mammogram,
    us_cine,
)

Files = list[tuple[str, str, bytes]]
"""(folder, name, bytes)"""


def paper(name: str, title: str, *paragraphs: str) -> Callable[[Person, date], Files]:
    """A letter or report about whoever's chart it is in."""

    def write(person: Person, day: date) -> Files:
        family, _, given = person.name.partition("^")
        about = f"{given.title()} {family.title()}, born {person.birth_date:%d %b %Y}"
        return [("", f"{name}.pdf", letter_pdf(Letter(title=title, on=day, about=about, paragraphs=paragraphs)))]

    return write


def _numbered(folder: str, images: list[bytes]) -> Files:
    return [(folder, f"IM{number:04d}", data) for number, data in enumerate(images, 1)]


def echo_loop(person: Person, day: date) -> Files:
    return _numbered(
        "echo", [us_cine(examination=Examination(person, day, "Echocardiography transthoracic (TTE)", seed="echo"))]
    )


def chest_ct(person: Person, day: date, *, slices: int = 24, fibrosis: float = 0.0, nodule: bool = False) -> Files:
    about = Examination(person, day, "CT Chest", seed="ct")
    return _numbered("ct", ct_series(slices, 256, about, fibrosis=fibrosis, nodule=nodule))


def angiography(person: Person, day: date, *, slices: int = 24) -> Files:
    """A CT with contrast of an ascending aorta 52 mm wide."""
    about = Examination(person, day, "CT Angiography thoracic aorta", seed="cta")
    words = "CTA aorta 1.0 mm arterial"
    return _numbered("cta", ct_series(slices, 256, about, thickness=1.0, nodule=False, aorta_mm=52, description=words))


def mammograms(person: Person, day: date) -> Files:
    """Both breasts in two views, a mass on the right."""
    about = Examination(person, day, "Mammography bilateral", seed="mg")
    views = [(side, view) for side in "RL" for view in ("CC", "MLO")]
    return _numbered(
        "mammography",
        [
            mammogram(side, view, examination=about, number=number, mass=side == "R")
            for number, (side, view) in enumerate(views, 1)
        ],
    )


def radiograph(person: Person, day: date) -> Files:
    about = Examination(person, day, "Chest X-ray PA", seed="xray")
    report = paper(
        "X-ray report", "Chest X-ray report", "Chest X-ray PA.", "Findings: Clear lungs.", "Impression: Normal."
    )
    return [*_numbered("xray", [chest_radiograph(examination=about)]), *report(person, day)]
