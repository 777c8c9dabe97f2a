"""A process that gives images to somebody, says how far it is, and waits to be killed."""

from __future__ import annotations

import sys
from uuid import UUID

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from portal.core import audit  # noqa: E402
from portal.core.access import Actor  # noqa: E402
from portal.core.states import Role  # noqa: E402
from records.dicomweb import looks  # noqa: E402

call_command("migrate", "core", verbosity=0)
who, case = Actor("user", str(UUID(int=1)), Role.SPECIALIST), UUID(int=2)
audit.record(actor=who, action="opened", cases=[str(case)], subjects=["series"])
looks.add(who, case, [UUID(int=10)])
looks.flush()  # what the thread does every LOOKS_FLUSH_SECONDS
looks.add(who, case, [UUID(int=11)])
sys.stdout.write("looking\n")
sys.stdout.flush()
sys.stdin.read()
