"""What a simulator is made of."""

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
        {"read_orders", "read_all_orders", "read_customers", "read_products", "read_customer_merge"}
    )  # of the ready token


@dataclass(frozen=True)
class ShopConfig:
    """A shop and where its data come from, see sources."""

    domain: str
    source: str


@dataclass(frozen=True)
class SimConfig:
    """Everything ``create_app`` needs. ``now`` fixes the clock (it then moves only when told)."""

    shops: tuple[ShopConfig, ...]
    apps: tuple[AppConfig, ...] = ()
    home: Path | None = None  # None: nothing outlives the process
    now: datetime | None = None
    auto_approve: bool = False
    grantable: frozenset[str] | None = None  # scopes a merchant can grant; None: all
    bucket_maximum: float = 2000
    bucket_restore_per_s: float = 100
    access_token_life_s: int = 3600
    faults: Mapping[str, Any] = field(default_factory=dict)
    seed: bytes = b"shopify-sim"  # of signatures of result files
