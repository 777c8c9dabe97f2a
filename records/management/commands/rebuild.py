"""``manage.py rebuild``: make frames, pages, copies, thumbnails and metadata again from the originals."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.models import Case
from records.actions import rebuilding
from records.queries.derived import lost, rebuilds

SHOWN = 20


class Command(BaseCommand):
    """Queues jobs; the workers do the work, and pages say meanwhile that pictures are being prepared."""

    help = "Makes what was derived from the originals again: what is missing everywhere, or all of one case."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without options it only tells how far it is."""
        parser.add_argument("--missing", action="store_true", help="look for what is missing, and make it")
        parser.add_argument("--case", metavar="REF", help="one case; without --missing, everything of it is made anew")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when no case has this reference."""
        case = None
        if options["case"]:
            case = Case.objects.filter(ref=options["case"].upper()).first()
            if case is None:
                raise CommandError("No case has this reference. It looks like 2K7-4QD.")
        if case and not options["missing"]:
            self.stdout.write(f"{rebuilding.lose_all(case_id=case.pk)} derived objects are to be made anew.")
        elif options["missing"]:
            found = rebuilding.lose_missing(case_id=case.pk if case else None)
            self.stdout.write(f"{found} derived objects are missing.")
        else:
            self._tell()
            return
        queued = rebuilding.queue(case_ids=[case.pk] if case else None)
        self.stdout.write(f"{queued} case(s) queued; the workers make them. How far: manage.py rebuild")

    def _tell(self) -> None:
        self.stdout.write(f"{lost().count()} derived objects are still to be made.")
        for job in rebuilds()[:SHOWN]:
            self.stdout.write(
                f"  {job.case_id}  {job.state:<8} {job.progress_done} of {job.progress_total}  {job.error}"
            )
