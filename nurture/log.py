"""What the program says to its operator: JSON lines for the journal, colours for a terminal.

Each line has ``action``, a stable word that searches and alarms can rely on, and words for people beside it:
``logger().info("a letter left", action="send", …)``. A unit of work
(one beat, one letter, one mailbox read) says one rich line when it ends: ``with unit("mailbox.read") as line``.
Mail addresses are shortened wherever they appear, values under telling names are never shown, and tracebacks
carry no local variables: they could hold a password.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

ADDRESS = re.compile(
    r"(?<![\w.+-])([^\s@<>\"'(),:;\[\]\\]{1,64})@([A-Za-z0-9.-]{1,253}|[^\s@<>\"'(),:;\[\]\\]{1,253})"
)
"""Anything that looks like an address, with international ones."""

SECRET_WORDS = ("password", "passwd", "secret", "token", "authorization", "cookie", "credential", "api_key")
_IN_URL = re.compile(r"(?i)\b(password|secret|token|key|code)=([^&\s\"']+)")
_HIDDEN = "***"
_QUIET = {
    "aioimaplib": logging.ERROR,  # it logs whole mails at DEBUG and chatter of servers at INFO
    "aiosmtplib": logging.WARNING,
    "mail.log": logging.WARNING,  # aiosmtpd
    "pymap": logging.WARNING,
    "asyncio": logging.WARNING,
    "alembic": logging.WARNING,
    "httpx": logging.WARNING,  # whole addresses at INFO; that of a subscription may be a secret
    "httpcore": logging.WARNING,
}


def redact(address: str) -> str:
    """An address that its owner recognises and nobody can write to: ``s***@x.example``."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}" if at and local else _HIDDEN


def _clean(value: object) -> object:
    if isinstance(value, str):
        hidden = _IN_URL.sub(rf"\1={_HIDDEN}", value)
        return ADDRESS.sub(lambda found: redact(found[0]), hidden) if "@" in hidden else hidden
    if isinstance(value, dict):
        return {key: _HIDDEN if _telling(key) else _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _clean(str(value))


def _telling(key: object) -> bool:
    return any(word in str(key).lower() for word in SECRET_WORDS)


def _private(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Shorten addresses and drop secrets, in every value, whoever wrote it."""
    kept = {key: value for key, value in event.items() if key.startswith("_") or key == "exc_info"}
    said = {key: value for key, value in event.items() if key not in kept}
    return {**cast("dict[str, Any]", _clean(said)), **kept}


def _named(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """``action`` first: the stable word; a line that has words besides keeps them as ``text``."""
    words = event.pop("event", "")
    first = {"at": event.pop("at", None), "level": event.pop("level", None), "action": event.pop("action", None)}
    if first["action"] is None:
        first["action"] = words
    else:
        first["text"] = words
    return {**first, **event}


def configure(*, level: str = "INFO", stream: TextIO | None = None, json: bool | None = None) -> None:
    """Set up logging for the process; may be called again.

    Args:
        level: the least urgent level that is shown.
        stream: where lines go; standard output when None (the journal takes it from there).
        json: one JSON object per line; when None, unless the stream is a terminal.
    """
    out = stream if stream is not None else sys.stdout
    as_json = not out.isatty() if json is None else json
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    finish: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    finish.append(structlog.processors.format_exc_info)  # before _private: tracebacks cite addresses too
    if as_json:
        finish += [
            _named,
            _private,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
        ]
    else:
        finish += [
            _private,
            structlog.dev.ConsoleRenderer(
                colors=out.isatty(),
                timestamp_key="at",
            ),
        ]
    lines = logging.StreamHandler(out)
    lines.setFormatter(structlog.stdlib.ProcessorFormatter(processors=finish, foreign_pre_chain=common))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def logger(**bound: object) -> structlog.stdlib.BoundLogger:
    """The program's logger: ``logger(mailbox="tanaka").info("mailbox read", action="read", mails=3)``."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger("nurture", **bound))


@contextmanager
def unit(action: str, **fields: object) -> Iterator[dict[str, object]]:
    """One line for one unit of work, said when it ends: fields, duration in seconds, and whether it failed.

    Put what becomes known meanwhile into the dictionary; set ``level`` there to change the urgency. An
    exception is named, not swallowed.
    """
    line: dict[str, object] = dict(fields)
    began = time.perf_counter()
    try:
        yield line
    except asyncio.CancelledError:
        line["outcome"] = "cancelled"
        raise
    except Exception as error:
        line |= {"outcome": "failed", "error": type(error).__name__, "problem": str(error), "level": "error"}
        raise
    finally:
        line.setdefault("outcome", "done")
        line["seconds"] = round(time.perf_counter() - began, 3)
        level = str(line.pop("level", "info"))
        getattr(logger(), level)(action, **line)
