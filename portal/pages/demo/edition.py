"""The demo's own edition of the catalogue: the shipped one with invented prices, since a real price is the organisation's."""

from __future__ import annotations

from typing import Any, cast

from portal.accounts.models import User
from portal.catalogue import actions, loader
from portal.core.access import Actor

PRICES = {
    "standard": {"amount": "390.00", "currency": "USD"},
    "expedited": {"amount": "590.00", "currency": "USD"},
    "urgent": {"amount": "850.00", "currency": "USD"},
}
PAYMENT = "This is a demo, so nobody pays. A real service says here how you pay."


def demo_content() -> dict[str, object]:
    """The shipped content with prices."""
    content = dict(loader.read_folder())
    levels = cast(dict[str, Any], content["service_levels.yaml"])
    priced = [level | {"price": PRICES[level["key"]]} for level in levels["levels"]]
    return content | {"service_levels.yaml": levels | {"payment": PAYMENT, "levels": priced}}


def publish_prices(administrator: User) -> None:
    """Publish the edition with prices. The second time changes nothing."""
    by = Actor.of(administrator)
    try:
        version = actions.upload(files=loader.to_texts(demo_content()), note="Demo: with invented prices", by=by)
    except actions.NotNew as known:
        version = known.version
    actions.publish(version=version, by=by)
