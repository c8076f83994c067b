"""An app in a shop: scopes, tokens, bucket, bulk operations, subscriptions."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from shopify_sim.throttle import Bucket

__all__ = ["Installation", "Token", "covers"]

REFRESH_LIFE_S = 7_776_000
S_US = 1_000_000


@dataclass
class Token:
    """One access token; an expiring one came with a refresh token."""

    access: str
    expires_at: int | None = None  # microseconds
    refresh: str | None = None
    refresh_expires_at: int | None = None
    replaced_by: str | None = None  # access token of the pair that came of refreshing this one
    used: bool = False


@dataclass
class Installation:
    """What one app may do in one shop, and what it keeps there."""

    client_id: str
    number: int
    scopes: frozenset[str]
    bucket: Bucket
    rest: Bucket = field(default_factory=lambda: Bucket(40, 2))  # of the REST reads
    tokens: dict[str, Token] = field(default_factory=dict)
    operations: Any = None  # bulk.operations.Operations
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def issue(self, now_us: int, life_s: int, *, expiring: bool) -> Token:
        """A new token, or a pair that expires."""
        token = Token("shpat_" + secrets.token_hex(16))
        if expiring:
            token.expires_at = now_us + life_s * S_US
            token.refresh = "shprt_" + secrets.token_hex(16)
            token.refresh_expires_at = now_us + REFRESH_LIFE_S * S_US
        self.tokens[token.access] = token
        return token

    def admit(self, access: str, now_us: int) -> bool:
        """Whether an access token is good now; using a pair retires the one it replaced."""
        token = self.tokens.get(access)
        if token is None or (token.expires_at is not None and now_us >= token.expires_at):
            return False
        if not token.used:
            token.used = True
            for old in [t for t in self.tokens.values() if t.replaced_by == access]:
                del self.tokens[old.access]
        return True

    def refresh(self, refresh: str, now_us: int, life_s: int) -> Token | None:
        """A new pair for a refresh token.

        The old one may be used again until its replacement is first used: an answer can get lost.
        """
        old = next((t for t in self.tokens.values() if t.refresh == refresh), None)
        if old is None or (old.refresh_expires_at or 0) <= now_us:
            return None
        lost = self.tokens.get(old.replaced_by or "")
        if lost is not None:
            del self.tokens[lost.access]
        new = self.issue(now_us, life_s, expiring=True)
        old.replaced_by = new.access
        return new


def covers(granted: frozenset[str], scope: str) -> bool:
    """Whether ``granted`` includes ``scope``; writing includes reading."""
    return scope in granted or scope.replace("read_", "write_", 1) in granted
