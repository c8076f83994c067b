"""What shall go wrong: countdowns, and rates drawn from a seed and a name, whatever the order of calls."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Faults"]


@dataclass
class Faults:
    """A fault plan. Counts are of the next requests of that kind; rates are per delivery, 0 to 1."""

    seed: int = 0
    latency_s: float = 0  # of every Admin API answer
    server_errors: int = 0  # next Admin API requests answer 500
    unavailable: int = 0  # … 503
    throttled: int = 0  # … 200 with THROTTLED
    too_many_requests: int = 0  # … 429 with Retry-After
    internal_errors: int = 0  # … 200 with INTERNAL_SERVER_ERROR
    bulk_failures: int = 0  # next bulk operations end FAILED with a partial file
    bulk_latency_s: float = 0  # that a bulk operation takes longer
    truncated_files: int = 0  # next result files break off in the middle
    expired_urls: int = 0  # next downloads are refused as expired
    webhook_drop: float = 0
    webhook_duplicate: float = 0
    webhook_late: float = 0
    webhook_late_s: float = 7200
    webhook_shuffle: bool = False
    webhook_bad_hmac: float = 0

    @staticmethod
    def of(plan: Mapping[str, Any]) -> "Faults":
        """A plan from plain values; names a key that is unknown."""
        faults = Faults()
        faults.update(plan)
        return faults

    def update(self, plan: Mapping[str, Any]) -> None:
        """Change some faults."""
        known = {field.name: field.type for field in fields(self)}
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

    def draw(self, what: str, name: str) -> float:
        """A number in [0, 1) that belongs to a fault and a delivery."""
        digest = hashlib.blake2b(f"{self.seed}:{what}:{name}".encode(), digest_size=7).digest()
        return int.from_bytes(digest, "big") / 2**56
