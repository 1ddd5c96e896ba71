"""Logs as support staff read them: one event a line, with ids to follow and never a secret or a shopper's words."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_SHAPES = re.compile(
    r"(sk_[A-Za-z0-9_-]{8})[A-Za-z0-9_-]+"
    r"|(Bearer\s+)\S+"
    r"|((?:postgres(?:ql)?|rediss?|smtps?)://[^:/\s]*:)[^@\s]+"
    r"|([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*(?=@[A-Za-z0-9.-]+\.[A-Za-z]{2,})"
)
"""What must never be read in a log: secret keys, bearer tokens, passwords in addresses, names in e-mail addresses."""


def configure_logging(style: str) -> None:
    """Set up structlog once per process; `style` is json or console."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the pretty one prints local variables: shoppers' words
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for name in ("httpx", "httpcore"):  # they print addresses, and with OAuth 1.0a keys stand in addresses
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)  # prints tracebacks of what we report
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blacken everything in an event that has the shape of a secret."""
    return {key: blacken(value) if isinstance(value, str) else value for key, value in event.items()}


def blacken(text: str) -> str:
    """`text` with every secret shape cut to its harmless beginning and `***`."""
    return SECRET_SHAPES.sub(lambda match: f"{next((part for part in match.groups() if part), '')}***", text)


def get_logger(name: str) -> Any:
    """A structlog logger; bind ids, not contents."""
    return structlog.get_logger(name)
