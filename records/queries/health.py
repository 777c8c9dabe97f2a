"""What structured records say about a patient's health: one table with its sources, results over time, and what may go into the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases.models import Case
from records.models import HealthFact
from records.rules.labs import Result, Series, series
from records.rules.plot import Chart, chart
from records.rules.words import folded
from records.states import RecordState

TARGETS = {"medicine": "medicines", "allergy": "allergies", "problem": "other_conditions", "procedure": "surgeries"}
"""Kind of a fact: the question of the health background that it answers."""
PAST = frozenset(
    {
        "stopped",
        "cancelled",
        "completed",
        "resolved",
        "inactive",
        "remission",
        "on-hold",
        "on hold",
        "not-taken",
        "pending",
    }
)


@dataclass(frozen=True)
class FactView:
    """A fact with the sources that say it, the newest first."""

    fact: HealthFact
    sources: tuple[HealthFact, ...] = ()

    @property
    def day(self) -> str:
        """The date in words, as exact as the record: "3 March 2026", "March 2026", "2026"."""
        return shown_day(self.fact.date)

    @property
    def until(self) -> str:
        return shown_day(self.fact.end)

    @property
    def past(self) -> bool:
        return self.fact.status in PAST

    @property
    def status(self) -> str:
        words = {
            "active": _("active"), "resolved": _("over"), "completed": _("completed"), "stopped": _("stopped"), "inactive": _("not active"),
            "none": _("none known"), "pending": _("result not there yet"), "remission": _("in remission"), "recurrence": _("came back"),
            "on hold": _("paused"), "on-hold": _("paused"), "cancelled": _("cancelled"),
        }  # fmt: skip
        return words.get(self.fact.status, self.fact.status)

    @property
    def flag(self) -> str:
        words = {"high": _("high"), "low": _("low"), "abnormal": _("abnormal"), "critical": _("critical")}
        return words.get(self.fact.flag, "")

    @property
    def measured(self) -> str:
        return f"{self.fact.value} {self.fact.unit}".strip()

    @property
    def taken(self) -> bool:
        return all(one.taken_at is not None for one in self.sources)


@dataclass
class Group:
    kind: str
    title: str
    rows: list[FactView] = field(default_factory=list)

    @property
    def offered(self) -> list[FactView]:
        """What the patient may still take over into the answers."""
        return [row for row in self.rows if not row.taken] if self.kind in TARGETS else []


@dataclass(frozen=True)
class Plot:
    """A test with at least two values, drawn."""

    number: int
    series: Series
    chart: Chart

    @property
    def description(self) -> str:
        newest, oldest = self.series.latest, self.series.points[0]
        words = _("%(n)d values from %(first)s to %(last)s. First %(a)s, newest %(b)s %(unit)s.") % {
            "n": len(self.series.points),
            "first": date_format(oldest.day, "j F Y"),
            "last": date_format(newest.day, "j F Y"),
            "a": f"{oldest.value:g}",
            "b": f"{newest.value:g}",
            "unit": self.series.unit,
        }
        return f"{words} {self.range}".strip()

    @property
    def range(self) -> str:
        """The reference range of the newest value in words."""
        low, high, unit = self.series.latest.low, self.series.latest.high, self.series.unit
        if low is not None and high is not None:
            return _("Reference range %(low)s to %(high)s %(unit)s.") % {
                "low": f"{low:g}",
                "high": f"{high:g}",
                "unit": unit,
            }
        if high is not None:
            return _("Reference range up to %(high)s %(unit)s.") % {"high": f"{high:g}", "unit": unit}
        if low is not None:
            return _("Reference range from %(low)s %(unit)s.") % {"low": f"{low:g}", "unit": unit}
        return ""


@dataclass(frozen=True)
class Health:
    groups: list[Group]
    plots: list[Plot]

    def __bool__(self) -> bool:
        return any(group.rows for group in self.groups)

    @property
    def offered(self) -> int:
        return sum(len(group.offered) for group in self.groups)

    @property
    def sentence(self) -> str:
        """ "6 medicines, 2 allergies": what is offered, in few words."""
        parts = [f"{len(group.offered)} {group.title.lower()}" for group in self.groups if group.offered]
        return ", ".join(parts)


def titles() -> dict[str, str]:
    return {
        "medicine": _("Medicines"),
        "allergy": _("Allergies"),
        "problem": _("Health problems"),
        "procedure": _("Operations and procedures"),
        "laboratory": _("Test results"),
    }


def shown_day(text: str) -> str:
    try:
        if len(text) == 10:
            return str(date_format(date.fromisoformat(text), "j M Y"))
        if len(text) == 7:
            return str(date_format(date.fromisoformat(f"{text}-01"), "M Y"))
    except ValueError:
        pass
    return text


def facts(case: Case) -> list[HealthFact]:
    """Facts of papers that are ready; one query. The caller has found the case through `visible_to`."""
    rows = HealthFact.objects.filter(case=case, document__state=RecordState.READY)
    return list(rows.select_related("document").order_by("-date", "document__created_at", "document_id", "number"))


def fact_count(case: Case) -> int:
    return HealthFact.objects.filter(case=case, document__state=RecordState.READY).count()


def health(case: Case) -> Health:
    """Everything of a case, the same fact of two records as one line with both sources."""
    rows = facts(case)
    groups = {kind: Group(kind, title) for kind, title in titles().items()}
    same: dict[tuple[str, ...], list[HealthFact]] = defaultdict(list)
    for row in rows:
        if row.kind in groups:
            same[_key(row)].append(row)
    for found in same.values():
        groups[found[0].kind].rows.append(FactView(found[0], tuple(found)))
    results = [one for row in rows if (one := _result(row)) is not None]
    plots = [one for one in series(results) if len(one.points) > 1]
    drawn = [Plot(number, one, chart(one)) for number, one in enumerate(plots, 1)]
    return Health([group for group in groups.values() if group.rows], drawn)


def _key(row: HealthFact) -> tuple[str, ...]:
    what = f"{row.system}:{row.code}" if row.code else folded(row.text)
    if row.kind in ("laboratory", "procedure"):
        return row.kind, what, row.date, row.value, row.unit
    return row.kind, what, "none" if row.status == "none" else ""


def _result(row: HealthFact) -> Result | None:
    if row.kind != "laboratory" or row.amount is None or len(row.date) != 10:
        return None
    try:
        day = date.fromisoformat(row.date)
    except ValueError:
        return None
    loinc = row.code if row.system == "loinc" else ""
    return Result(row.text, loinc, day, row.amount, row.unit, row.low, row.high, row.flag, row.document.title)


def chosen(case: Case, ids: Sequence[UUID], kinds: Sequence[str]) -> list[FactView]:
    """Lines that the patient picked, one by one or whole kinds, that are still on offer."""
    wanted = set(ids)
    found: list[FactView] = []
    for group in health(case).groups:
        whole = group.kind in kinds
        found += [row for row in group.offered if whole or wanted & {one.pk for one in row.sources}]
    return found


def line_of(view: FactView) -> str:
    """A fact as a line of an answer, with where it comes from."""
    fact = view.fact
    said = ", ".join(part for part in (fact.text, fact.detail) if part)
    when = shown_day(fact.date)
    if fact.status in PAST and fact.status not in ("completed", "pending"):
        when = ", ".join(part for part in (when, view.status) if part)
    source = _("from %(title)s") % {"title": fact.document.title[:60]}
    return f"{said} ({', '.join(part for part in (when, source) if part)})"
