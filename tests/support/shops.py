"""Shops with known orders, written straight into the tables."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

__all__ = ["ShopOrder", "add_orders", "random_orders", "set_shop"]

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ShopOrder:
    """An order as a merchant would tell it; amounts in minor units."""

    id: int
    customer: int | None
    at: datetime
    gross: int
    discounts: int = 0
    returns: int = 0
    test: bool = False
    cancelled: bool = False
    deleted: bool = False
    channel: str | None = "web"
    country: str | None = "US"
    units: int = 1

    @property
    def net(self) -> int:
        return self.gross - self.discounts - self.returns

    @property
    def counts(self) -> bool:
        return not (self.test or self.cancelled or self.deleted)

    def local_date(self, zone: str) -> date:
        return self.at.astimezone(ZoneInfo(zone)).date()


def set_shop(
    admin_url: str, tenant_id: UUID, *, zone: str = "UTC", currency: str = "USD", exponent: int = 2
) -> None:
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "UPDATE xsight.tenant_state SET timezone = %s, currency = %s, currency_exponent = %s, "
            "shop_name = 'Garden', "
            "domain = 'garden.myshopify.com', synced_at = now() WHERE tenant_id = %s",
            [zone, currency, exponent, tenant_id],
        )


def add_orders(
    admin_url: str,
    tenant_id: UUID,
    orders: Iterable[ShopOrder],
    *,
    zone: str = "UTC",
    customers: Iterable[int] | None = None,
) -> None:
    """Insert orders and their customers (ordinals by rising id), and raise the data version by one."""
    orders = list(orders)
    people = sorted({o.customer for o in orders if o.customer is not None} | set(customers or ()))
    with psycopg.connect(admin_url) as admin:
        (start,) = admin.execute(
            "SELECT next_ordinal FROM xsight.tenant_state WHERE tenant_id = %s FOR UPDATE",
            [tenant_id],
        ).fetchone()
        have = {
            row[0]
            for row in admin.execute(
                "SELECT id FROM xsight.customers WHERE tenant_id = %s", [tenant_id]
            )
        }
        new = [person for person in people if person not in have]
        now = datetime(2020, 1, 1, tzinfo=UTC)
        _copy(
            admin,
            "xsight.customers",
            (
                {
                    "tenant_id": tenant_id,
                    "id": c,
                    "ordinal": start + i,
                    "created_at": now,
                    "updated_at": now,
                }
                for i, c in enumerate(new)
            ),
        )
        _copy(admin, "xsight.orders", (_row(tenant_id, order, zone) for order in orders))
        admin.execute(
            "UPDATE xsight.tenant_state SET data_version = data_version + 1, next_ordinal = %s WHERE tenant_id = %s",
            [start + len(new), tenant_id],
        )


def _row(tenant_id: UUID, order: ShopOrder, zone: str) -> dict[str, Any]:
    money = {
        "gross": order.gross,
        "discounts": order.discounts,
        "subtotal": order.gross - order.discounts,
        "total": order.gross - order.discounts,
        "refunded": order.returns,
        "current_total": order.net,
        "current_subtotal": order.net,
        "tax": 0,
        "shipping": 0,
        "tip": 0,
    }
    return {
        "tenant_id": tenant_id,
        "id": order.id,
        "name": f"#{order.id}",
        "customer_id": order.customer,
        "created_at": order.at,
        "updated_at": order.at,
        "processed_at": order.at,
        "day": (order.local_date(zone) - EPOCH).days,
        "cancelled_at": order.at if order.cancelled else None,
        "deleted_at": order.at if order.deleted else None,
        "test": order.test,
        "edited": False,
        "currency": "USD",
        "taxes_included": False,
        "channel": order.channel,
        "country": order.country,
        "units": order.units,
        "gross_minor": order.gross,
        "discounts_minor": order.discounts,
        "returns_minor": order.returns,
        "net_minor": order.net,
        **{name: Decimal(minor) / 100 for name, minor in money.items()},
    }


def _copy(admin: psycopg.Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    with admin.cursor().copy(f"COPY {table} ({', '.join(rows[0])}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(list(row.values()))


def random_orders(
    seed: int, *, customers: int = 60, orders: int = 400, days: int = 700, end: datetime
) -> list[ShopOrder]:
    """A shop with guests, tests, cancellations, deletions, returns, zero orders and many orders near midnight."""
    rng = random.Random(seed)
    made: list[ShopOrder] = []
    for number in range(orders):
        at = end - timedelta(days=rng.uniform(0, days))
        if rng.random() < 0.3:
            at = at.replace(
                hour=rng.choice([0, 3, 4, 5, 23]),
                minute=rng.choice([0, 59]),
                second=0,
                microsecond=0,
            )
        gross = 0 if rng.random() < 0.05 else rng.randrange(100, 40_000)
        discounts = rng.choice([0, 0, gross // 10])
        made.append(
            ShopOrder(
                id=1000 + number,
                customer=None if rng.random() < 0.1 else 1 + int(customers * rng.random() ** 2),
                at=min(at, end),
                gross=gross,
                discounts=discounts,
                returns=rng.choice([0, 0, 0, gross - discounts]),
                test=rng.random() < 0.03,
                cancelled=rng.random() < 0.05,
                deleted=rng.random() < 0.03,
                channel=rng.choice(["web", "pos", None]),
                country=rng.choice(["US", "CA", "DE", None]),
                units=rng.randrange(1, 5),
            )
        )
    rng.shuffle(made)
    return made
