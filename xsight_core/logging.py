"""Structured logs: one event per fact, and no secret in any of them.

``log.info("sync.page", rows=250)``. What a request or task is about (``tenant_id``, ``request_id``, ``job_id``) is
bound once with ``structlog.contextvars.bound_contextvars``. Records of libraries go through the same processors.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

__all__ = ["configure_logging", "redact"]

HIDDEN: Final = "[hidden]"

_SECRET_NAME: Final = re.compile(
    r"token|secret|passw|cookie|authorization|hmac|dsn|credential|(^|[_-])key(s|ring)?$",
    re.IGNORECASE,
)
# in free text: passwords in addresses, bearer and Shopify tokens, signatures and codes in queries
_SECRET_TEXT: Final = (
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"\bshp[a-z]{2}_[0-9a-zA-Z]+"), HIDDEN),
    (
        re.compile(r"(?i)\b(password|secret|token|hmac|code|state|access_token)=[^\s&'\"]+"),
        rf"\1={HIDDEN}",
    ),
)


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Hide what must not be written: values under telling names at any depth, and secrets inside texts."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping):
        inside = cast("Mapping[Any, Any]", value)
        return {str(key): _redacted(str(key), inner) for key, inner in inside.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", inner) for inner in cast("Iterable[Any]", value)]
    return value


def configure_logging(
    *,
    level: str = "INFO",
    form: str = "json",
    stream: TextIO | None = None,
) -> None:
    """Set up structlog and the standard library's logging alike; once, in the composition root.

    ``form`` is ``json`` (one object a line) or ``console``.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # an exception becomes text before the redactor reads it: its message may quote an address
    last: list[Processor] = [structlog.processors.format_exc_info, redact]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if form == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *last,
                renderer,
            ],
        )
    )
    # clients log whole addresses, with the codes and signatures in their queries
    for client in ("httpx", "httpcore"):
        logging.getLogger(client).setLevel(logging.WARNING)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
