"""A real installation refuses to start when it is not safe, and says what to do."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings

from portal.core import checks
from records import checks as records_checks
from tests.factories.accounts import UserFactory

SAFE: dict[str, Any] = {
    "PRODUCTION": True,
    "DEMO": False,
    "STAFF_SECOND_FACTOR_WAIVED": False,
    "DEBUG": False,
    "SECRET_KEY": secrets.token_urlsafe(50),
    "MASTER_KEY": secrets.token_hex(32),
    "BASE_URL": "https://opinions.hospital.test",
    "ALLOWED_HOSTS": ["opinions.hospital.test"],
}
POSTGRESQL = {"default": {"ENGINE": "django.db.backends.postgresql"}}


@pytest.fixture
def safe(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation that nothing is wrong with. The sandbox and the kind of database have tests of their own."""
    for name, value in SAFE.items():
        setattr(settings, name, value)
    monkeypatch.setattr(checks, "database_engine", lambda: POSTGRESQL["default"]["ENGINE"])
    monkeypatch.setattr(records_checks, "confined", lambda: True)
    return settings


@pytest.mark.django_db
def test_start_goes_on_when_all_is_safe(safe: Settings) -> None:
    checks.refuse_unsafe_start()


def refusal() -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        checks.refuse_unsafe_start()
    return str(refused.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "code", "advice"),
    [
        ("SECRET_KEY", "not a secret: the test suite's, made long enough to count", "secret_key", "openssl rand"),
        ("SECRET_KEY", "short", "secret_key", "openssl rand"),
        ("SECRET_KEY", "ab" * 40, "secret_key", "openssl rand"),
        ("SECRET_KEY", "django-insecure-" + "0123456789" * 8, "secret_key", "openssl rand"),
        ("MASTER_KEY", "11" * 32, "master_key", "openssl rand -hex 32"),
        ("MASTER_KEY", "00" * 32, "master_key", "openssl rand -hex 32"),
        ("MASTER_KEY", bytes(range(32)).hex(), "master_key", "openssl rand -hex 32"),
        ("MASTER_KEY", "0123456789abcdef" * 4, "master_key", "openssl rand -hex 32"),
        ("DEMO", True, "demo)", "make run"),
        ("STAFF_SECOND_FACTOR_WAIVED", True, "second_factor", "Take STAFF_SECOND_FACTOR_WAIVED out"),
        ("BASE_URL", "http://opinions.hospital.test", "base_url", "Set BASE_URL"),
        ("BASE_URL", "https://", "base_url", "Set BASE_URL"),
        ("ALLOWED_HOSTS", ["*"], "allowed_hosts", "Set ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", ["*.hospital.test"], "allowed_hosts", "Set ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", [], "allowed_hosts", "Set ALLOWED_HOSTS"),
        ("DEBUG", True, "debug", "Take DEBUG out"),
    ],
)
def test_start_is_refused_with_advice(safe: Settings, name: str, value: Any, code: str, advice: str) -> None:
    setattr(safe, name, value)
    words = refusal()
    assert words.count("\n- ") == 1, words
    assert f"portal.{code}" in words
    assert advice in words


@pytest.mark.django_db
def test_start_is_refused_with_a_demo_account(safe: Settings) -> None:
    UserFactory(is_demo=True)
    words = refusal()
    assert "1 demo account(s), whose password everybody knows. Start with an empty database." in words


@pytest.mark.django_db
def test_start_before_the_first_migration_has_no_demo_account(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_start_is_refused_when_the_database_does_not_answer(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[str]:
        raise DatabaseError("password=hunter2")

    monkeypatch.setattr(connection.introspection, "table_names", broken)
    words = refusal()
    assert "Check DATABASE_URL" in words
    assert "hunter2" not in words


@pytest.mark.django_db
def test_start_is_refused_on_sqlite(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "database_engine", lambda: "django.db.backends.sqlite3")
    words = refusal()
    assert "not PostgreSQL" in words
    assert "Set DATABASE_URL" in words


@pytest.mark.django_db
def test_start_is_refused_without_confinement(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_checks, "confined", lambda: False)
    assert "portal.sandbox" in refusal()


def test_start_asks_the_sandbox_once_and_takes_silence_for_no(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def unavailable(**_: object) -> bool:
        asked.append(1)
        raise records_checks.sandbox.SandboxUnavailable("no seccomp")

    monkeypatch.setattr(records_checks.sandbox, "canary", unavailable)
    records_checks.confined.cache_clear()
    try:
        assert records_checks.confined() is False
        assert records_checks.confined() is False
        assert len(asked) == 1
    finally:
        records_checks.confined.cache_clear()


@pytest.mark.django_db
def test_checks_are_silent_outside_production(safe: Settings) -> None:
    safe.PRODUCTION, safe.DEMO, safe.MASTER_KEY = False, True, "11" * 32
    checks.refuse_unsafe_start()


def production(tmp_path: Path, **changed: str) -> dict[str, str]:
    """The environment of a real installation."""
    base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    given = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.production",
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": SAFE["SECRET_KEY"],
        "MASTER_KEY": SAFE["MASTER_KEY"],
        "BASE_URL": SAFE["BASE_URL"],
        "ALLOWED_HOSTS": "opinions.hospital.test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "CACHE_URL": "redis://127.0.0.1:1/0",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/1",
    }
    return base | given | changed


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


CELERY = ("-m", "celery", "--app", "portal", "--quiet")
ENTRANCES = {
    "web": ("-c", "import portal.wsgi"),
    "worker": (*CELERY, "worker", "--pool", "solo"),
    "beat": (*CELERY, "beat", "--scheduler", "celery.beat:Scheduler"),  # keeps its times in memory, not in a file
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "name"), [("manage", "EMAIL_PORT"), ("gunicorn", "SECRET_KEY"), ("worker", "SECRET_KEY")]
)
def test_production_process_names_a_wrong_setting_in_one_sentence(tmp_path: Path, command: str, name: str) -> None:
    entrances = {
        "manage": ("manage.py", "check"),
        "gunicorn": ("-m", "gunicorn", "portal.wsgi:application", "--bind", "127.0.0.1:0", "--no-control-socket"),
        "worker": ENTRANCES["worker"],
    }
    given = production(tmp_path, EMAIL_PORT="many") | {"SECRET_KEY": SAFE["SECRET_KEY"]}
    if name == "SECRET_KEY":
        del given[name]
    done = run(given, *entrances[command])
    said = [line for line in done.stderr.splitlines() if not line.startswith("[")]  # not gunicorn's own lines
    assert len(said) == 1 and f'"{name}"' in said[0] and "docs/operations.md" in said[0]
    assert done.returncode == (4 if command == "gunicorn" else 1)


def database_url() -> str:
    """The suite's own database, as a real installation would be told of it."""
    held = connection.settings_dict
    return f"postgresql://{held['USER']}:{held['PASSWORD']}@{held['HOST']}:{held['PORT']}/{held['NAME']}"


@pytest.mark.slow
@pytest.mark.parametrize("command", ENTRANCES.values(), ids=ENTRANCES)
def test_production_process_ends_at_once_with_the_suites_key(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(production(tmp_path, MASTER_KEY="11" * 32), *command)
    assert done.returncode != 0
    assert "This installation is not safe to start:\n- " in done.stderr and "Traceback" not in done.stderr
    assert "portal.master_key" in done.stderr
    assert "portal.database_silent" in done.stderr
    assert "portal.secret_key" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "postgresql", reason="production runs on PostgreSQL only: needs DATABASE_URL")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ENTRANCES.values(), ids=ENTRANCES)
def test_production_process_refuses_a_database_with_demo_accounts(tmp_path: Path, command: tuple[str, ...]) -> None:
    UserFactory(is_demo=True)
    done = run(production(tmp_path, DATABASE_URL=database_url()), *command)
    assert done.returncode != 0
    assert "1 demo account(s), whose password everybody knows" in done.stderr
    assert set(re.findall(r"\(portal\.(\w+)\)", done.stderr)) == {"demo_accounts"}


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "postgresql", reason="production runs on PostgreSQL only: needs DATABASE_URL")
@pytest.mark.django_db(transaction=True)
def test_production_process_starts_when_all_is_safe(tmp_path: Path) -> None:
    """With the real sandbox and the real database: the checks must not stand in the way of a good installation."""
    done = run(production(tmp_path, DATABASE_URL=database_url()), "-c", "import portal.wsgi")
    assert done.returncode == 0, done.stderr
