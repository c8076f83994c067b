"""From errors to RFC 9457 problem documents. The only place that knows status codes.

Every answer carries a stable ``code``, the request id, and where the input is at fault the ``field``. An unexpected
error says nothing but its request id: the cause is in the log under the same id.
"""

import math
from http import HTTPStatus
from typing import Any, Final

import psycopg
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.exceptions.http_exceptions import NotFoundException
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.access import TooSlow
from xsight_core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotEnoughData,
    NotFound,
    ShopifyError,
    Throttled,
    TokenRevoked,
    XsightError,
)
from xsight_core.segments import InvalidRule

__all__ = [
    "BadSignature",
    "CrossSite",
    "NotLoggedIn",
    "StaleToken",
    "TooLarge",
    "TooManyAttempts",
    "TooManyRequests",
    "problem",
    "problem_headers",
]


class NotLoggedIn(XsightError):
    """No session, or one that has ended."""

    code = "not_logged_in"


class CrossSite(Forbidden):
    """A change that did not come from our own pages."""

    code = "cross_site"


class StaleToken(Forbidden):
    """A change with a session but without its token: take the newest and try again."""

    code = "csrf"


class BadSignature(XsightError):
    """A delivery that its sender did not sign."""

    code = "bad_signature"


class TooLarge(XsightError):
    """A body over the limit of its address."""

    code = "request_entity_too_large"


class TooManyAttempts(XsightError):
    """Refused for ``retry_after_s`` seconds, whatever the input."""

    code = "too_many_attempts"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(TooManyAttempts):
    """More requests than this caller's share."""

    code = "too_many_requests"


# First match counts, so the special stands before the general.
STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (NotLoggedIn, HTTPStatus.UNAUTHORIZED),
    (BadSignature, HTTPStatus.UNAUTHORIZED),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotEnoughData, HTTPStatus.CONFLICT),
    (Throttled, HTTPStatus.SERVICE_UNAVAILABLE),
    (TokenRevoked, HTTPStatus.CONFLICT),
    (ShopifyError, HTTPStatus.BAD_GATEWAY),
    (XsightError, HTTPStatus.BAD_REQUEST),
)

# Errors of the database's connection, not of the statement: worth another try.
OUTAGES: Final[tuple[type[Exception], ...]] = (
    psycopg.OperationalError,
    OperationalError,
    InterfaceError,
    PoolTimeout,
    ConnectionError,
)


# What is not ours but the request's fault, or will pass.
FOREIGN: Final[tuple[tuple[type[Exception], HTTPStatus, str, str], ...]] = (
    (
        SerializationException,
        HTTPStatus.BAD_REQUEST,
        "malformed_body",
        "The body cannot be read as what it says it is.",
    ),
    (RecursionError, HTTPStatus.BAD_REQUEST, "malformed_body", "The body is nested too deeply."),
    (UnicodeError, HTTPStatus.BAD_REQUEST, "malformed_text", "The text is not valid UTF-8."),
    (
        DataError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_input",
        "A value is outside of what can be stored; shorten it.",
    ),
    *(
        (kind, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Busy; try again in a moment.")
        for kind in OUTAGES
    ),
)


def problem(error: Exception) -> dict[str, Any]:
    """The document for an error, without the request's own facts."""
    if isinstance(error, XsightError):
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        field = getattr(error, "field", None)
        said = _document(status, error.code, str(error) or status.phrase, field)
        if isinstance(error, InvalidRule):
            said |= {"problems": [{"field": p.path, "detail": p.message} for p in error.problems]}
        return said | _missing(error) if isinstance(error, NotEnoughData) else said
    for kind, status, code, detail in FOREIGN:
        if isinstance(error, kind):
            return _document(status, code, detail)
    if isinstance(error, HTTPException):
        return _framework(error)
    return _internal(HTTPStatus.INTERNAL_SERVER_ERROR)


def _framework(error: HTTPException) -> dict[str, Any]:
    """Litestar's own errors: routing, methods, sizes, media types, validation."""
    status = HTTPStatus(error.status_code)
    if isinstance(error, ValidationException):
        field, message = _first_fault(error.extra)
        detail = message or error.detail
        return _document(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", detail, field)
    if isinstance(error, NotFoundException):
        return _document(status, "not_found", "There is nothing at this address.")
    if status == HTTPStatus.BAD_REQUEST:
        detail = "The request cannot be read; check its body and headers."
        return _document(status, "malformed_body", detail)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _internal(status)
    return _document(status, status.name.lower(), status.description or status.phrase)


def _missing(error: NotEnoughData) -> dict[str, Any]:
    """What is missing, for programs."""
    return {
        "metric": error.metric,
        "have": error.have,
        "need": error.need,
        "what": error.what,
        "remedy": error.remedy or "It comes with more orders.",
    }


def _internal(status: HTTPStatus) -> dict[str, Any]:
    return _document(status, "internal", "Something went wrong on our side.")


def _document(
    status: HTTPStatus, code: str, detail: str, field: str | None = None
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": f"/api/docs#{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    return document | {"field": field} if field else document


def _first_fault(extra: Any) -> tuple[str | None, str | None]:
    """Litestar lists faults as ``{"message", "key", "source"}``; one at a time is enough to mend."""
    match extra:
        case [{"message": str(message), "key": str(key)}, *_]:
            return key, message
        case [{"message": str(message)}, *_]:
            return None, message
        case _:
            return None, None


def problem_headers(error: Exception) -> dict[str, str]:
    """What goes with the document: when to try again, which methods there are."""
    if isinstance(error, TooManyAttempts | Throttled):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    if isinstance(error, OUTAGES):
        return {"Retry-After": "2"}
    if isinstance(error, HTTPException) and error.headers:
        return dict(error.headers)
    return {}
