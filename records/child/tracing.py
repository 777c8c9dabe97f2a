"""Tracings that come as text (annotated ECG) drawn on the same sheet as those of DICOM, as pages."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium

from records.dicom import ecg
from records.dicom.waveforms import Channel, Group
from records.structured.aecg import Lead
from records.structured.model import Record

from . import pdf
from .job import Job, Outcome

_NAMES = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}


def draw(job: Job, outcome: Outcome, leads: list[Lead], record: Record) -> None:
    """Put the sheet in front of the pages that say what is known of the tracing; nothing when there is no lead to draw."""
    length = min((len(lead.samples) for lead in leads), default=0)
    if not length:
        return
    channels = [Channel(_NAMES.get(one.name, one.name), "mV", np.array(one.samples[:length])) for one in leads]
    heading = ecg.Heading(record.title, record.who.name, "", record.who.birth, record.who.sex, record.date)
    content = ecg.sheets([Group("", leads[0].rate, tuple(channels))], heading)
    if not content:
        return
    document = pdfium.PdfDocument(content)
    try:
        drawn = [pdf.page_of(job, document, number, outcome) for number in range(min(len(document), job.limits.pages))]
    finally:
        document.close()
    outcome.data["pages"] = [*drawn, *outcome.data["pages"]]
    outcome.data["page_count"] = len(outcome.data["pages"])
    outcome.data["thumbnail"] = pdf.thumbnail(job, drawn)
    outcome.data["view_copy"] = job.save("view.pdf", content)
