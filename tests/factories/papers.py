"""Papers as hospitals write them, about invented people: what each is, of which day, by whom and from where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    klass: str
    text: str
    day: str = ""
    author: str = ""
    institution: str = ""
    language: str = "en"


PAPERS = (
    Paper("letter", """Sample University Hospital
Department of Cardiology

Dr P. Example, General Practice          12 March 2026
Re: Testina Example, DOB 04/05/1961

Dear Dr Example,
Thank you for referring this pleasant lady, whom I saw in clinic on 10 March 2026. She reports breathlessness on the stairs. An
echocardiogram last month showed severe aortic stenosis. A CT of the chest was normal.
Impression: symptomatic severe aortic stenosis.
Plan: I have referred her to the valve team. I will see her again in six weeks.
Yours sincerely,

Dr Ada Sample MD FRCP
Consultant Cardiologist""", "2026-03-10", "Dr Ada Sample MD FRCP", "Sample University Hospital"),
    Paper("image_report", """SAMPLE RADIOLOGY CENTER
Patient: EXAMPLE, TESTINA   DOB: 05/04/1961   Sex: F
Exam: CT CHEST WITHOUT CONTRAST    Exam date: 02/14/2026
Ordering physician: Otto Example, MD
CLINICAL HISTORY: Cough.
TECHNIQUE: Helical CT of the chest.
FINDINGS: 14 mm spiculated nodule in the right upper lobe. No effusion.
IMPRESSION: Suspicious nodule. PET/CT and biopsy are recommended.
Electronically signed by: Ada Sample, MD   02/15/2026""", "2026-02-14", "Ada Sample, MD", "SAMPLE RADIOLOGY CENTER"),
    Paper("image_report", """Example Imaging Institute
MRI of the brain with and without contrast
Date of exam: 3 Jan 2026
Comparison: none. Findings: No acute infarct. Small vessel change. Conclusion: no metastasis.
Reported by: Dr Rita Sample""", "2026-01-03", "Dr Rita Sample", "Example Imaging Institute"),
    Paper("laboratory", """Example Laboratories Inc.
Patient name: Example, Testina      Date of birth: 1961-05-04
Collected: 2026-02-02 08:15   Reported: 2026-02-03
Specimen: serum
Test              Result   Units    Reference range   Flag
Creatinine        1.3      mg/dL    0.6-1.1           H
Potassium         4.4      mmol/L   3.5-5.1
Hemoglobin        12.1     g/dL     12.0-16.0
Platelets         240      10*3/uL  150-400""", "2026-02-02", "", "Example Laboratories Inc."),
    Paper("laboratory", """Laborbefund
Praxis Dr. Muster, Beispielstadt
Patient: Beispiel, Testina  geb. 04.05.1961    Abnahme: 03.02.2026
Leukozyten 6,1 /nl (4,0-10,0)
Hämoglobin 13,2 g/dl (12,0-16,0)
Kreatinin 0,9 mg/dl
TSH 1,8 mU/l
Die Werte liegen im Normbereich und sind nicht auffällig für das Alter der Patientin.""",
          "2026-02-03", "", "Praxis Dr. Muster, Beispielstadt", "de"),
    Paper("pathology", """SAMPLE PATHOLOGY ASSOCIATES
SURGICAL PATHOLOGY REPORT
Patient: Testina Example   DOB 05/04/1961   Accession S26-00123
Date of procedure: 01/20/2026
SPECIMEN: Right upper lobe lung, core needle biopsy
GROSS DESCRIPTION: Three cores, 1.2 cm.
MICROSCOPIC DESCRIPTION: Sheets of malignant cells.
FINAL DIAGNOSIS: Adenocarcinoma, acinar pattern.
Pathologist: Otto Sample, MD""", "2026-01-20", "Otto Sample, MD", "SAMPLE PATHOLOGY ASSOCIATES"),
    Paper("operation", """EXAMPLE GENERAL HOSPITAL
OPERATIVE REPORT
Date of procedure: 11/04/2025
Surgeon: Ada Example, MD
PREOPERATIVE DIAGNOSIS: Gallstones
POSTOPERATIVE DIAGNOSIS: Same
PROCEDURE PERFORMED: Laparoscopic cholecystectomy
ANESTHESIA: General
ESTIMATED BLOOD LOSS: 20 mL
DESCRIPTION OF PROCEDURE: The patient was brought to the operating room
after informed consent was obtained.""",
          "2025-11-04", "Ada Example, MD", "EXAMPLE GENERAL HOSPITAL"),
    Paper("ecg", """12-LEAD ECG
Name: EXAMPLE TESTINA  25 Jan 2026 09:54
Vent. rate 61 BPM   PR interval 161 ms   QRS duration 75 ms   QT/QTc 368/370 ms   P-R-T axes 74 52 57
Normal sinus rhythm. 25 mm/s 10 mm/mV  I aVR V1 V4 II aVL V2 V5""",
          "2026-01-25"),
    Paper("echo_report", """Sample Heart Clinic
Transthoracic echocardiogram
Study date: 2026-02-20    Patient: Testina Example
LVEF 55 %. Aortic valve: mean gradient 45 mmHg, peak velocity 4.2 m/s, AVA 0.8 cm2. Mitral valve: trace regurgitation.
Conclusions: severe aortic stenosis, preserved left ventricular function.
Interpreting physician: Dr Ada Sample""", "2026-02-20", "Dr Ada Sample", "Sample Heart Clinic"),
    Paper("lung_function", """Pulmonary Function Laboratory, Example Medical Center
Spirometry and diffusion     Test date: 15 Feb 2026
            Pred   Pre    %Pred
FVC   (L)   3.20   2.40   75
FEV1  (L)   2.50   1.70   68
FEV1/FVC           71
DLCO  (mL/min/mmHg) 22.0  11.0  50
Interpretation: moderate restriction with reduced diffusion.""",
          "2026-02-15", "", "Pulmonary Function Laboratory, Example Medical Center"),
    Paper("discharge", """Sample Regional Hospital
DISCHARGE SUMMARY
Patient: Example, Testina    MRN 00123
Date of admission: 01/02/2026    Date of discharge: 01/09/2026
ADMITTING DIAGNOSIS: Pneumonia. HOSPITAL COURSE: She was treated with antibiotics. A chest x-ray and a CT scan were done.
DISCHARGE MEDICATIONS: amoxicillin 500 mg three times daily.
FOLLOW-UP: with her family doctor in one week.
Dictated by: Otto Example, MD""", "2026-01-09", "Otto Example, MD", "Sample Regional Hospital"),
    Paper("discharge", """Hospital Universitario de Ejemplo
INFORME DE ALTA
Paciente: Testina Ejemplo   Fecha de nacimiento: 04/05/1961
Fecha de ingreso: 02/01/2026   Fecha de alta: 09/01/2026
Motivo de ingreso: neumonía. La paciente fue tratada con antibióticos y la evolución fue buena.
Tratamiento al alta: amoxicilina cada 8 horas.
Médico responsable: Dra. Ana Muestra""", "2026-01-09", "Dra. Ana Muestra", "Hospital Universitario de Ejemplo", "es"),
    Paper("consent", """Example General Hospital
INFORMED CONSENT FOR SURGERY AND ANESTHESIA
I, Testina Example, consent to the following operation: laparoscopic cholecystectomy, to be performed by Dr Ada Example.
The risks, including bleeding and infection, have been explained to me. I agree to the use of blood products.
Signature of patient ____________   Date: 11/03/2025""", "2025-11-03", "", "Example General Hospital"),
    Paper("insurance", """Example Health Insurance Company
Explanation of Benefits. This is not a bill.
Member: Testina Example   Policy number: X123   Group: 77
Claim number 555, service date 01/20/2026, amount billed $1,200.00, you owe $40.00""",
          "2026-01-20", "", "Example Health Insurance Company"),
    Paper("catheter_report", """Sample Heart Hospital
CARDIAC CATHETERIZATION REPORT
Procedure date: 03/01/2026
Coronary angiography: left main normal, LAD 80 % proximal stenosis, RCA normal. LVEDP 14 mmHg.
Operator: Otto Sample, MD""", "2026-03-01", "Otto Sample, MD", "Sample Heart Hospital"),
    Paper("molecular", """Example Genomics Laboratory
Next-generation sequencing (NGS) tumor panel
Report date: 2026-02-28     Patient: Testina Example
EGFR exon 19 deletion detected. KRAS: no variant. PD-L1 TPS 60 %. MSI: stable. Tumor mutational burden: 4 mut/Mb.""",
          "2026-02-28", "", "Example Genomics Laboratory"),
    Paper("referral", """Example Family Practice
Referral to: Pulmonology, Sample Clinic
Date: 2026-01-15
Dear colleague, I would be grateful if you could see this patient for a suspicious nodule. Reason for referral: lung nodule.
Referring provider: Dr Otto Example""", "2026-01-15", "Dr Otto Example", "Example Family Practice"),
    Paper("medication_list", """My medication list (updated 2026-03-01)
Testina Example
Lisinopril 10 mg once daily
Metformin 500 mg twice daily
Atorvastatin 20 mg at night""", "2026-03-01"),
    Paper("holter", """Holter monitor report, 24 hours
Recording date: 2026-02-11
Sinus rhythm throughout. Minimum heart rate 48, maximum 132. 12 ventricular ectopics.
Interpreted by: Dr Ada Sample""", "2026-02-11", "Dr Ada Sample"),
    Paper("endoscopy", """Example Endoscopy Center
COLONOSCOPY REPORT    Procedure date: 12/12/2025
Indication: screening. The colonoscope was advanced to the cecum. Two polyps were removed. A biopsy was taken.
Endoscopist: Rita Example, MD""", "2025-12-12", "Rita Example, MD", "Example Endoscopy Center"),
    Paper("radiation_summary", """Sample Cancer Center, Department of Radiation Oncology
Radiotherapy completion summary
Site: right upper lobe. Dose 60 Gy in 30 fractions from 2025-09-01 to 2025-10-10. End date: 2025-10-10
Radiation oncologist: Dr Otto Sample""", "2025-10-10", "Dr Otto Sample", "Sample Cancer Center, Department of Radiation Oncology"),
    Paper("treatment_summary", """Example Oncology Clinic
Chemotherapy treatment summary
Regimen: carboplatin AUC 5 and pemetrexed 500 mg/m2, cycle 1 on 2025-11-01, cycle 4 on 2026-01-05. Tolerated well.
Provider: Ada Example, MD""", "2026-01-05", "Ada Example, MD", "Example Oncology Clinic"),
    Paper("sleep_report", """Sample Sleep Institute
Polysomnography report   Study date: 2025-10-02
Apnea-hypopnea index (AHI) 34 per hour, lowest saturation 78 %. CPAP titration to 9 cm H2O.""",
          "2025-10-02", "", "Sample Sleep Institute"),
    Paper("image_report", """Hospital de Ejemplo. Servicio de Radiología
TOMOGRAFÍA COMPUTARIZADA DE TÓRAX
Paciente: Testina Ejemplo. Fecha: 14/02/2026
Hallazgos: nódulo de 14 mm en el lóbulo superior derecho, sin derrame.
Impresión: nódulo sospechoso, se recomienda PET.
Informado por: Dr. Otto Muestra""", "2026-02-14", "Dr. Otto Muestra", "Hospital de Ejemplo. Servicio de Radiología", "es"),
    Paper("letter", """Beispielklinikum Musterstadt
Klinik für Kardiologie
Arztbrief                                      12.03.2026
Sehr geehrte Frau Kollegin,
wir berichten über Ihre Patientin Frau Testina Beispiel, geb. am 04.05.1961, die sich am 10.03.2026 in unserer Ambulanz vorstellte.
Diagnose: hochgradige Aortenklappenstenose. Empfehlung: Vorstellung im Heart Team.
Mit freundlichen Grüßen

Dr. med. Otto Muster""", "2026-03-12", "Dr. med. Otto Muster", "Beispielklinikum Musterstadt", "de"),
    Paper("other", """Parking permit. Visitors of the building may park on level 2 for up to four hours. Keep this slip
behind the windscreen. The operator is not liable for damage.""", "", "", ""),
    Paper("other", """Shopping list: apples, bread, milk, two lemons. Call the plumber about the
kitchen sink. The key is with the neighbour.""",
          "", "", ""),
)  # fmt: skip
