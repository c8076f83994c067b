"""Shops made at random, with everything in them that a rule can trip over; the rows go straight into the tables."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import JSON

from xsight_core.analytics import SEGMENTS
from xsight_core.db.tables import metadata

EPOCH = date(1970, 1, 1)
TODAY = date(2026, 11, 22)
ZONE = "America/New_York"
OTHER_SEGMENT = UUID(int=7)
WORDS = [
    "vip",
    "VIP",
    "Wholesale",
    "straße",
    "STRASSE",
    "a_b",
    "a%b",
    "ab",
    "İstanbul",
    "'; --",
    "é",
]
COUNTRIES = ["US", "DE", "at", "FR", None]
CHANNELS = ["web", "pos", "Shop App", None]
MADE_UP = {
    str: "x",
    int: 0,
    bool: False,
    Decimal: Decimal(0),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
}


@dataclass
class Shop:
    """Rows by table; what is not said is made up when they are written."""

    tenant: UUID
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    insight_run: UUID = field(default_factory=uuid4)

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


def random_shop(  # noqa: C901, PLR0912 - one shop, table by table
    tenant: UUID, seed: int, customers: int = 45, orders: int = 130
) -> Shop:
    rng = np.random.default_rng(seed)
    shop = Shop(tenant)

    def pick(values):
        return values[int(rng.integers(len(values)))]

    def some(values, most):
        return [pick(values) for _ in range(int(rng.integers(most + 1)))]

    products = [7001 + i for i in range(10)]
    for i, product in enumerate(products):
        shop.add(
            "products",
            id=product,
            title=pick(["Blue Gloves", "gloves", "Seeds", None]),
            vendor=pick(["Acme", "ACME", "Other", None]),
            product_type=pick(["Seeds", "Tools", None]),
            tags=some(["sale", "Sale", "new"], 2),
            deleted_at=None if i else moment(TODAY),
        )
        for collection in set(some([8001, 8002, 8003], 2)):
            shop.add("product_collections", product_id=product, id=collection)
    people = [1001 + i for i in range(customers)]
    for ordinal, person in enumerate(people):
        merged = person - 1 if rng.random() < 0.05 and ordinal else None
        shop.add(
            "customers",
            id=person,
            ordinal=ordinal,
            merged_into=merged,
            deleted_at=moment(TODAY) if rng.random() < 0.05 else None,
            created_at=moment(TODAY - timedelta(int(rng.integers(0, 500))), int(rng.integers(24))),
            state=pick(["ENABLED", "DISABLED", None]),
            locale=pick(["en", "de-AT", "DE", None]),
            tags=sorted(set(some(WORDS, 3))),
            country=pick(COUNTRIES),
            province=pick(["NY", "BY", None]),
            email_consent=pick(["SUBSCRIBED", "UNSUBSCRIBED", None]),
            sms_consent=pick(["SUBSCRIBED", "PENDING", None]),
            verified_email=pick([True, False, None]),
            tax_exempt=pick([True, False, None]),
            orders_count=pick([0, 1, 3, None]),
            amount_spent=pick([Decimal("199.9900"), Decimal(250), None]),
        )
        if rng.random() < 0.8:
            shop.add(
                "customer_pii",
                customer_id=person,
                email=pick(["Ada@Example.com", "b@test.org", None]),
                phone=pick(["+4930", None]),
                first_name=pick(["Ada", "Åsa", None]),
                last_name=pick(["Lovelace", None]),
                city=pick(["New York City", "Berlin", None]),
                zip=pick(["10115", "20095", None]),
            )
        if rng.random() < 0.6:
            shop.add(
                "customer_traits",
                customer_id=person,
                rfm_group=pick(["CHAMPIONS", "NEW", None]),
                spend_tier=pick(["HIGH", "LOW", None]),
            )
        if rng.random() < 0.6:
            shop.add(
                "customer_places",
                customer_id=person,
                latitude=float(rng.uniform(51, 54)),
                longitude=float(rng.uniform(11, 15)),
            )
        for key in ("facts.birth_date", "facts.size", "facts.loud"):
            if rng.random() < 0.5:
                shop.add(
                    "customer_metafields",
                    customer_id=person,
                    key=key,
                    value=pick(
                        ["2026-11-30", "2026-02-31", "12.5", "true", "false", "Blue", "7", None]
                    ),
                )
    for i in range(orders):
        order, days = (
            5001 + i,
            int(rng.choice([0, 1, 7, 30, 90, 182, 183, 365, int(rng.integers(-3, 600))])),
        )
        gross = int(rng.choice([0, 1000, 2000, 5000, int(rng.integers(0, 20000))]))
        discounts = int(rng.choice([0, 0, gross // 5, gross]))
        returns = int(rng.choice([0, 0, 0, (gross - discounts) // 2, gross - discounts]))
        units = 0
        for line in range(int(rng.integers(4))):
            quantity = int(rng.integers(1, 4))
            units += quantity
            shop.add(
                "order_lines",
                order_id=order,
                id=line + 1,
                product_id=pick([*products, 9999, None]),
                variant_id=pick([7101, 7102, None]),
                quantity=quantity,
                current_quantity=quantity,
                gross=Decimal("12.5000"),
                gross_minor=1250,
                net_minor=pick([1000, 3050]),
            )
        shop.add(
            "orders",
            id=order,
            currency="EUR" if rng.random() < 0.04 else "USD",
            customer_id=pick([*people, *people, 4242, None]),
            day=(TODAY - EPOCH).days - days,
            processed_at=moment(TODAY - timedelta(days), 17),
            test=bool(rng.random() < 0.05),
            cancelled_at=moment(TODAY) if rng.random() < 0.05 else None,
            deleted_at=moment(TODAY) if rng.random() < 0.05 else None,
            gross_minor=gross,
            discounts_minor=discounts,
            returns_minor=returns,
            net_minor=gross - discounts - returns,
            units=units,
            channel=pick(CHANNELS),
            country=pick(COUNTRIES),
            discount_codes=some(["WELCOME", "sale10"], 1),
            total=Decimal(gross) / 100 + 5,
        )
    shop.add("insight_runs", id=shop.insight_run, as_of=TODAY, rule_version="1", parameters={})
    for person in people:
        if rng.random() < 0.7:
            known = rng.random() < 0.7
            value = int(rng.choice([0, 1000, int(rng.integers(9000))]))
            low = float(rng.random())
            score = {
                "insight_run": shop.insight_run,
                "customer_id": person,
                "segment": pick([one.key for one in SEGMENTS]),
            }
            score |= {name: int(rng.integers(1, 6)) for name in "rfm"}
            for column in [c.name for c in metadata.tables["xsight.customer_insights"].columns]:
                if not known or rng.random() < 0.1:
                    guess = None
                elif column.startswith("clv_"):
                    guess = value
                elif column.startswith("next_order_day"):
                    guess = (TODAY - EPOCH).days + int(rng.integers(60))
                elif column.startswith(("p_alive", "churn", "expected_orders")):
                    guess = float(rng.choice([0.25, 0.5, low * 3]))
                else:
                    continue
                if column.startswith(
                    ("clv_", "next_order_day", "p_alive", "churn", "expected_orders")
                ):
                    score[column] = guess
            shop.add("customer_insights", **score)
    shop.add("segments", id=OTHER_SEGMENT, name="Other", rule={})
    for i, person in enumerate(people[::5]):
        shop.add(
            "segment_events",
            segment_id=OTHER_SEGMENT,
            customer_id=person,
            entered=bool(i % 2),
            at=moment(TODAY),
            day=(TODAY - EPOCH).days - i,
        )
    return shop


def moment(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def write(admin_url: str, shop: Shop) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin, admin.cursor() as cursor:
        for name in metadata.tables:
            table, rows = metadata.tables[name], shop.rows.get(name.removeprefix("xsight."))
            if not rows or table.schema != "xsight":
                continue
            told = [_filled(table, shop.tenant, row) for row in rows]
            columns = ", ".join(f'"{column}"' for column in told[0])
            places = ", ".join(["%s"] * len(told[0]))
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({places})",
                [list(row.values()) for row in told],
            )
            cursor.execute(f"ANALYZE {table}")
        cursor.execute(
            "UPDATE xsight.tenant_state SET timezone = %s, insight_run = %s, data_version = data_version + 1 "
            "WHERE tenant_id = %s",
            [ZONE, shop.insight_run, shop.tenant],
        )


def _filled(table, tenant: UUID, row: dict[str, Any]) -> dict[str, Any]:
    filled = {"tenant_id": tenant}
    for column in table.columns:
        if column.name in row:
            value = row[column.name]
            filled[column.name] = (
                Jsonb(value) if isinstance(column.type, JSON) and value is not None else value
            )
        elif (
            not column.nullable
            and column.name != "tenant_id"
            and column.server_default is None
            and column.identity is None
            and column.default is None
        ):
            filled[column.name] = (
                Jsonb({})
                if isinstance(column.type, JSON)
                else MADE_UP.get(column.type.python_type, 0)
            )
    return filled
