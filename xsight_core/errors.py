"""What can go wrong, as types.

    XsightError                     .code (stable string)  .retryable (bool)
    ├─ NotFound
    ├─ Conflict
    ├─ Forbidden
    ├─ InvalidInput                 .field
    ├─ NotEnoughData                .metric .have .need .remedy
    ├─ SealBroken
    ├─ DatabaseError
    │  ├─ DatabaseUnreachable        (retryable)
    │  ├─ DatabaseBusy               (retryable)
    │  ├─ DatabaseLoginRefused
    │  ├─ DatabaseRightMissing
    │  └─ DatabaseTooNew
    ├─ MailError
    │  ├─ MailUnavailable            (retryable)
    │  └─ MailRefused
    └─ ShopifyError
       ├─ Throttled                 .retry_after_s (retryable)
       ├─ Unavailable               (retryable)
       ├─ TokenRevoked
       ├─ AccessDenied
       └─ SchemaChanged

The library raises these. Only ``api/errors.py`` knows HTTP status codes, and only the worker reads
``retryable``. A message is written for the person who can act on it: what is wrong and what to do.
"""

from typing import ClassVar, Final

__all__ = [
    "AccessDenied",
    "Conflict",
    "DatabaseBusy",
    "DatabaseError",
    "DatabaseLoginRefused",
    "DatabaseRightMissing",
    "DatabaseTooNew",
    "DatabaseUnreachable",
    "Forbidden",
    "InvalidInput",
    "MailError",
    "MailRefused",
    "MailUnavailable",
    "NotEnoughData",
    "NotFound",
    "SchemaChanged",
    "SealBroken",
    "ShopifyError",
    "Throttled",
    "TokenRevoked",
    "Unavailable",
    "XsightError",
]


class XsightError(Exception):
    """Any failure this product explains."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class NotFound(XsightError):
    """No such thing, or not visible to whoever asks: the two are never told apart."""

    code = "not_found"


NO_SHOP: Final = "This tenant has no shop: it was removed, or never set up."


class Conflict(XsightError):
    """The request is right but the state is not."""

    code = "conflict"


class Forbidden(XsightError):
    """Known, and not allowed."""

    code = "forbidden"


class InvalidInput(XsightError):
    """Input that cannot be used. ``field`` is the path of the culprit, e.g. ``rules[2].value``."""

    code = "invalid_input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotEnoughData(XsightError):
    """Too little history for ``metric``: said instead of a NaN or a made-up number. ``remedy``: what helps."""

    code = "not_enough_data"

    def __init__(
        self, metric: str, *, have: float, need: float, what: str, remedy: str = ""
    ) -> None:
        said = f"{metric} needs {need:g} {what}; there are {have:g}."
        super().__init__(f"{said} {remedy}" if remedy else said)
        self.metric, self.have, self.need, self.what = metric, have, need, what
        self.remedy = remedy


class SealBroken(XsightError):
    """Sealed text that does not open: changed, moved from another row, or sealed with a key that is gone."""

    code = "seal_broken"


class DatabaseError(XsightError):
    """The database cannot be prepared; raised by the migration only."""

    code = "database_error"


class DatabaseUnreachable(DatabaseError):
    """No server answers at the address, or it has no such database."""

    code = "database_unreachable"
    retryable = True


class DatabaseBusy(DatabaseError):
    """A lock was not free in time; nothing has changed."""

    code = "database_busy"
    retryable = True


class DatabaseLoginRefused(DatabaseError):
    """The server does not take this role with this password."""

    code = "database_login_refused"


class DatabaseRightMissing(DatabaseError):
    """The login may not do what a migration has to."""

    code = "database_right_missing"


class DatabaseTooNew(DatabaseError):
    """The database was written by a later version."""

    code = "database_too_new"


class MailError(XsightError):
    """A message could not be sent; raised in the worker only."""

    code = "mail_error"


class MailUnavailable(MailError):
    """The mail server is down, busy, or not configured."""

    code = "mail_unavailable"
    retryable = True


class MailRefused(MailError):
    """The mail server does not take this message, now or later."""

    code = "mail_refused"


class ShopifyError(XsightError):
    """Shopify answered, and the answer is no."""

    code = "shopify_error"


class Throttled(ShopifyError):
    """The shop's cost bucket is empty; it holds enough again after ``retry_after_s``."""

    code = "shopify_throttled"
    retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(ShopifyError):
    """Shopify, or the way to it, is down for now."""

    code = "shopify_unavailable"
    retryable = True


class TokenRevoked(ShopifyError):
    """The shop no longer accepts our token: the merchant has to connect it again."""

    code = "shopify_token_revoked"


class AccessDenied(ShopifyError):
    """A scope is missing; the message names it."""

    code = "shopify_access_denied"


class SchemaChanged(ShopifyError):
    """An answer that does not fit the schema this version was written for."""

    code = "shopify_schema_changed"
