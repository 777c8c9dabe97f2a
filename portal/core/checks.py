"""What must be true before a real installation starts. Each sentence says what to do.

A web process and a worker ask `refuse_unsafe_start()` before they serve; `manage.py check --tag start` tells the same without starting.
The checks speak only where the settings say PRODUCTION: the demo, the suite and a laptop are free to be small.
Apps below and above add their own with the tag START (records: the sandbox of the parsers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from portal.core import storage

START = "start"
SHORTEST_SECRET = 40
FEWEST_CHARACTERS = 10
"""Different characters that a secret has at least: "changeme" repeated is long, but not a secret."""
KNOWN_WORDS = re.compile(r"not a secret|insecure|change.?me|example|default|placeholder|django-", re.I)


def in_production() -> bool:
    return bool(settings.PRODUCTION)


def problem(name: str, words: str, hint: str) -> Error:
    return Error(words, hint=hint, id=f"portal.{name}")


@register(START)
def secrets_are_real(**_: Any) -> list[CheckMessage]:
    """Neither the suite's keys, nor an example's, nor something a person made up."""
    if not in_production():
        return []
    found: list[CheckMessage] = []
    secret = str(settings.SECRET_KEY)
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS or KNOWN_WORDS.search(secret):
        found.append(
            problem(
                "secret_key",
                "SECRET_KEY is a default or too easy to guess: anybody could forge sessions and links.",
                "Set SECRET_KEY to the output of: openssl rand -base64 48",
            )
        )
    if guessable(str(settings.MASTER_KEY)):
        found.append(
            problem(
                "master_key",
                "MASTER_KEY is a default or a pattern: anybody could unseal the records.",
                "Set MASTER_KEY to the output of: openssl rand -hex 32. "
                "Keep a copy apart from the backups; without it nothing can be read again.",
            )
        )
    return found


def guessable(key: str) -> bool:
    """Whether the 32 bytes repeat, or count up: 32 random bytes have fewer than 16 different ones about never."""
    try:
        data = bytes.fromhex(key)
    except ValueError:
        return True
    steps = {(after - before) % 256 for before, after in pairwise(data)}
    return len(data) != 32 or len(set(data)) < 16 or len(steps) == 1


@register(START)
def demo_is_off(**_: Any) -> list[CheckMessage]:
    """No demo content, no waived second factor, and no demo account that somebody knows the password of."""
    if not in_production():
        return []
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(problem("demo", "The demo is on (DEMO).", "Unset DEMO, or run the demo with: make run"))
    if settings.STAFF_SECOND_FACTOR_WAIVED:
        found.append(
            problem(
                "second_factor",
                "Staff may sign in without a second factor (STAFF_SECOND_FACTOR_WAIVED).",
                "Take STAFF_SECOND_FACTOR_WAIVED out of the settings.",
            )
        )
    try:
        count = demo_accounts()
    except DatabaseError as trouble:
        words = f"The database does not answer ({type(trouble).__name__})."
        return [*found, problem("database_silent", words, "Check DATABASE_URL, and that the database runs.")]
    if count:
        found.append(
            problem(
                "demo_accounts",
                f"The database holds {count} demo account(s), whose password everybody knows.",
                "Start with an empty database. Never run `manage.py demo` on this one.",
            )
        )
    return found


def demo_accounts() -> int:
    """How many; 0 where the table does not exist yet."""
    model = get_user_model()
    if model._meta.db_table not in connection.introspection.table_names():
        return 0
    return int(model._default_manager.filter(is_demo=True).count())


@register(START)
def addresses_are_safe(**_: Any) -> list[CheckMessage]:
    """People reach the portal through TLS under names that it knows."""
    if not in_production():
        return []
    found: list[CheckMessage] = []
    parts = urlsplit(settings.BASE_URL)
    if parts.scheme != "https" or not parts.hostname:
        found.append(
            problem(
                "base_url",
                "BASE_URL does not begin with https://: records would travel readable, and passkeys would not work.",
                "Set BASE_URL to the address that people use, for example https://opinions.hospital.example",
            )
        )
    if not settings.ALLOWED_HOSTS or any("*" in host for host in settings.ALLOWED_HOSTS):
        found.append(
            problem(
                "allowed_hosts",
                "ALLOWED_HOSTS is empty or contains “*”: links in e-mail could be made to lead elsewhere.",
                "Set ALLOWED_HOSTS to the host name in BASE_URL.",
            )
        )
    if settings.DEBUG:
        found.append(
            problem("debug", "DEBUG is on: error pages would show records.", "Take DEBUG out of the settings.")
        )
    return found


def database_engine() -> str:
    return str(settings.DATABASES["default"]["ENGINE"])


@register(START)
def database_is_postgresql(**_: Any) -> list[CheckMessage]:
    """SQLite has no row locks and no role that cannot change the history."""
    if not in_production() or database_engine() == "django.db.backends.postgresql":
        return []
    return [
        problem(
            "database",
            "The database is not PostgreSQL.",
            "Set DATABASE_URL to postgresql://user:password@host/name; docs/operations.md says how to make it.",
        )
    ]


@register(START)
def records_have_a_place(**_: Any) -> list[CheckMessage]:
    """The bucket, or the folder, of the sealed objects is there and answers."""
    if not in_production():
        return []
    trouble = storage.trouble()
    if not trouble:
        return []
    hint = {
        "missing": "Make it with: python manage.py create_bucket",
        "refused": "Check S3_ACCESS_KEY and S3_SECRET_KEY, and that they may read and write this bucket.",
        "silent": "Check S3_ENDPOINT, and that the store runs and is reached from here.",
        "folder": "Check that this account may write into DATA_DIR.",
    }
    words = {
        "missing": "The bucket for the records (S3_BUCKET) does not exist.",
        "refused": "The store of the records refuses these keys.",
        "silent": "The store of the records (S3_ENDPOINT) does not answer.",
        "folder": "The folder of the records cannot be written to.",
    }
    return [problem(f"records_{trouble}", words[trouble], hint[trouble])]


def refuse_unsafe_start() -> None:
    """Called by every process of a real installation before it serves; does nothing elsewhere.

    Raises:
        ImproperlyConfigured: with one line for each problem and what to do about it, for `told_in_words`.
    """
    if not in_production():
        return
    found: Sequence[CheckMessage] = [one for one in run_checks(tags=[START]) if one.is_serious()]
    if found:
        lines = [f"- {one.msg} {one.hint or ''} ({one.id})".rstrip() for one in found]
        raise ImproperlyConfigured("\n".join(["This installation is not safe to start:", *lines]))
