"""What the demo's specialists write: invented, plain, and true to the records of each chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INVENTED = "Nobody examined the patient. The case, the people and the records are invented for this demo."


@dataclass(frozen=True)
class Opinion:
    """One specialist's words. `cites`: statement to a record (see Telling.record). `begun`: parts of an unfinished draft."""

    answers: tuple[str, ...]
    diagnosis: tuple[str, str, str]
    """Scale, opinion, reasons."""
    treatment: tuple[str, str, str] = ("", "", "")
    test: tuple[str, str] = ("", "")
    option: tuple[str, str, str, str] = ("", "", "", "")
    """Alternative, benefit, risk, burden."""
    certainty: tuple[str, str] = ("fairly_sure", "")
    urgency: tuple[str, str] = ("six_weeks", "")
    plain: str = ""
    ask_doctor: str = ""
    missing: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    cites: Mapping[str, str] = field(default_factory=dict)
    begun: tuple[str, ...] = ("question.1", "diagnosis")

    def values(self, *, finished: bool) -> dict[str, list[str]]:
        """Controls of the opinion's form; of an unfinished one, those that were begun."""
        found = {f"question.{number}": text for number, text in enumerate(self.answers, 1)}
        names = ("scale", "opinion", "reasons")
        for part, told in (("diagnosis", self.diagnosis), ("treatment", self.treatment)):
            found |= {f"{part}.{name}": text for name, text in zip(names, told, strict=True)}
        found |= dict(zip(("test.1.test", "test.1.would_change"), self.test, strict=True))
        parts = ("option", "benefit", "risk", "burden")
        found |= {f"alternative.1.{part}": text for part, text in zip(parts, self.option, strict=True)}
        found |= dict(zip(("certainty", "change_mind"), self.certainty, strict=True))
        found |= dict(zip(("urgency.when", "urgency.what"), self.urgency, strict=True))
        found |= {"plain": self.plain, "ask_doctor": self.ask_doctor, "missing": self.missing}
        found |= {"limits": f"This opinion rests on the records listed above. {INVENTED}"}
        found |= {f"field.{key}": text for key, text in self.fields.items()}
        if not finished:
            found = {name: text for name, text in found.items() if name.startswith(self.begun)}
        return {name: [text] for name, text in found.items() if text}


OPINIONS: dict[str, Opinion] = {
    "valve": Opinion(
        answers=("It should be done within three months. Waiting longer than that adds risk.",),
        diagnosis=(
            "agree",
            "Severe aortic stenosis with symptoms and preserved function of the left ventricle.",
            "Mean gradient 46 mm Hg, peak velocity 4.3 m/s and area 0.8 cm² agree with each other, and with the cine.",
        ),
        cites={"diagnosis": "US"},
    ),
    "weak-heart": Opinion(
        answers=(
            "Not yet. The pills were begun two weeks ago. A defibrillator is decided after three months of full treatment.",
            "Often, yes. With four kinds of drugs at full dose, the function rises in many people with this disease.",
            "Walk every day, as far as you can still talk. Avoid heavy lifting and contests for now.",
        ),
        diagnosis=(
            "agree",
            "Dilated cardiomyopathy, LVEF 28 %, NYHA II, with normal coronary arteries.",
            "The left ventricle is wide and contracts weakly in all parts of the cine. The report measures the same.",
        ),
        treatment=(
            "agree_with_changes",
            "First three months of full drug treatment with four kinds of drugs, then a new echo. ICD only if LVEF stays "
            "at 35 % or less.",
            "Guidelines ask for at least three months of optimal therapy before a primary prevention ICD. So far two of "
            "four classes are given, at low dose.",
        ),
        test=(
            "Cardiac MR with late gadolinium enhancement",
            "Scar would speak for an earlier ICD; signs of inflammation would change the treatment.",
        ),
        option=(
            "A wearable defibrillator until the new echo",
            "Protects while the drugs are raised",
            "False alarms; little evidence in this setting",
            "It is worn day and night",
        ),
        certainty=("sure", "Fainting, runs of fast heartbeat, or a large scar on MR."),
        urgency=("two_weeks", "Begin the two drugs that are missing, and plan the MR."),
        plain="Your heart muscle is weak. Your doctor found the right cause. You have had the new pills for two weeks only. "
        "Give them time: three months, at the full dose. Two more kinds of pills are missing. Ask for them now. Many hearts "
        "get stronger this way. Then have a new heart scan. If your heart is still weak, the device is a good idea. "
        "If you faint or your heart races, call for help at once.",
        ask_doctor="When do I get the other two kinds of pills?\nCan I have an MR scan of my heart?\n"
        "On which day do we look again?",
        missing="No MR scan of the heart. It matters for the question of the device.",
        fields={"nyha.1.value": "II", "lvef.1.value": "28", "qrs.1.value": "104"},
        cites={"diagnosis": "US", "treatment": "Medic", "question.1": "Clinic"},
    ),
    "fibrosis": Opinion(
        answers=(
            "Yes. The picture on the CT is typical, and nothing in the history points to another cause.",
            "It slows the loss of lung function by about half. It does not bring back what is lost.",
            "No. With this CT picture a biopsy adds risk and would change nothing.",
        ),
        diagnosis=(
            "agree",
            "Idiopathic pulmonary fibrosis: UIP pattern on CT without another cause.",
            "Basal and peripheral reticulation with traction bronchiectasis. FVC 68 % and DLCO 48 % fit.",
        ),
        treatment=(
            "agree",
            "Begin an anti-fibrotic drug now, with liver tests each month at first.",
            "FVC is below 80 % and the disease is symptomatic. Early start keeps more function.",
        ),
        test=("Antibodies for rheumatic disease", "A positive result would question the name of the disease."),
        option=(
            "Wait and repeat the lung function in three months",
            "No side effects meanwhile",
            "What is lost in that time does not come back",
            "One more visit",
        ),
        certainty=("sure", "Antibodies of a rheumatic disease, or an exposure that was not told."),
        urgency=("six_weeks", "Begin the drug, and ask about lung transplant early."),
        plain="You have scars in your lungs. The name your doctor gave is right. You do not need a biopsy. The drug is a good "
        "idea. It makes the scars grow more slowly. It can upset your stomach. Your liver is checked with blood tests. "
        "Start in the next weeks. If you get much more short of breath, call your doctor the same day.",
        ask_doctor="Which of the two drugs fits me better?\nWho checks my liver?\nShould I see a transplant team early?",
        missing="No antibody tests. They matter, but the drug does not have to wait.",
        fields={"fvc.1.percent": "68", "dlco.1.percent": "48", "mmrc.1.value": "2"},
        cites={"diagnosis": "CT 0.85", "question.1": "Lung function"},
    ),
    "lung-cancer": Opinion(
        answers=("Yes: adenocarcinoma, cT1b cN0 cM0, stage IA2, on the records that are here.",),
        diagnosis=(
            "agree",
            "Adenocarcinoma of the right upper lobe, cT1b cN0 cM0.",
            "One solid nodule of 14 mm; no enlarged nodes on CT; the biopsy is clear.",
        ),
        cites={"diagnosis": "CT 0.32"},
    ),
    "chest-scan": Opinion(
        answers=(
            "Yes. I see one solid nodule of 14 mm in the right upper lobe, and nothing else that matters.",
            "Quite sure that it is there and how large it is. Its nature cannot be told from one CT.",
            "It cannot be seen on the X-ray of last year. An X-ray often misses a nodule of this size.",
        ),
        diagnosis=(
            "agree",
            "Solitary solid pulmonary nodule, 14 mm, right upper lobe.",
            "Smooth and round on three neighbouring slices; no calcium, no fat.",
        ),
        treatment=(
            "agree_with_changes",
            "PET-CT first; biopsy or removal if it takes up the tracer.",
            "At 14 mm the risk of cancer is moderate. PET-CT spares some people the needle.",
        ),
        test=("PET-CT", "No uptake: CT again in three months. Uptake: biopsy or removal."),
        option=("CT again in three months", "No needle now", "A cancer would be found later", "One more scan"),
        certainty=("fairly_sure", "An older CT that shows the same nodule at the same size."),
        urgency=("six_weeks", "Have the PET-CT, and look for older scans."),
        plain="There is a spot of 14 millimetres on your right lung. The first report is right. One scan cannot tell what it "
        "is. Many such spots are harmless, some are cancer. Have a PET scan before a needle is used. Look for older scans: "
        "if the spot was there years ago, it is most likely harmless. Do this in the next six weeks.",
        ask_doctor="Can I have a PET scan first?\nWhere can I ask for older scans of my chest?",
        missing="No earlier CT. With one, growth could be judged.",
        cites={"question.1": "CT 0.32", "diagnosis": "CT 0.3", "question.3": "X-ray"},
    ),
}
