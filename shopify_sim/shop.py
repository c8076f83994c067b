"""One shop of the simulator."""

import hashlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shopify_sim import sources
from shopify_sim.bulk.operations import Operations
from shopify_sim.clock import Clock
from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from shopify_sim.connections import Shelves
from shopify_sim.deeds import DEEDS
from shopify_sim.faces import iso
from shopify_sim.faults import Faults
from shopify_sim.history import advance
from shopify_sim.http import Response
from shopify_sim.installation import Installation, Token
from shopify_sim.spoilt import Damage
from shopify_sim.store import Store
from shopify_sim.throttle import Bucket

__all__ = ["Past", "Shop", "open_shop"]

KEPT_REQUESTS = 2_000


@dataclass
class Shop:
    """A store with its clock, the apps in it and what shall go wrong."""

    domain: str
    store: Store = field(repr=False)
    clock: Clock
    config: SimConfig
    founded: datetime
    source: str
    faults: Faults = field(default_factory=Faults)
    installations: dict[str, Installation] = field(default_factory=dict)
    installed: int = 0
    codes: dict[str, Any] = field(default_factory=dict)  # oauth.Code by code
    damages: dict[str, Damage] = field(default_factory=dict)  # by global id
    persons_hidden: bool = False  # the app has no access to protected customer data
    asked: int = 0  # Admin API requests so far
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    finished: list[Any] = field(default_factory=list)  # bulk operations no webhook has told yet

    def __post_init__(self) -> None:
        """Bring the store to its clock."""
        self.shelves = Shelves(self.store)
        self.number = int(hashlib.sha256(self.domain.encode()).hexdigest()[:10], 16) + 10**10

    def wind(self) -> int:
        """Bring the store to the clock; returns the time."""
        now = self.clock.now()
        advance(self.store, now)
        return now

    def note(self, body: bytes, response: Response) -> None:
        """Keep what was asked and how it was answered."""
        named = re.search(rb"\b(?:query|mutation)\s+(\w+)", body)
        self.requests.append(
            {
                "number": self.asked,
                "operation": named[1].decode() if named else "",
                "status": response.status,
                "bytes": len(response.body) if isinstance(response.body, bytes) else None,
            }
        )

    def install(self, client_id: str, scopes: frozenset[str]) -> Installation:
        """Install an app, or change the scopes of an installed one."""
        found = self.installations.get(client_id)
        if found is not None:
            found.scopes = scopes
            return found
        self.installed += 1
        bucket = Bucket(self.config.bucket_maximum, self.config.bucket_restore_per_s)
        made = Installation(client_id, self.number + self.installed, scopes, bucket)
        made.operations = Operations(self, made)
        self.installations[client_id] = made
        return made

    def uninstall(self, client_id: str) -> Installation | None:
        """Remove an app: its tokens are void, its subscriptions gone."""
        return self.installations.pop(client_id, None)

    def admit(self, access: str) -> Installation | None:
        """The installation that an access token belongs to."""
        now = self.clock.now()
        for installation in self.installations.values():
            if installation.admit(access, now):
                return installation
        return None

    def row(self) -> dict[str, Any]:
        """The ``shop`` of GraphQL."""
        tables = self.store.tables
        local = datetime.fromtimestamp(self.clock.now() / 1e6, ZoneInfo(self.store.zone))
        offset = local.utcoffset()
        url = f"https://{self.domain}"
        created = iso(int(tables.customers["created"].min()) if len(tables.customers) else 0)
        return {
            "id": f"gid://shopify/Shop/{self.number}",
            "name": self.store.name,
            "email": f"owner@{self.domain.partition('.')[0]}.example.com",
            "contactEmail": f"hello@{self.domain.partition('.')[0]}.example.com",
            "myshopifyDomain": self.domain,
            "primaryDomain": {"host": self.domain, "url": url},
            "url": url,
            "currencyCode": self.store.currency,
            "enabledPresentmentCurrencies": sorted({coin.presentment for coin in self.store.coins}),
            "ianaTimezone": self.store.zone,
            "timezoneOffsetMinutes": int(offset.total_seconds() // 60) if offset else 0,
            "timezoneOffset": local.strftime("%z"),
            "timezoneAbbreviation": local.strftime("%Z"),
            "taxesIncluded": False,
            "taxShipping": False,
            "weightUnit": "KILOGRAMS",
            "unitSystem": "METRIC_SYSTEM",
            "setupRequired": False,
            "plan": {
                "displayName": self.store.plan,
                "publicDisplayName": self.store.plan,
                "partnerDevelopment": False,
                "shopifyPlus": self.store.plan == "Shopify Plus",
            },
            "createdAt": created,
            "updatedAt": iso(self.store.settings_at) if self.store.settings_at else created,
        }


@dataclass(frozen=True)
class Past:
    """What is known of a shop from earlier: when it was founded, its clock, the deeds done to it."""

    founded: datetime | None = None
    offset_us: int = 0
    deeds: Sequence[tuple[int, str, dict[str, Any]]] = ()


def open_shop(config: SimConfig, shop: ShopConfig, past: Past | None = None) -> Shop:
    """Load a shop. Founded before, its dates stay and the deeds are done again."""
    past = past or Past()
    clock = Clock.at(config.now)
    clock.offset_us = past.offset_us
    founded = past.founded or datetime.fromtimestamp(clock.now() / 1e6, UTC)
    store = Store(sources.load(shop.source, founded))
    for at, name, body in past.deeds:
        advance(store, at, told=False)
        DEEDS[name](store, at, body)
    advance(store, clock.now(), told=False)
    store.changes.clear()
    faults = Faults.of(config.faults)
    opened = Shop(shop.domain, store, clock, config, founded, shop.source, faults)
    for app in config.apps:
        if app.token:
            _install_ready(opened, app, app.token)
    return opened


def _install_ready(shop: Shop, app: AppConfig, access: str) -> None:
    shop.install(app.client_id, app.scopes).tokens[access] = Token(access)
