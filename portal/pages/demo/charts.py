"""What each demo patient tells and sends: records that fit the story, so that a clinician can believe the screens. All invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.pages.demo.records import Files, angiography, chest_ct, echo_loop, mammograms, paper, radiograph
from portal.pages.demo.synthetic import Person

Maker = Callable[[Person, date], Files]


@dataclass(frozen=True)
class Chart:
    """`told` and `advised` are what the first doctor said, in the patient's words."""

    told: str
    advised: str
    questions: tuple[str, ...]
    records: tuple[Maker, ...] = ()
    health: Mapping[str, str] = field(default_factory=dict)


def ecg(findings: str, conclusion: str) -> Maker:
    return paper(
        "ECG", "ECG report", "12 lead electrocardiogram (ECG).", f"Findings: {findings}", f"Conclusion: {conclusion}"
    )


def clinic(field_name: str, *paragraphs: str) -> Maker:
    return paper("Clinic letter", f"Clinic letter, {field_name}", "Dear colleague,", *paragraphs)


def medicines(*lines: str) -> Maker:
    return paper("Medicines", "Medication list", "Medication list", *lines)


def echo(findings: str, conclusion: str) -> Maker:
    report = paper(
        "Echo report",
        "Echocardiography report",
        "Transthoracic echocardiogram.",
        f"Findings: {findings}",
        f"Conclusion: {conclusion}",
    )
    return lambda person, day: [*echo_loop(person, day), *report(person, day)]


def lung_function(values: str, conclusion: str) -> Maker:
    return paper("Lung function", "Lung function test", "Spirometry and DLCO.", values, f"Conclusion: {conclusion}")


def ct(findings: str, impression: str, *, fibrosis: float = 0.0, nodule: bool = False) -> Maker:
    report = paper(
        "CT report",
        "CT chest report",
        "CT chest, thin slices, without contrast.",
        f"Findings: {findings}",
        f"Impression: {impression}",
    )
    return lambda person, day: [*chest_ct(person, day, fibrosis=fibrosis, nodule=nodule), *report(person, day)]


def aorta_ct(person: Person, day: date) -> Files:
    report = paper(
        "CT angiography report",
        "CT angiography report, thoracic aorta",
        "CT angiography of the thoracic aorta with contrast, ECG gated.",
        "Findings: Ascending aorta 52 mm at the level of the right pulmonary artery. Arch 31 mm. No dissection.",
        "Impression: Aneurysm of the ascending aorta.",
    )
    return [*angiography(person, day), *report(person, day)]


def breast_images(person: Person, day: date) -> Files:
    report = paper(
        "Mammogram report",
        "Mammography report",
        "Digital mammography, both breasts, two views.",
        "Findings: Mass of 22 mm with spiky edges in the upper outer quadrant of the right breast. Left breast normal.",
        "Impression: BI-RADS 5 on the right.",
    )
    return [*mammograms(person, day), *report(person, day)]


def earlier_xray(person: Person, day: date) -> Files:
    return radiograph(person, day - timedelta(days=400))


NODULE = "Round nodule of 14 mm in the right upper lobe. No enlarged lymph nodes. No effusion."
CHARTS: dict[str, Chart] = {
    "valve": Chart(
        "My aortic valve has become very narrow. They call it severe aortic stenosis.",
        "Open heart surgery to put in a new valve, within three months.",
        (
            "Do I need this surgery now, or can I wait?",
            "Could the valve be put in through the groin instead?",
            "How long does a new valve last?",
        ),
        (
            echo(
                "LVEF 58 %. Aortic valve: mean gradient 46 mm Hg, peak velocity 4.3 m/s, area 0.8 cm2.",
                "Severe aortic stenosis with preserved function.",
            ),
            clinic(
                "cardiology",
                "Diagnosis: Severe aortic stenosis.",
                "Impression: Breathless on one flight of stairs, NYHA II. No chest pain, no fainting.",
                "Plan: Surgical aortic valve replacement is advised within three months.",
            ),
            ecg("Sinus rhythm 72/min, left ventricular hypertrophy.", "No change since last year."),
            medicines("Ramipril 5 mg daily", "Atorvastatin 20 mg daily"),
        ),
        {"medicines": "Ramipril 5 mg, atorvastatin 20 mg, each once a day", "height": "164", "weight": "71"},
    ),
    "bypass": Chart(
        "Three arteries of my heart are narrow.",
        "A bypass operation. Another doctor said that stents could work too.",
        ("Is a bypass better than stents for me?", "How soon does it have to be done?"),
        (
            paper(
                "Angiogram report",
                "Coronary angiography report",
                "Coronary angiography (cardiac catheterisation).",
                "Findings: LAD 80 % proximal, RCA 90 % mid, circumflex 70 %. Left main free of disease.",
                "Conclusion: Three-vessel disease. SYNTAX score 27.",
            ),
            clinic(
                "cardiology",
                "Diagnosis: Three-vessel coronary artery disease, diabetes.",
                "Impression: Chest tightness on two flights of stairs, CCS II.",
                "Plan: Coronary bypass surgery is advised by the heart team.",
            ),
            ecg("Sinus rhythm 66/min, flat T waves in V5 and V6.", "No sign of an earlier heart attack."),
            medicines("Aspirin 100 mg daily", "Bisoprolol 5 mg daily", "Metformin 1000 mg twice daily"),
        ),
        {"medicines": "Aspirin, bisoprolol, metformin", "height": "178", "weight": "88"},
    ),
    "weak-heart": Chart(
        "My heart muscle is weak. It pumps less than half of what it should.",
        "A defibrillator under the skin, soon.",
        (
            "Do I need the defibrillator now?",
            "Can my heart get better with pills alone?",
            "What may I do in daily life?",
        ),
        (
            echo(
                "LV dilated, end-diastolic diameter 64 mm. LVEF 28 %. Mild mitral regurgitation. RV normal.",
                "Dilated cardiomyopathy with severely reduced function.",
            ),
            clinic(
                "cardiology",
                "Diagnosis: Dilated cardiomyopathy, found six weeks ago. Coronary arteries normal on angiography.",
                "Impression: NYHA II. Blood pressure 112/70. Weight stable.",
                "Plan: ICD is advised. Sacubitril/valsartan was begun two weeks ago.",
            ),
            ecg("Sinus rhythm 78/min, QRS 104 ms, no bundle branch block.", "Abnormal repolarisation."),
            medicines("Bisoprolol 2.5 mg daily", "Sacubitril/valsartan 24/26 mg twice daily", "Furosemide 20 mg daily"),
        ),
        {"medicines": "Bisoprolol, sacubitril/valsartan, furosemide", "height": "170", "weight": "66"},
    ),
    "aorta": Chart(
        "The big artery above my heart is too wide: 52 millimetres.",
        "An operation to replace that part of the artery.",
        ("Do I need this surgery now, or can I wait?", "Can my own valve be kept?"),
        (
            aorta_ct,
            echo(
                "Bicuspid aortic valve, no stenosis, mild regurgitation. Ascending aorta 51 mm. LVEF 60 %.",
                "Bicuspid valve with a wide ascending aorta.",
            ),
            clinic(
                "cardiac surgery",
                "Diagnosis: Aneurysm of the ascending aorta, 52 mm, with a bicuspid valve.",
                "Impression: No symptoms. Growth of 4 mm in one year. Brother operated on for the same.",
                "Plan: Replacement of the ascending aorta is advised.",
            ),
            ecg("Sinus rhythm 64/min, normal intervals.", "Normal."),
            medicines("Losartan 50 mg daily"),
        ),
        {"medicines": "Losartan 50 mg once a day", "height": "183", "weight": "84", "family": "My brother had it too"},
    ),
    "fibrosis": Chart(
        "My lungs have scars. They call it idiopathic pulmonary fibrosis.",
        "A drug that slows the scars down.",
        ("Is this the right name for my lung disease?", "Will this drug slow it down?", "Do I need a biopsy?"),
        (
            ct(
                "Net of fine lines at both bases with traction bronchiectasis and early honeycombing. No nodule.",
                "UIP pattern.",
                fibrosis=0.7,
            ),
            lung_function("FVC 68 % predicted, FEV1 74 % predicted, DLCO 48 % predicted.", "Moderate restriction."),
            clinic(
                "pulmonology",
                "Diagnosis: Interstitial lung disease, probably idiopathic pulmonary fibrosis.",
                "Impression: Dry cough for a year, short of breath uphill. No exposure, no rheumatic disease.",
                "Plan: Start of an anti-fibrotic medicine is advised.",
            ),
            medicines("Omeprazole 20 mg daily"),
        ),
        {"medicines": "Omeprazole 20 mg once a day", "height": "175", "weight": "79"},
    ),
    "nodule": Chart(
        "They found a spot of 14 millimetres on my right lung.",
        "To cut it out, or to look again in three months.",
        ("Do I need a biopsy?", "Can we wait three months and look again?"),
        (
            ct(NODULE, "Nodule of unclear nature. PET-CT or biopsy is advised.", nodule=True),
            clinic(
                "pulmonology",
                "Diagnosis: Single nodule of 14 mm in the right upper lobe, found by chance.",
                "Impression: No symptoms. Stopped smoking ten years ago, 15 pack years.",
                "Plan: Resection or a CT in three months. The patient would like a second opinion.",
            ),
            medicines("None"),
        ),
        {"medicines": "None", "height": "168", "weight": "63"},
    ),
    "breast": Chart(
        "Breast cancer on the right side. It is 22 millimetres.",
        "Surgery first, then chemotherapy.",
        ("Is the type and stage right?", "Should the drugs come before the surgery?", "Do I need chemotherapy at all?"),
        (
            breast_images,
            ct("No enlarged lymph nodes. Lungs clear. No sign of spread.", "No metastasis."),
            paper(
                "Pathology",
                "Pathology report",
                "Biopsy, right breast. Final diagnosis:",
                "Invasive carcinoma of no special type, grade 2. Microscopic: ER 95 %, PR 60 %, HER2 0, Ki-67 15 %.",
            ),
            clinic(
                "oncology",
                "Diagnosis: Early breast cancer on the right, cT2 cN0.",
                "Plan: Surgery, then chemotherapy is advised. No treatment so far.",
            ),
            medicines("None"),
        ),
        {"medicines": "None", "height": "165", "weight": "68"},
    ),
    "lung-cancer": Chart(
        "Lung cancer, found early. It is in the right upper lobe.",
        "To take out the upper part of the right lung in a few days.",
        ("Is the type and stage right?", "Is an operation the best choice?", "Can a smaller part be taken out?"),
        (
            ct(NODULE, "Suspected primary lung cancer, cT1b cN0.", nodule=True),
            paper(
                "Pathology",
                "Pathology report",
                "CT-guided core biopsy, right upper lobe of the lung. Final diagnosis:",
                "Adenocarcinoma, acinar type. Microscopic: TTF-1 positive, PD-L1 10 %. EGFR and ALK: not tested.",
            ),
            lung_function("FEV1 71 % predicted, DLCO 66 % predicted.", "Mild obstruction. Fit for lobectomy."),
            clinic(
                "thoracic surgery",
                "Diagnosis: Adenocarcinoma of the right upper lobe, cT1b cN0 cM0 on PET-CT.",
                "Plan: Lobectomy by keyhole surgery next week.",
            ),
            medicines("Tiotropium inhaler daily", "Amlodipine 5 mg daily"),
        ),
        {"medicines": "Tiotropium, amlodipine", "height": "180", "weight": "82"},
    ),
    "wrong-disc": Chart(
        "There may be a spot on my lung. They were not sure.",
        "Another CT in three months.",
        ("Is it a nodule?", "How sure are you?"),
        (
            ct(NODULE, "Nodule of unclear nature. Control in three months.", nodule=True),
            clinic(
                "general medicine", "Question: Is it a nodule? Was it there before?", "Plan: CT control is advised."
            ),
            medicines("None"),
        ),
    ),
    "chest-scan": Chart(
        "A spot of 14 millimetres on my right lung, seen on a CT.",
        "A biopsy.",
        (
            "Do you see the same thing as the first report?",
            "How sure are you?",
            "Has it changed since my last scan?",
        ),
        (
            ct(NODULE, "Nodule of unclear nature. Biopsy is advised.", nodule=True),
            earlier_xray,
            clinic(
                "general medicine",
                "Question: Nodule in the right upper lobe, found by chance. Please compare with the X-ray of last year.",
                "Plan: Biopsy is advised.",
            ),
            medicines("Levothyroxine 75 micrograms daily"),
        ),
        {"medicines": "Levothyroxine 75 micrograms once a day"},
    ),
}
NOTHING_YET = Chart(
    "I was told something serious, and I am not sure that I understood it.",
    "The doctor told me what they would do, but I am not sure that it is right for me.",
    ("Is the diagnosis right?", "What are my choices?"),
)
"""For stories that end before any record is sent."""
