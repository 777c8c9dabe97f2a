"""What stands in the address of each route, found in the small world: for the authorisation matrix and for those who open every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from portal.core.states import Role
from tests.architecture.routes import Route
from tests.architecture.world import MISSING, OWN, Part, World

# "route:kwarg", "namespace:*:kwarg" or "*:kwarg" -> how to find it in a part of the world
Find = Callable[[World, Part, Role], Any]
OBJECTS: dict[str, Find] = {
    "*:ref": lambda w, p, r: p.case.ref,
    "reviews:*:pk": lambda w, p, r: p.assignment.pk if p.assignment else None,
    "reviews:page:document": lambda w, p, r: p.document,
    "records:*:upload": lambda w, p, r: p.uploads.get(r, p.uploads.get(Role.PATIENT)),
    "records:play:file": lambda w, p, r: p.video,
    "records:video:file": lambda w, p, r: p.video,
    "records:*:file": lambda w, p, r: p.file,
    "records:*:study": lambda w, p, r: p.study.pk if p.study else None,
    "records:*:document": lambda w, p, r: p.document,
    "records:*:batch": lambda w, p, r: p.batch,
    "records:*:link": lambda w, p, r: p.link.pk if p.link else None,
    "records:send-upload:upload": lambda w, p, r: p.sending,
    "records:*:letter": lambda w, p, r: p.letter,
    "records:*:thing": lambda w, p, r: p.thing,
    "dicomweb:*:study": lambda w, p, r: p.study.uid if p.study else None,
    "dicomweb:*:series": lambda w, p, r: p.series.uid if p.series else None,
    "dicomweb:*:instance": lambda w, p, r: p.instance.uid if p.instance else None,
    "viewer:*:study": lambda w, p, r: p.study.uid if p.study else None,
    "viewer:*:series": lambda w, p, r: p.series.uid if p.series else None,
    "viewer:*:instance": lambda w, p, r: p.instance.uid if p.instance else None,
    "desk:close_hold:pk": lambda w, p, r: p.hold,
}
"""Parts of a case: another's, a revoked one and a missing one must look the same."""
INSTALLATION: dict[str, Find] = {
    "accounts:revoke:pk": lambda w, p, r: w.invitation,
    "accounts:revoke-token:pk": lambda w, p, r: w.token,
    "accounts:set-active:pk": lambda w, p, r: w.colleague,
    "accounts:accept:secret": lambda w, p, r: w.secret,
    "catalogue:*:pk": lambda w, p, r: w.version,
    "reviews:profile:pk": lambda w, p, r: w.people[Role.SPECIALIST].pk,
}
"""Objects of the installation, which belong to nobody: they exist or are missing."""
WORDS: dict[str, Any] = {
    "accounts:set-active:state": "close",
    "cases:consent:key": "who_reviews",
    "cases:section:section": "about",
    "cases:step:step": "emergency",
    "records:item:key": "echo",
    "records:write-letter:key": "authorisation",
    "records:custody:event": "send",
    "records:page:number": 1,
    "reviews:page:number": 1,
    "viewer:notes:kind": "key-images",
    "viewer:planes:number": "1",
    "viewer:tile:number": "1",
    "dicomweb:*:frames": "1",
    "dicomweb:*:frame": "1",
    "dicomweb:*:path": "7FE00010",
    "dicomweb:*:rest": "nothing",
    "desk:view:view": "overdue",
    "desk:step:step": "complete",
}
"""Words and numbers that choose a page and name no object."""
STAGES = {
    "cases:consents": "draft",
    "cases:consent": "draft",
    "cases:section": "draft",
    "cases:questions": "draft",
    "cases:check": "draft",
    "cases:level": "draft",
    "cases:proposal": "offer",
    "cases:report": "delivered",
    "cases:report_pdf": "delivered",
    "reviews:offer": "offer",
}
"""Pages that exist only in some phases; the rest is asked of a case in review."""


def lookup(table: dict[str, Any], route: Route, kwarg: str) -> Any:
    namespace = route.name.partition(":")[0]
    for key in (f"{route.name}:{kwarg}", f"{namespace}:*:{kwarg}", f"*:{kwarg}"):
        if key in table:
            return table[key]
    return None


def objects(route: Route) -> list[str]:
    return [name for name in route.kwargs if lookup(OBJECTS, route, name) or lookup(INSTALLATION, route, name)]


def missing(value: Any) -> Any:
    """A value of the same form that names nothing."""
    text = str(value)
    if re.fullmatch(r"[0-9A-Z]{3}-[0-9A-Z]{3}", text):
        return "ZZZ-ZZZ"
    if re.fullmatch(r"[0-9.]+", text):
        return "1.2.3.4.5"
    return uuid4() if len(text) == 36 else "x" * len(text)


def arguments(world: World, route: Route, role: Role, which: str) -> dict[str, Any]:
    parts = world.stages[STAGES.get(route.name, "review")]
    part = parts[OWN if which == MISSING else which]
    found: dict[str, Any] = {}
    for name in route.kwargs:
        find = lookup(INSTALLATION, route, name) or lookup(OBJECTS, route, name)
        value = find(world, part, role) if find else lookup(WORDS, route, name)
        assert value is not None, f"{route.name}: say in OBJECTS, INSTALLATION or WORDS of {__name__} what “{name}” is"
        found[name] = missing(value) if find and which == MISSING else value
    return found
