"""Every address of the portal, read from the URLconf: what the architecture tests walk over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from portal.core.access import BaseView, Permission

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """One pattern of the URLconf: its full name, its keyword arguments in order, and the view behind it."""

    name: str
    kwargs: tuple[str, ...]
    view: Any

    @property
    def ours(self) -> bool:
        return isinstance(self.view, type) and issubclass(self.view, BaseView)

    @property
    def permission(self) -> Permission:
        found: Permission = self.view.permission
        return found

    def answers(self, method: str) -> bool:
        """Whether the view has a handler for this method. Every Django view answers OPTIONS and gives HEAD as GET."""
        if method.lower() not in self.view.http_method_names:
            return False
        handler = "get" if method == "HEAD" and not hasattr(self.view, "head") else method.lower()
        return hasattr(self.view, handler)


def walk(node: URLResolver | None = None, names: tuple[str, ...] = (), kwargs: tuple[str, ...] = ()) -> Iterator[Route]:
    """All routes below `node`, nested includes and namespaces followed."""
    for pattern in (node or get_resolver()).url_patterns:
        below = kwargs + tuple(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", pattern.callback)
            yield Route(":".join((*names, pattern.name or "")), below, view)
        else:
            yield from walk(pattern, (*names, pattern.namespace) if pattern.namespace else names, below)


def ours() -> list[Route]:
    return [route for route in walk() if route.ours]
