"""Structured logs: one JSON object a line, on the error stream; secrets never reach it."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from prewatt.config.environment import LogLevel, Process
from prewatt.kernel.clock import machine_now

HIDDEN: Final = "[hidden]"
_SECRET_NAME: Final = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|credential|private|_key$|^key$", re.IGNORECASE
)
_PASSWORD_IN_ADDRESS: Final = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^:/@\s]*:)[^@/\s]+(?=@)", re.IGNORECASE)


_INVITATION: Final = re.compile(r"(?<=/invitation/)[^\s/?\"']+")


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """This function will blank what carries the name of a secret, and what opens something within addresses."""
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return _INVITATION.sub(HIDDEN, _PASSWORD_IN_ADDRESS.sub(rf"\g<before>{HIDDEN}", value))
    if isinstance(value, dict):
        return {key: _hidden(str(key), inner) for key, inner in value.items()}
    return value


def _stamp(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """This function will add the machine's time: logs are never in estate time."""
    event["at"] = machine_now().isoformat(timespec="milliseconds")
    return event


def configure(*, level: LogLevel, process: Process) -> None:
    """This function will send our log and everybody else's through the same door."""

    def name_process(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process.value
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        name_process,
        _stamp,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level.value},
            "loggers": {
                "django.server": {"handlers": [], "propagate": True},
                "httpx": {"level": "WARNING"},  # it tells every address that is asked, with its signature
                "psycopg.pool": {"level": "ERROR"},
            },
        }
    )
