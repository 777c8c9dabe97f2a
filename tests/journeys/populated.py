"""A portal with something on every page, for looking at all of them: runs inside the portal under test.

The cases and the addresses are those of the authorisation matrix, so that a new page is looked at from its first day.
"""

from __future__ import annotations

import json
import sys
from unittest.mock import patch
from uuid import uuid4

import django

django.setup()

from allauth.mfa.totp.internal.auth import TOTP  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from cases.queries.edition import edition_of  # noqa: E402
from portal.core.models import Job  # noqa: E402
from portal.core.states import STAFF, JobState, Role  # noqa: E402
from tests.architecture import world as world_module  # noqa: E402
from tests.architecture.addresses import arguments  # noqa: E402
from tests.architecture.routes import ours  # noqa: E402
from tests.architecture.world import OWN, World  # noqa: E402
from tests.factories.accounts import UserFactory  # noqa: E402
from tests.journeys.service import wait_until  # noqa: E402

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Three dozen people are made and each comes in by a cookie: Argon2, slow by intention, took a quarter of the time."""


def worked_off() -> None:
    """Here the portal's own worker reads the files: wait for it."""
    left = Job.objects.filter(case_id__isnull=False, name__startswith="records.").exclude(
        state__in=(JobState.DONE, JobState.FAILED)
    )
    wait_until(lambda: not left.exists(), "the worker has finished", working=left.count)


def pages(world: World, role: Role, client: Client) -> list[str]:
    """Every address that shows this person a page of HTML, whole pages only. DICOMweb has none, and half of the addresses."""
    found = []
    for route in ours():
        allowed = route.permission.roles
        if allowed is None or role not in allowed or not route.answers("GET") or route.name.startswith("dicomweb:"):
            continue
        address = reverse(route.name, kwargs=arguments(world, route, role, OWN))
        answer = client.get(address)
        html = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
        if html and answer.content.lstrip().lower().startswith(b"<!doctype"):
            found.append(address)
    return found


def main() -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PASSWORD_HASHERS = QUICK  # before the first password: the hashers are looked up once
    UserFactory.reset_sequence(uuid4().int % 10**9)  # other journeys make people on the same portal
    with patch.object(world_module, "run_jobs", worked_off):
        world = world_module.build()
    told = {}
    draft = world.stages["draft"][OWN].case
    for role, user in world.people.items():
        if role in STAFF:
            TOTP.activate(user, SECRET)
        client = Client(raise_request_exception=False)
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        addresses = pages(world, role, client)
        if role is Role.PATIENT:
            addresses += [reverse("cases:consent", args=[draft.ref, one.key]) for one in edition_of(draft).consents()]
        told[role.value] = {
            "cookie": client.cookies[settings.SESSION_COOKIE_NAME].value,
            "pages": list(dict.fromkeys(addresses)),
        }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
