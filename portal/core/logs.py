"""Logs for operators: structured, and without patient data.

Two nets. Callers log codes and opaque ids only. And a filter drops every field that is not on the list below and blanks
e-mail addresses, so that an exception's message, which may quote a record, never reaches a line: only its class and where
it was raised.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

ALLOWED = frozenset(  # names of fields
    "event level timestamp logger request job name attempt error problem where case object upload count seconds status method view "
    "state code port address pid signal version phase setting queue todo".split()
)
EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
QUIET = ("celery.worker", "celery.app.trace", "weasyprint", "fontTools", "PIL", "pydicom", "botocore", "urllib3")
"""Libraries whose progress tells an operator nothing."""
MAX_VALUE = 120
FORMATTERS_OWN = ("_record", "_from_structlog")
"""structlog's formatter passes these to itself; `remove_processors_meta` takes them out before a line is written."""

Fields = MutableMapping[str, Any]


def where(problem: BaseException) -> str:
    """File and line that raised, never the message."""
    frames = traceback.extract_tb(problem.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))


def drop_unlisted(_: Any, __: str, fields: Fields) -> Fields:
    """Keep listed fields, each short and without an address; turn an exception into class and place."""
    info = fields.pop("exc_info", None)
    if info:
        problem = info if isinstance(info, BaseException) else (sys.exc_info()[1] if info is True else info[1])
        if problem is not None:
            fields["error"], fields["where"] = type(problem).__name__, where(problem)
    kept = {key: fields[key] for key in FORMATTERS_OWN if key in fields}
    return kept | {
        key: EMAIL.sub("[address]", str(value))[:MAX_VALUE] for key, value in fields.items() if key in ALLOWED
    }


class LibraryFilter(logging.Filter):
    """Other libraries put request paths, arguments and quotations into their messages: keep the template, drop the arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("portal", "cases", "records", "specialists")):
            template = re.sub(r"%(\(\w+\))?[-\w.]*", "…", str(record.msg)) if record.args else "library message"
            if isinstance(
                answered := getattr(record, "status_code", None), int
            ):  # Django's line for an answer of 4xx, 5xx
                template = f"answered {answered}"
            record.msg, record.args = template, ()
        record.stack_info = None
        return True


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    drop_unlisted,
]


def handler() -> logging.Handler:
    """Writes one line for each record to standard error, through both nets."""
    made = logging.StreamHandler()
    made.addFilter(LibraryFilter())
    made.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                drop_unlisted,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
        )
    )
    return made


def configure(level: str = "INFO") -> None:
    """Called once from the settings of each kind of installation."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("celery").setLevel(logging.WARNING)  # two lines for each task, and the Job table tells more
    root = logging.getLogger()
    root.handlers[:] = [handler()]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
