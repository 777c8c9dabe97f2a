"""``manage.py create_bucket``."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError

from portal.core import storage


class Command(BaseCommand):
    """Makes the place of the sealed objects, and says so when it is there already."""

    help = "Makes the bucket (S3_BUCKET) or folder that holds the records; changes nothing when it is there."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with what to do next."""
        try:
            made = storage.make_place()
        except ClientError as problem:
            code = problem.response["Error"]["Code"]
            raise CommandError(
                f"The store refused ({code}). Choose another S3_BUCKET (3 letters or more, lower case), or check the keys."
            ) from problem
        except (BotoCoreError, OSError) as problem:
            raise CommandError(
                f"The store does not answer ({type(problem).__name__}). Check S3_ENDPOINT or DATA_DIR."
            ) from problem
        self.stdout.write(
            "The place for the records is made." if made else "The place for the records is there already."
        )
