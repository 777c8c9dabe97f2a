"""Reads and checks the environment once, typed, so that a wrong value stops the start with a sentence that says which."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

env = Env()
BASE_DIR = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def told_in_words(status: int = 1) -> Iterator[None]:
    """Ends the process with the sentence alone where a setting is wrong: a traceback above it hides what to do.

    Leaves by SystemExit, which neither Celery's signals nor gunicorn's workers swallow.
    """
    try:
        yield
    except EnvError as problem:
        sys.stderr.write(f"{str(problem).rstrip('.')}. docs/operations.md lists the settings.\n")
    except ImproperlyConfigured as problem:
        sys.stderr.write(f"{problem}\n")
    else:
        return
    sys.exit(status)


@dataclass(frozen=True)
class Secrets:
    """The two secrets of an installation: Django's signing key and the master key that wraps each case's data key."""

    django: str
    master_key: str  # 64 hexadecimal digits: 256 bits


def data_dir() -> Path:
    """Folder for everything the embedded installation keeps: database, sealed objects, broker, mail."""
    return Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).resolve()


def secrets_from_environment() -> Secrets:
    """Production: both secrets must be given.

    Raises:
        ImproperlyConfigured: a secret is missing, or the master key is not 64 hexadecimal digits.
    """
    try:
        found = Secrets(django=env.str("SECRET_KEY"), master_key=env.str("MASTER_KEY"))
    except EnvError as problem:
        raise ImproperlyConfigured(f"{problem}. Set SECRET_KEY and MASTER_KEY; docs/operations.md says how.") from None
    check_master_key(found.master_key)
    return found


def secrets_from_data_dir(folder: Path) -> Secrets:
    """Embedded: made once, kept with mode 0600 in DATA_DIR; two processes that start together agree on one file."""
    path = folder / "secrets.json"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if (
        mode & 0o077 and not mode & stat.S_ISVTX
    ):  # made by a careless hand (and not /tmp itself): what lies in it is readable
        folder.chmod(0o700)
    if not path.exists():
        made = {"django": secrets.token_urlsafe(50), "master_key": secrets.token_hex(32)}
        temporary = path.with_name(f"secrets.{os.getpid()}.tmp")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            json.dump(made, out)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    found = Secrets(**json.loads(path.read_text(encoding="ascii")))
    check_master_key(found.master_key)
    return found


def check_master_key(key: str) -> None:
    """Raises ImproperlyConfigured unless the key is 64 hexadecimal digits."""
    try:
        right = len(bytes.fromhex(key)) == 32
    except ValueError:
        right = False
    if not right:
        raise ImproperlyConfigured("MASTER_KEY must be 64 hexadecimal digits (openssl rand -hex 32).")


def database(url: str | None, folder: Path) -> dict[str, Any]:
    """Django's DATABASES entry: SQLite in `folder` without a URL, else PostgreSQL.

    SQLite: a transaction takes the write lock at its start (IMMEDIATE), waits 20 s for it, and each commit reaches the disk.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "consilium.sqlite3",
            "CONN_MAX_AGE": 60,  # closing the last connection would copy the whole log into the file, at each request
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,  # a new connection costs more than the request that needs it
        "CONN_HEALTH_CHECKS": True,
    }
