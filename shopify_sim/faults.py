"""What shall go wrong: countdowns, and rates drawn from a seed and a name, whatever the order of calls."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Faults"]


@dataclass
class Faults:
    """A fault plan. Counts are of the next requests of that kind; rates are per request or delivery, 0 to 1."""

    seed: int = 0
    # Admin API
    latency_s: float = 0.0  # of every answer
    server_errors: int = 0  # next requests answer 500
    unavailable: int = 0  # … 503
    throttled: int = 0  # … 200 with THROTTLED
    too_many_requests: int = 0  # … 429 with Retry-After
    internal_errors: int = 0  # … 200 with INTERNAL_SERVER_ERROR
    html_answers: int = 0  # … 200 with a web page
    cut_answers: int = 0  # … break off in the middle
    stalls: int = 0  # … come only after stall_s
    stall_s: float = 60.0
    unauthorized: int = 0  # … 401, though the token is good
    random_faults: float = 0.0  # share of requests: 500, 503, 429, THROTTLED, a page or a cut
    cost_factor: float = 1.0  # every query is dearer by this
    deprecated: str = ""  # reason in X-Shopify-API-Deprecated-Reason
    shown_version: str = ""  # X-Shopify-API-Version says so, whatever answered
    oldest_version: str = ""  # earlier versions fall forward to this one
    touch_every: int = (
        0  # before every n-th request some order changes: rows move while they are paged
    )
    # bulk operations
    bulk_refusals: int = 0  # next starts are refused: five are in progress
    bulk_failures: int = 0  # next operations end FAILED with a partial file
    bulk_cancels: int = 0  # … CANCELED with a partial file, though nobody asked
    bulk_expiries: int = 0  # … EXPIRED without a file
    lost_bulk: int = 0  # next looks at an operation find none
    bulk_latency_s: float = 0.0  # that an operation takes longer
    # result files
    truncated_files: int = 0  # next files break off in the middle of a line, and look whole
    grouped_files: bool = False  # children behind their parent unasked: the default until 2025-10
    scattered_files: int = (
        0  # next files have their lines in any order: children before their parents
    )
    malformed_lines: int = 0  # so many lines of the next file are no JSON
    duplicated_lines: int = 0  # so many lines of the next file are there twice
    bad_lines: list[str] = field(default_factory=list)  # put into the next file as they are
    expired_urls: int = 0  # next downloads are refused as expired
    html_downloads: int = 0  # next downloads answer 200 with a web page
    cut_downloads: int = 0  # next downloads break off; ranges go on
    # webhooks
    webhook_drop: float = 0.0
    webhook_duplicate: float = 0.0
    webhook_late: float = 0.0
    webhook_late_s: float = 7200.0
    webhook_shuffle: bool = False
    webhook_hold: bool = False  # kept back until it is false again: shuffled over all that was held
    webhook_bad_hmac: float = 0.0

    @staticmethod
    def of(plan: Mapping[str, Any]) -> "Faults":
        """A plan from plain values; names a key that is unknown."""
        faults = Faults()
        faults.update(plan)
        return faults

    def update(self, plan: Mapping[str, Any]) -> None:
        """Change some faults."""
        known = {each.name: each.type for each in fields(self)}
        unknown = sorted(set(plan) - set(known))
        if unknown:
            raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(known)}")
        for name, value in plan.items():
            setattr(self, name, type(getattr(self, name))(value))

    def strike(self, name: str) -> bool:
        """Count a fault down; True when it strikes now."""
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def take(self, name: str) -> Any:
        """All that is left."""
        left = getattr(self, name)
        setattr(self, name, type(left)())
        return left

    def draw(self, what: str, name: str) -> float:
        """A number in [0, 1) that belongs to a fault and a delivery."""
        digest = hashlib.blake2b(f"{self.seed}:{what}:{name}".encode(), digest_size=7).digest()
        return int.from_bytes(digest, "big") / 2**56
