"""What every template knows: the organisation, the navigation of this person, and whether this is a demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.states import Role

NAVIGATION: dict[Role, list[tuple[str, Any]]] = {
    Role.PATIENT: [("cases:list", _("My cases")), ("pages:help", _("Help"))],
    Role.COORDINATOR: [("desk:queue", _("Queue")), ("pages:help", _("Help"))],
    Role.SPECIALIST: [("reviews:list", _("My reviews")), ("pages:help", _("Help"))],
    Role.ADMINISTRATOR: [
        ("accounts:people", _("People")),
        ("catalogue:list", _("Catalogue")),
        ("pages:audit", _("Audit")),
    ],
}


def product(request: HttpRequest) -> dict[str, Any]:
    """Template variables `product`, `nav_items`, `demo`, `staff_second_factor_waived`, `idle_seconds`."""
    user = getattr(request, "user", None)
    items = []
    if user is not None and user.is_authenticated:
        for name, label in NAVIGATION[Role(user.role)]:
            url = reverse(name)
            items.append({"url": url, "label": label, "current": request.path.startswith(url)})
    return {
        "product": settings.PRODUCT,
        "nav_items": items,
        "demo": settings.DEMO,
        "staff_second_factor_waived": settings.STAFF_SECOND_FACTOR_WAIVED,
        "idle_seconds": settings.SESSION_IDLE_SECONDS,
    }
