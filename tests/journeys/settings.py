"""The portal as `make run` starts it, but without its demo: real sign-up, real invitations, a real second factor."""

from __future__ import annotations

from portal.settings.local import *  # noqa: F403

DEMO = False
STAFF_SECOND_FACTOR_WAIVED = False
FRONT_END_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60
"""Shorter than the way from a specialist's first sign-in to a signature, so that the journey always has to prove who signs."""
