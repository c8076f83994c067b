"""A shop whose customers are CDNOW's, with lines, discounts, returns, guests and orders that do not count."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from tests.support.cdnow import transactions
from tests.support.shops import EPOCH, ShopOrder, add_orders, set_shop

__all__ = ["PRODUCTS", "Line", "MarketOrder", "add_market", "market"]

_LINE = (
    "tenant_id, order_id, id, product_id, title, quantity, current_quantity, gift_card, unit_price, gross, "
    "discounts, net, tax, gross_minor, net_minor"
)
PRODUCTS = {501: "Trowel", 502: "Gloves", 503: "Seeds", 504: "Pot", 505: None}


@dataclass(frozen=True)
class Line:
    """Amounts in minor units; ``back`` is the shop's day on which all of it was given back."""

    product: int | None
    units: int
    gross: int
    net: int
    gift: bool = False
    back: date | None = None


@dataclass(frozen=True)
class MarketOrder:
    """An order and what is in it."""

    order: ShopOrder
    lines: tuple[Line, ...]
    code: str | None


def market(seed: int, *, now: datetime, zone: str, every: int = 20) -> list[MarketOrder]:
    """The orders of one of ``every`` CDNOW customers, moved so that the last day is recent."""
    rng = random.Random(seed)
    frame = transactions(now)
    frame = frame[frame["customer"] % every == seed % every]
    made: list[MarketOrder] = []
    for number, (customer, day, cents) in enumerate(
        zip(frame["customer"], frame["date"], frame["cents"], strict=True), start=1
    ):
        at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(
            seconds=rng.choice([rng.randrange(86_000), 60, 86_100])
        )
        if at > now:
            continue
        lines = tuple(_lines(rng, int(cents), at.date(), now.date()))
        sold = [line for line in lines if not line.gift]
        edited = rng.choice([0] * 30 + [min(50, sum(line.net for line in sold))])
        made.append(
            MarketOrder(
                ShopOrder(
                    id=10_000 + number,
                    customer=None if rng.random() < 0.05 else 1000 + int(customer),
                    at=at.astimezone(UTC),
                    gross=sum(line.gross for line in sold),
                    discounts=sum(line.gross - line.net for line in sold),
                    returns=sum(line.net for line in sold if line.back) + edited,
                    test=rng.random() < 0.02,
                    cancelled=rng.random() < 0.02,
                    deleted=rng.random() < 0.02,
                    channel=rng.choice(["web", "web", "pos", None]),
                    country=rng.choice(["DE", "FR", None]),
                    units=sum(line.units for line in sold),
                ),
                lines,
                rng.choice([None, None, "SPRING", "VIP"]),
            )
        )
    return made


def _lines(rng: random.Random, cents: int, day: date, today: date) -> Iterator[Line]:
    products = rng.choice([[501], [501, 502], [503], [504], [501, 502, 503], [505], [None]])
    left = cents
    for place, product in enumerate(products, start=1):
        gross = left if place == len(products) else left // 2
        left -= gross
        net = gross - rng.choice([0, 0, 0, gross // 10])
        back = day + timedelta(days=rng.randrange(40)) if rng.random() < 0.08 else None
        line = Line(product, rng.randrange(1, 4), gross, net)
        yield replace(line, back=back) if back and back <= today else line
    if rng.random() < 0.03:
        yield Line(504, 1, 2500, 2500, gift=True)


def add_market(admin_url: str, tenant_id: UUID, orders: list[MarketOrder], *, zone: str) -> None:
    """Orders, lines, refunds, products, in the tables."""
    set_shop(admin_url, tenant_id, zone=zone, currency="USD")
    add_orders(admin_url, tenant_id, [one.order for one in orders], zone=zone)
    lines, refunds, refunded = [], [], []
    for one in orders:
        for place, line in enumerate(one.lines):
            key = one.order.id * 10 + place
            gross, net = Decimal(line.gross) / 100, Decimal(line.net) / 100
            lines.append(
                (tenant_id, one.order.id, key, line.product, "Thing", line.units, line.units, line.gift,
                 gross / line.units, gross, gross - net, net, 0, line.gross, line.net)
            )  # fmt: skip
            if line.back:
                day = (line.back - EPOCH).days
                refunds.append((tenant_id, one.order.id, key, one.order.at, day, net + 1, True))
                refunded.append((tenant_id, one.order.id, key, key, line.units, net, 0))
    with psycopg.connect(admin_url) as admin:
        for table, columns, rows in (
            ("order_lines", _LINE, lines),
            ("refunds", "tenant_id, order_id, id, created_at, day, total, detailed", refunds),
            ("refund_lines", "tenant_id, order_id, refund_id, line_id, quantity, subtotal, tax", refunded),
            ("products", "tenant_id, id, title, gift_card, created_at, updated_at",
             [(tenant_id, key, title, False, "2020-01-01", "2020-01-01") for key, title in PRODUCTS.items()]),
        ):  # fmt: skip
            with admin.cursor().copy(f"COPY xsight.{table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        for code in ("SPRING", "VIP"):
            admin.execute(
                "UPDATE xsight.orders SET discount_codes = %s WHERE tenant_id = %s AND id = ANY(%s)",
                [[code], tenant_id, [one.order.id for one in orders if one.code == code]],
            )
