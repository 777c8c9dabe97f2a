"""What the demo's specialists write: invented, plain, and clearly not advice."""

from __future__ import annotations

from collections.abc import Sequence

FIELDS: dict[str, dict[str, list[str]]] = {
    "cardiology": {
        "field.nyha.1.value": ["II"],
        "field.lvef.1.value": ["58"],
        "field.av_mean_gradient.1.value": ["46"],
    },
    "pulmonology": {"field.mmrc.1.value": ["2"]},
    "oncology": {"field.ecog.1.value": ["1"]},
    "radiology": {},
}


def values_for(specialty: str, questions: Sequence[str]) -> dict[str, list[str]]:
    """Every control that a signature needs, and some more."""
    values = {
        f"question.{number}": [f"This is an invented answer for the demo. {answer}"]
        for number, answer in enumerate(ANSWERS[: len(questions)], 1)
    }
    values |= {
        "diagnosis.scale": ["agree"],
        "diagnosis.opinion": ["The diagnosis is right."],
        "diagnosis.reasons": ["The images and the report fit together, and so does what the patient tells."],
        "treatment.scale": ["agree_with_changes"],
        "treatment.opinion": ["The plan is good, with one more test before it."],
        "treatment.reasons": ["One test is missing that could make the operation safer."],
        "test.1.test": ["A CT scan to plan the operation"],
        "test.1.would_change": ["It shows whether a smaller operation is possible."],
        "alternative.1.option": ["Wait and check again in three months"],
        "alternative.1.benefit": ["No operation now"],
        "alternative.1.risk": ["It may get worse in the meantime"],
        "alternative.1.burden": ["One visit"],
        "certainty": ["fairly_sure"],
        "change_mind": ["A new scan that shows something else."],
        "urgency.when": ["six_weeks"],
        "urgency.what": ["Do the missing test, then decide."],
        "limits": [
            "This opinion rests on the records that were sent. Nobody examined the patient. All of it is invented."
        ],
        "plain": [
            "Your doctor found the right cause. The plan is good. One test is still missing. "
            "Please ask for it before you decide. You have time: a few weeks are safe. "
            "If you feel worse, call your doctor at once."
        ],
        "ask_doctor": ["Can I have the missing test here?\nWho would do the operation, and how often do they do it?"],
    }
    return values | FIELDS[specialty]


ANSWERS = (
    "You can wait a few weeks, but not months.",
    "Yes, there is a choice. It depends on one more test.",
    "The chance of doing well is good.",
    "Keep walking every day.",
    "A center that does this often is a good choice.",
)
