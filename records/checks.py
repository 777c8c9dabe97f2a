"""Production starts only where the child that parses strangers' files is really confined."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from portal.core.checks import START, in_production, problem
from records import sandbox, scanning


@cache
def confined() -> bool:
    """Asked once a process: a child tries to reach the network, to write outside its folder and to read there, keys above all."""
    data = Path(settings.DATA_DIR)
    try:
        return sandbox.canary(forbidden=[data, data / "secrets.json", sandbox.ROOT / ".env"]).locked_in
    except sandbox.SandboxUnavailable:
        return False


@register(START)
def parsers_are_confined(**_: Any) -> list[CheckMessage]:
    if not in_production() or confined():
        return []
    return [
        problem(
            "sandbox",
            "The process that reads uploaded files could not be kept from the network and inside its folder.",
            "Run on Linux 5.13 or newer with seccomp and Landlock (in a container: leave its default seccomp profile on); "
            "docs/operations.md says more.",
        )
    ]


@register(START)
def scanner_answers(**_: Any) -> list[CheckMessage]:
    """A warning, not an error: while the scanner is away files wait, and the rest of the portal goes on."""
    if not in_production() or not settings.CLAMAV_ADDRESS or scanning.answers(settings.CLAMAV_ADDRESS):
        return []
    words = "The virus scanner (CLAMAV_ADDRESS) does not answer: uploaded files wait until it does."
    return [Warning(words, hint="Check that clamd runs and is reached from here.", id="portal.scanner_silent")]
