"""No patient data in a log line, whoever writes it."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

from portal.core import logs

CANARY = "Canaria^Testina"


@pytest.fixture
def lines() -> io.StringIO:
    root, held, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    logs.configure("DEBUG")
    out = io.StringIO()
    handler = logging.getLogger().handlers[0]
    handler.setStream(out)  # type: ignore[attr-defined]
    yield out
    root.handlers[:] = held
    root.setLevel(level)
    structlog.reset_defaults()


def fail() -> None:
    raise ValueError(f"cannot read {CANARY}")


def test_a_field_that_is_not_listed_is_dropped(lines: io.StringIO) -> None:
    structlog.get_logger("portal.test").info("opened", case="4f0c", patient=CANARY)
    assert CANARY not in lines.getvalue()
    assert "4f0c" in lines.getvalue()


def test_an_exception_keeps_class_and_place_only(lines: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        structlog.get_logger("portal.test").exception("job_error")
        logging.getLogger("portal.plain").exception("job_error")
    assert CANARY not in lines.getvalue()
    assert lines.getvalue().count("ValueError") == 2
    assert "test_logs.py" in lines.getvalue()


def test_an_address_is_blanked(lines: io.StringIO) -> None:
    structlog.get_logger("portal.test").info("mail", name="testina@example.org")
    assert "testina" not in lines.getvalue()


def test_an_answer_that_is_no_page_is_named_by_its_number_alone(lines: io.StringIO) -> None:
    logging.getLogger("django.request").warning("%s: %s", "Not Found", f"/{CANARY}", extra={"status_code": 404})
    assert 'event="answered 404"' in lines.getvalue() and CANARY not in lines.getvalue()


@pytest.mark.parametrize("name", ["django.request", "celery.worker", "weasyprint", "pydicom"])
def test_a_librarys_arguments_are_dropped(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("Not Found: %s", f"/search?q={CANARY}")
    logging.getLogger(name).error(f"cannot decode {CANARY}")
    try:
        fail()
    except ValueError:
        logging.getLogger(name).exception("Internal Server Error: %s", CANARY)
    assert lines.getvalue().count("\n") == 3
    assert CANARY not in lines.getvalue()
