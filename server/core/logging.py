"""Logging: one event a line, with ids to follow, and without secrets or shoppers' words."""

import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from typing import Any

import stamina
import structlog

SECRET_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])((?:sk|rk)[_-][A-Za-z0-9_-]{8})[A-Za-z0-9_-]+"
    r"|(?<![A-Za-z0-9])((?:ck|cs|whsec|shpat|shpca|shppa|shprt|shpss|shpua)_)[A-Za-z0-9+/=]{16,}"
    r"|((?i:Bearer)\s+)[^\s\"',]+"
    r"|((?i:Basic)\s+)[A-Za-z0-9+/=]{16,}"
    r"|((?:postgres(?:ql)?|rediss?|smtps?)://[^:/\s]*:)[^@\s]+"
    r"|(://[^:/@\s]*:)[^/@\s]+(?=@)"
    r"|((?:consumer_(?:key|secret)|client_secret|access_token|refresh_token|oauth_signature)"
    r"(?:=|[\"']\s*:\s*[\"']))[^&\s\"']+"
    r"|(?<![\w.%+'-])('*[\w.%+-])[\w.%+'-]*(?=@(?:[\w-]+\.)+[^\W\d_]{2,})"
)
"""What must never appear in a log: secret keys, bearer tokens, passwords and keys in addresses, names in e-mail
addresses. The last begins at the start of a word only, so that a long text without an @ is read once, not once for each
of its letters."""

QUIET_LIBRARIES = ("aiohttp", "httpcore", "httpcore2", "httpx", "httpx2", "openai", "stripe")
"""Libraries that log each request at INFO with its address, which contains keys where OAuth 1.0a is used."""


def configure_logging(style: str) -> None:
    """Set up logging once per process, ours and that of every library; `style` is json or console."""
    as_json = style == "json"
    processors = _processors(as_json)
    renderer = _renderer(as_json)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *processors],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)  # prints tracebacks of what we report
    logging.captureWarnings(True)
    # stamina's own hooks take up to 0.3 s to import in the first retry, and log each retry; failures are logged anyway
    stamina.instrumentation.set_on_retry_hooks(())
    _catch_unhandled()


def _processors(as_json: bool) -> list[Any]:
    """The processors of every line, ours and those of libraries."""
    exceptions = (
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
        if as_json
        else structlog.processors.format_exc_info
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exceptions,
        redact,
    ]


def _renderer(as_json: bool) -> Any:
    if as_json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,  # the pretty one prints local variables: shoppers' words
    )


def _catch_unhandled() -> None:
    """Log what Python itself would print: exceptions that end a thread, and those nobody can raise. Hooks that somebody
    else has set stay."""

    def on_thread_exception(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_type is not SystemExit:
            logging.getLogger("threading").error("thread_failed", exc_info=failed.exc_value)

    def on_unraisable(ignored: "sys.UnraisableHookArgs") -> None:
        logging.getLogger("python").error("exception_ignored", exc_info=ignored.exc_value)

    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = on_thread_exception
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = on_unraisable


def redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, Any]:
    """Redact everything in an event that has the shape of a secret, at any depth."""
    return {key: value if key.startswith("_") else _redacted(value) for key, value in event.items()}


def _redacted(value: object) -> Any:
    match value:
        case str():
            return redact_text(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {redact_text(str(key)): _redacted(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(inner) for inner in value]
    return redact_text(repr(value))  # as the renderer would write it


def redact_text(text: str) -> str:
    """Return the text with every secret cut to its harmless beginning and `***`."""
    return SECRET_SHAPES.sub(lambda match: f"{next((part for part in match.groups() if part), '')}***", text)


def get_logger(name: str) -> Any:
    """Return a structlog logger. Bind ids, not contents."""
    return structlog.get_logger(name)
