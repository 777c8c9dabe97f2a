"""Invented records for each story, drawn and written at the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from portal.pages.demo.synthetic import Examination, Letter, Person, chest_radiograph, ct_series, letter_pdf, us_cine

Files = list[tuple[str, str, bytes]]
"""(folder, name, bytes)"""


def letter(person: Person, day: date, title: str, *paragraphs: str) -> bytes:
    family, _, given = person.name.partition("^")
    about = f"{given.title()} {family.title()}, born {person.birth_date:%d %b %Y}"
    return letter_pdf(Letter(title=title, on=day, about=about, paragraphs=paragraphs))


def echo(person: Person, day: date) -> Files:
    loop = us_cine(examination=Examination(person, day, "Echocardiography transthoracic (TTE)"))
    report = letter(
        person,
        day,
        "Echocardiography report",
        "Transthoracic echocardiogram.",
        "Findings: LVEF 58 %. Aortic valve: mean gradient 46 mmHg, peak velocity 4.3 m/s, area 0.8 cm2.",
        "Conclusion: Severe aortic stenosis with preserved function.",
    )
    return [("echo", "IM0001", loop), ("", "Echo report.pdf", report)]


def heart_papers(person: Person, day: date) -> Files:
    clinic = letter(
        person,
        day,
        "Clinic letter, cardiology",
        "Dear colleague,",
        "Diagnosis: Severe aortic stenosis.",
        "Impression: Breathless on one flight of stairs, NYHA II. No chest pain.",
        "Plan: Surgical aortic valve replacement is advised within three months.",
    )
    ecg = letter(
        person,
        day,
        "ECG report",
        "12 lead electrocardiogram (ECG).",
        "Findings: Sinus rhythm 72/min, left ventricular hypertrophy.",
        "Conclusion: Stable.",
    )
    medicines = letter(
        person, day, "Medication list", "Medication list", "Ramipril 5 mg daily", "Atorvastatin 20 mg daily"
    )
    return [("", "Clinic letter.pdf", clinic), ("", "ECG.pdf", ecg), ("", "Medicines.pdf", medicines)]


def chest_ct(person: Person, day: date, *, slices: int = 24, fibrosis: float = 0.0, nodule: bool = True) -> Files:
    found = ct_series(slices, 256, Examination(person, day, "CT Chest"), fibrosis=fibrosis, nodule=nodule)
    report = letter(
        person,
        day,
        "CT chest report",
        "CT chest, thin slices, without contrast.",
        "Findings: Reticular change at the bases with traction bronchiectasis."
        if fibrosis
        else "Findings: Round nodule of 14 mm in the right upper lobe.",
        "Impression: Probable UIP pattern." if fibrosis else "Impression: Nodule of unclear nature.",
    )
    return [*(("ct", f"IM{n:04d}", data) for n, data in enumerate(found, 1)), ("", "CT report.pdf", report)]


def lung_papers(person: Person, day: date) -> Files:
    function = letter(
        person,
        day,
        "Lung function test",
        "Spirometry and DLCO.",
        "FVC 68 % predicted, FEV1 74 % predicted, DLCO 48 % predicted.",
        "Conclusion: Moderate restriction.",
    )
    clinic = letter(
        person,
        day,
        "Clinic letter, pulmonology",
        "Dear colleague,",
        "Diagnosis: Interstitial lung disease.",
        "Plan: Start of an anti-fibrotic medicine is advised.",
    )
    medicines = letter(person, day, "Medication list", "Medication list", "Omeprazole 20 mg daily")
    return [("", "Lung function.pdf", function), ("", "Clinic letter.pdf", clinic), ("", "Medicines.pdf", medicines)]


def cancer_papers(person: Person, day: date) -> Files:
    pathology = letter(
        person,
        day,
        "Pathology report",
        "Biopsy, right breast. Final diagnosis:",
        "Invasive carcinoma of no special type, grade 2. Microscopic: ER 95 %, PR 60 %, HER2 0, Ki-67 15 %.",
    )
    staging = letter(
        person,
        day,
        "CT report, staging",
        "CT chest and abdomen.",
        "Findings: No sign of spread.",
        "Impression: No metastasis.",
    )
    clinic = letter(
        person,
        day,
        "Clinic letter, oncology",
        "Dear colleague,",
        "Diagnosis: Early breast cancer.",
        "Plan: Surgery, then chemotherapy is advised.",
    )
    return [("", "Pathology.pdf", pathology), ("", "Staging CT report.pdf", staging), ("", "Clinic letter.pdf", clinic)]


def radiograph(person: Person, day: date) -> Files:
    report = letter(
        person, day, "Chest X-ray report", "Chest X-ray PA.", "Findings: Clear lungs.", "Impression: Normal."
    )
    return [
        ("xray", "IM0001", chest_radiograph(examination=Examination(person, day, "Chest X-ray PA"))),
        ("", "X-ray report.pdf", report),
    ]


Maker = Callable[[Person, date], Files]
BY_SPECIALTY: dict[str, tuple[Maker, ...]] = {
    "cardiology": (echo, heart_papers),
    "pulmonology": (lambda person, day: chest_ct(person, day, fibrosis=0.7, nodule=False), lung_papers),
    "oncology": (chest_ct, cancer_papers),
    "radiology": (chest_ct, radiograph),
}
