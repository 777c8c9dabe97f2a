"""What it costs, in words. The price is the edition's, and a case keeps its edition: nobody's price changes under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cases.models import Case, Consent
from portal.catalogue.parts import ServiceLevel
from portal.catalogue.types import Edition

COST = "cost"
"""The consent screen about money. Agreeing to it is agreeing to the price that stood there."""


@dataclass(frozen=True)
class Priced:
    """A level with its price in words; empty where the organisation has written none."""

    level: ServiceLevel
    price: str


@dataclass(frozen=True)
class Prices:
    """All levels. `payment` says how people pay, or, where no price is written, what to do instead."""

    levels: tuple[Priced, ...]
    payment: str

    @property
    def known(self) -> bool:
        return any(one.price for one in self.levels)


def price_words(level: ServiceLevel) -> str:
    """ "450 USD", "Free for you", the organisation's own words, or nothing."""
    price = level.price
    if price is None:
        return ""
    if price.free:
        return _("Free for you")
    if price.amount:
        return f"{price.amount.removesuffix('.00')} {price.currency}"
    return price.words


def costs_no_more(level: ServiceLevel, *, than: ServiceLevel) -> bool:
    """Whether the price is the same, nothing, or a smaller amount in the same currency: no new agreement is needed.

    Other words, another currency or no written price cannot be compared: False.
    """
    if price_words(level) == price_words(than) or (level.price and level.price.free):
        return True
    new, old = level.price, than.price
    if new is None or old is None or not (new.amount and old.amount) or new.currency != old.currency:
        return False
    return Decimal(new.amount) <= Decimal(old.amount)


def prices(edition: Edition, levels: Iterable[ServiceLevel] | None = None) -> Prices:
    """The levels' prices, and the sentence that goes with them."""
    found = tuple(Priced(one, price_words(one)) for one in (edition.levels if levels is None else levels))
    if all(one.price for one in found):
        return Prices(found, edition.payment or _("You do not pay on this site."))
    ask = _("Ask us for the price before you send your request. You do not pay on this site.")
    return Prices(found, f"{edition.payment} {ask}".strip())


def prices_of(case: Case, edition: Edition) -> Prices:
    """The price of this case's own level."""
    return prices(edition, [edition.level(case.level)])


def agreed(case: Case) -> dict[str, str]:
    """What stood on the screen when the patient agreed to the cost: level (its key) and price in words. Empty before."""
    found = Consent.objects.filter(case=case, key=COST, given=True, withdrawn_at__isnull=True).order_by("at").last()
    shown: dict[str, str] = found.shown if found else {}
    return shown
