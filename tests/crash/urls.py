"""No pages: here only workers run."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
