"""`manage.py demo`: invented people and cases in every phase, made once, through the portal's own actions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cases.models import Case
from portal.core.states import Role
from portal.pages.demo import people
from portal.pages.demo.edition import publish_prices
from portal.pages.demo.stories import STORIES
from portal.pages.demo.tell import Telling


class Command(BaseCommand):
    help = "Fill the portal with demo content; what a stopped run has not told yet is told by the next one."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is off: demo content is for trying the portal out, never for a real installation.")
        team = {key: people.account(key, name, role) for role, key, name in people.SIGN_INS}
        publish_prices(team["admin"])
        doctors = people.doctors()
        for story in STORIES:
            owner = f"{story.account or story.key}@{people.DOMAIN}"
            if not Case.objects.filter(opened_by__email=owner, title=story.title).exists():
                self.stdout.write(f"demo: {story.title} ({story.phase.label})")
                self.stdout.flush()
                Telling(story, team["coordinator"], doctors).tell()
        self.stdout.write("Demo sign-ins, all with the password " + people.PASSWORD)
        for role, key, name in people.SIGN_INS:
            self.stdout.write(f"  {Role(role).label:<14} {key}@{people.DOMAIN}   {name}")
