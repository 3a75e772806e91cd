"""Logging: structured, and clean of what must not be in it."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# Only these are ever logged: a list of what is allowed cannot forget a new field of somebody's life.
ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "code",
        "status",
        "method",
        "path",
        "endpoint",
        "seconds",
        "count",
        "size",
        "mission_id",
        "device_id",
        "user_id",
        "submission_id",
        "form_id",
        "form_version",
        "case_id",
        "state",
        "worker",
        "database",
        "port",
        "surface",
        "url",
        "action",
        "kind",
        "exception",
    }
)
# A token, and the name of a submission's file, which a phone may have made of anything.
_SECRET: Final = re.compile(r"(/key/|/attachments/|[?&]st=)[^/?&\s\"']+")
_QUERY: Final = re.compile(r"(\?)[^\s\"']+")


def mask(text: str) -> str:
    """The text without device tokens and without what stands in the query of a URL."""
    return _QUERY.sub(r"\1…", _SECRET.sub(r"\1…", text))


def drop_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list, and mask the texts of the others."""
    return {
        name: mask(value) if isinstance(value, str) else value
        for name, value in event.items()
        if name in ALLOWED
    }


class MaskFilter(logging.Filter):
    """Masks what other libraries log through the standard library, the traceback's last words included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drops it."""
        record.msg, record.args = mask(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = mask(describe(record.exc_info[1]))
        return True


def describe(error: BaseException | None) -> str:
    """Where an error came from, without its message: messages of databases and parsers repeat what they were
    given."""
    lines = []
    while error is not None:
        trace, place = error.__traceback__, ""
        while trace is not None:
            place += (
                f"\n  {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno} {trace.tb_frame.f_code.co_name}"
            )
            trace = trace.tb_next
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}{place}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by ".join(lines)


def configure() -> None:
    """One line of JSON an event on standard error. Called once in a process."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            drop_personal,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    for name in ("alembic", "sqlalchemy"):
        # Flask-Alembic gives them handlers of their own, without our filter.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.WARNING)
    handler = logging.StreamHandler()
    handler.addFilter(MaskFilter())
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(levelname)s %(name)s %(message)s"
    )
