"""What a simulator is made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["AppConfig", "ShopConfig", "SimConfig"]


@dataclass(frozen=True)
class AppConfig:
    """An app that may be installed. ``token``: a ready access token, for tests without OAuth."""

    client_id: str
    client_secret: str
    redirect_prefix: str = "http"
    token: str | None = None
    scopes: frozenset[str] = frozenset(
        {
            "read_orders",
            "read_all_orders",
            "read_customers",
            "read_products",
            "read_customer_merge",
            "read_reports",
        }
    )  # of the ready token


@dataclass(frozen=True)
class ShopConfig:
    """A shop and where its data come from, see sources."""

    domain: str
    source: str


@dataclass(frozen=True)
class SimConfig:
    """Everything ``create_app`` needs. ``now`` fixes the clock (it then moves only when told).

    ``on_demand``: how a shop's name may begin, and the source of a shop that is founded the first time
    somebody asks for such a name.
    """

    shops: tuple[ShopConfig, ...]
    apps: tuple[AppConfig, ...] = ()
    on_demand: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None  # None: nothing outlives the process
    now: datetime | None = None
    auto_approve: bool = False
    grantable: frozenset[str] | None = None  # scopes a merchant can grant; None: all
    bucket_maximum: float = 2000
    bucket_restore_per_s: float = 100
    rest_throttled: bool = False  # whether REST reads are held to 40 calls, 2 more a second
    access_token_life_s: int = 3600
    faults: Mapping[str, Any] = field(default_factory=dict)
    seed: bytes = b"shopify-sim"  # of signatures of result files

    def founded_on_demand(self, domain: str) -> ShopConfig | None:
        """The shop that this name would be, if there may be one."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com", domain):
            return None
        sources = (source for start, source in self.on_demand.items() if domain.startswith(start))
        source = next(sources, None)
        return ShopConfig(domain, source) if source else None
