"""HL7 annotated ECG (aECG, 2004): what it is, of whom and when, and its leads as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from records.structured import coding
from records.structured.model import Page, Record, Who, table
from records.structured.xmltree import Node

_LEAD = "MDC_ECG_LEAD_"
MAX_SAMPLES = 2_000_000


@dataclass(frozen=True, slots=True)
class Lead:
    """`samples` in millivolts, `rate` in hertz."""

    name: str
    rate: float
    samples: tuple[float, ...]


_MILLIVOLTS = {"uV": 0.001, "mV": 1.0, "V": 1000.0, "nV": 0.000001}


def leads(root: Node) -> list[Lead]:
    """The rhythm strip: each lead of the first series. Empty where the file has none that can be read."""
    series = next((one for one in root.nodes() if one.name == "series"), None)
    if series is None:
        return []
    for group in (one for one in series.nodes() if one.name == "sequenceSet"):
        rate, found = 0.0, []
        for sequence in group.all("component/sequence"):
            code, value = sequence.value("code", "code"), sequence.first("value")
            if value is None:
                continue
            if code.startswith("TIME_"):
                step, unit = coding.number(value.value("increment")), value.value("increment", "unit")
                rate = 1 / (step * {"ms": 0.001, "us": 0.000001}.get(unit, 1.0)) if step and step > 0 else 0.0
            elif code.startswith(_LEAD):
                found.append((code.removeprefix(_LEAD), _samples(value)))
        if rate and any(samples for _name, samples in found):
            return [Lead(name, rate, samples) for name, samples in found if samples]
    return []


def _samples(value: Node) -> tuple[float, ...]:
    scale = coding.number(value.value("scale")) or 0.0
    origin = coding.number(value.value("origin")) or 0.0
    factor = _MILLIVOLTS.get(value.value("scale", "unit"), 0.0)
    try:
        digits = [float(one) for one in value.text_of("digits").split()[:MAX_SAMPLES]]
    except ValueError:
        return ()
    return tuple((origin + one * scale) * factor for one in digits) if scale and factor else ()


def read(root: Node) -> Record:
    record = Record(title="ECG", klass="ecg")
    time = root.first("effectiveTime")
    if time is not None:
        record.date = next((d for t in (time.value("center"), time.value("low"), time.value("high"), time.get("value"))
                            if (d := coding.moment(t))), "")  # fmt: skip
    person = next((one for one in root.nodes() if one.name == "subjectDemographicPerson"), None)
    if person is not None:
        birth = person.value("birthTime")[:8]
        record.who = Who(
            person.text_of("name")[:200], birth if len(birth) == 8 and birth.isdigit() else "",
            person.value("administrativeGenderCode", "code")[:1].upper(),
        )  # fmt: skip
    found = leads(root)
    rows = [["Date", record.date], ["Leads", ", ".join(lead.name for lead in found)]]
    if found:
        seconds = len(found[0].samples) / found[0].rate
        rows += [["Length", f"{seconds:.1f} s"], ["Samples per second", f"{found[0].rate:g}"]]
    for one in root.nodes():
        if one.name == "annotation" and len(rows) < 60:
            value = one.first("value")
            if value is not None and value.get("value") and one.value("code", "code").startswith("MDC_ECG"):
                name = one.value("code", "code").removeprefix("MDC_ECG_").replace("_", " ").capitalize()
                rows.append([name, f"{value.get('value')} {value.get('unit')}".strip()])
    record.pages.append(
        Page("ECG", table(["", ""], [row for row in rows if row[1]]) or [{"p": "This file holds no tracing."}])
    )
    return record
