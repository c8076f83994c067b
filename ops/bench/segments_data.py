"""A seeded shop of 1 M customers and 5 M orders for ``bench segments``: its ledger made directly, customers as rows.

The database holds the shop, all customers, and of orders, lines and scores those of the customers who are going to
change, the same as the files: the rest is never read from there. Made once, kept until tables or this file change.
``XSIGHT_BENCH_CUSTOMERS`` makes a smaller one.
"""

import asyncio
import io
import os
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa
from pyarrow import csv

from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines, Products, Refunds
from xsight_core.analytics.segments import SEGMENTS
from xsight_core.ledger import Ledger, ledger_folder, read_shop
from xsight_core.ledger.columns import keep_columns
from xsight_core.ledger.mark import read_mark
from xsight_core.ledger.people import People
from xsight_core.ledger.scores import SCORES
from xsight_core.services.audit import SYSTEM
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Books
from xsight_core.services.segments import create_segment, list_templates
from xsight_core.tenancy import Tenancy

__all__ = ["CHANGED", "CUSTOMERS", "ORDERS", "RUN", "fill", "score_arrays", "shop_arrays"]

CUSTOMERS: Final = int(os.environ.get("XSIGHT_BENCH_CUSTOMERS", "1000000"))
ORDERS, DAYS, CHANGED = 5 * CUSTOMERS, 1095, 1_000
PRODUCTS, VENDORS, TYPES = 2_000, 40, 12
RUN: Final = UUID("00000000-0000-4000-8000-0000000000e1")
COUNTRIES: Final = ("AU", "CA", "DE", "FR", "GB", "US")
CHANNELS: Final = ("draft", "pos", "shop", "web")
_DISCOUNTED, _RETURNED, _SECOND_LINE, _VIP, _SUBSCRIBED = 0.2, 0.04, 0.4, 0.03, 0.45
_FLOATS: Final = ("p_alive", "churn_90", "expected_orders", "p_order")


_ORDERS_SQL: Final = """
INSERT INTO xsight.orders (tenant_id, id, name, customer_id, created_at, updated_at, processed_at, day, test, edited,
  currency, taxes_included, channel, discount_codes, units, gross, discounts, subtotal, tax, shipping, tip, total,
  refunded, current_total, current_subtotal, gross_minor, discounts_minor, returns_minor, net_minor, taxes_minor,
  shipping_minor)
SELECT tenant_id, id, '#' || id, customer, now(), now(), now(), day, false, false, 'USD', false, channel, '{}', units,
  gross / 100.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, gross, discounts, back, gross - discounts - back, 0, 0 FROM made"""
_LINES_SQL: Final = """
INSERT INTO xsight.order_lines (tenant_id, order_id, id, product_id, quantity, current_quantity, gift_card, unit_price,
  gross, discounts, net, tax, gross_minor, net_minor)
SELECT tenant_id, order_id, id, product, 1, 1, false, 0, 0, 0, 0, 0, net, net FROM made_lines"""


def shop_arrays(today: int) -> dict[str, Any]:
    """Orders by day with their lines, as columns; customers by ordinal."""
    rng = np.random.default_rng(20261122)
    born = rng.integers(0, DAYS, CUSTOMERS)
    activity = rng.gamma(0.5, 2.0, CUSTOMERS)
    more = rng.choice(CUSTOMERS, ORDERS - CUSTOMERS, p=activity / activity.sum())
    customer = np.r_[np.arange(CUSTOMERS), more].astype(np.int32)
    stays = rng.exponential(300, CUSTOMERS)
    later = np.r_[np.zeros(CUSTOMERS), rng.random(ORDERS - CUSTOMERS)] * stays[customer]
    day = np.minimum(born[customer] + later.astype(np.int64), DAYS - 1) + today - DAYS + 1
    order = np.argsort(day, kind="stable")
    customer, day = customer[order], day[order].astype(np.int32)
    gross = rng.gamma(3, 2000, ORDERS).astype(np.int64) + 200
    discounts = np.where(rng.random(ORDERS) < _DISCOUNTED, gross // 10, 0)
    returns = np.where(rng.random(ORDERS) < _RETURNED, gross - discounts, 0)
    per_order = 1 + (rng.random(ORDERS) < _SECOND_LINE).astype(np.int64)
    of = np.repeat(np.arange(ORDERS, dtype=np.int32), per_order)
    popular = rng.zipf(1.3, len(of)) % PRODUCTS
    return {
        "customer": customer,
        "day": day,
        "gross": gross,
        "discounts": discounts,
        "returns": returns,
        "units": per_order.astype(np.int32),
        "channel": rng.integers(0, len(CHANNELS), ORDERS).astype(np.int16),
        "line_order": of,
        "line_product": popular.astype(np.int32),
        "line_net": (gross - discounts)[of] // per_order[of],
        "country": rng.integers(0, len(COUNTRIES), CUSTOMERS),
        "vip": rng.random(CUSTOMERS) < _VIP,
        "subscribed": rng.random(CUSTOMERS) < _SUBSCRIBED,
        "born": born + today - DAYS + 1,
    }


def score_arrays() -> dict[str, Any]:
    """Scores of every customer; ``segment`` is an index of the sorted keys."""
    rng = np.random.default_rng(7)
    columns: dict[str, Any] = {
        "segment": rng.integers(0, len(SEGMENTS), CUSTOMERS).astype(np.int16)
    }
    for name in SCORES:
        floats = name.startswith(_FLOATS)
        columns[name] = (
            rng.random(CUSTOMERS) if floats else rng.gamma(2, 5000, CUSTOMERS).astype(np.int64)
        )
    for name in ("r", "f", "m"):
        columns[name] = rng.integers(1, 6, CUSTOMERS)
    return columns


def fill(urls: dict[str, str], tenant: UUID, home: Path, today: int) -> None:
    """Rows, ledger, scores and forty segments."""
    made = shop_arrays(today)
    with psycopg.connect(urls["admin"]) as admin:
        _rows(admin, tenant, made)
    tenancy = Tenancy(urls["app"])
    _ledger(tenancy, tenant, home, made)
    asyncio.run(_segments(tenancy, tenant, home))


def ids(ordinals: Any) -> Any:
    """Customers' ids by ordinal."""
    return 17 * (ordinals.astype(np.int64) + 1)


def _rows(admin: psycopg.Connection, tenant: UUID, made: dict[str, Any]) -> None:
    admin.execute("SET session_replication_role = replica")  # no triggers: nobody has read yet
    admin.execute("SET synchronous_commit = off")
    admin.execute(
        "INSERT INTO control.tenants (id, slug, name) VALUES (%s, 'bench0', 'Bench')", [tenant]
    )
    admin.execute(
        "INSERT INTO xsight.tenant_state (tenant_id, shop_name, data_version, next_ordinal, insight_run) "
        "VALUES (%s, 'Bench', 1, %s, %s)",
        [tenant, CUSTOMERS, RUN],
    )
    people = pa.table(
        {
            "tenant": pa.array([str(tenant)] * CUSTOMERS),
            "id": ids(np.arange(CUSTOMERS)),
            "ordinal": np.arange(CUSTOMERS),
            "created": _times(made["born"]),
            "updated": _times(made["born"]),
            "country": np.array(COUNTRIES)[made["country"]],
            "tags": np.where(made["vip"], "{vip}", "{}"),
            "consent": np.where(made["subscribed"], "SUBSCRIBED", "NOT_SUBSCRIBED"),
        }
    )
    _copy(
        admin,
        "xsight.customers (tenant_id, id, ordinal, created_at, updated_at, country, tags, email_consent)",
        people,
    )
    products = pa.table(
        {
            "tenant": pa.array([str(tenant)] * PRODUCTS),
            "id": np.arange(1, PRODUCTS + 1),
            "title": [f"Product {i}" for i in range(PRODUCTS)],
            "vendor": [f"Vendor {i % VENDORS}" for i in range(PRODUCTS)],
            "type": [f"Type {i % TYPES}" for i in range(PRODUCTS)],
            "gift": ["f"] * PRODUCTS,
            "at": ["2026-01-01"] * PRODUCTS,
            "again": ["2026-01-01"] * PRODUCTS,
        }
    )
    _copy(
        admin,
        "xsight.products (tenant_id, id, title, vendor, product_type, gift_card, created_at, updated_at)",
        products,
    )
    changing = np.flatnonzero(made["customer"] % (CUSTOMERS // CHANGED) == 0)
    orders = pa.table(
        {
            "tenant": pa.array([str(tenant)] * len(changing)),
            "id": changing + 10**12,
            "customer": ids(made["customer"][changing]),
            "day": made["day"][changing],
            "gross": made["gross"][changing],
            "discounts": made["discounts"][changing],
            "returns": made["returns"][changing],
            "units": made["units"][changing],
            "channel": np.array(CHANNELS)[made["channel"][changing]],
        }
    )
    admin.execute(
        "CREATE TEMP TABLE made (tenant_id uuid, id bigint, customer bigint, day int, gross bigint, discounts bigint, "
        "back bigint, units int, channel text)"
    )
    _copy(admin, "made", orders)
    admin.execute(_ORDERS_SQL)
    bought = np.flatnonzero(np.isin(made["line_order"], changing))
    lines = pa.table(
        {
            "tenant": pa.array([str(tenant)] * len(bought)),
            "order": made["line_order"][bought].astype(np.int64) + 10**12,
            "id": bought,
            "product": made["line_product"][bought] + 1,
            "net": made["line_net"][bought],
        }
    )
    admin.execute(
        "CREATE TEMP TABLE made_lines (tenant_id uuid, order_id bigint, id bigint, product bigint, net bigint)"
    )
    _copy(admin, "made_lines", lines)
    admin.execute(_LINES_SQL)
    _scored(admin, tenant)
    for table in ("customers", "orders", "order_lines", "customer_insights"):
        admin.execute(f"ANALYZE xsight.{table}".encode())


def _scored(admin: psycopg.Connection, tenant: UUID) -> None:
    """Scores of who is going to change, as the file has them."""
    admin.execute(
        "INSERT INTO xsight.insight_runs (tenant_id, id, data_version, rule_version, as_of, duration_s) "
        "VALUES (%s, %s, 1, '1', current_date, 0)",
        [tenant, RUN],
    )
    who = np.arange(0, CUSTOMERS, CUSTOMERS // CHANGED)
    scores = {name: column[who] for name, column in score_arrays().items()}
    segment = np.array(sorted(s.key for s in SEGMENTS))[scores.pop("segment")]
    columns = {
        "tenant_id": [str(tenant)] * len(who),
        "insight_run": [str(RUN)] * len(who),
        "customer_id": ids(who),
        "segment": segment,
        **scores,
    }
    _copy(admin, f"xsight.customer_insights ({', '.join(columns)})", pa.table(columns))


def _ledger(tenancy: Tenancy, tenant: UUID, home: Path, made: dict[str, Any]) -> None:
    folder = ledger_folder(home, tenant)
    net = made["gross"] - made["discounts"] - made["returns"]
    none = np.zeros(ORDERS, np.int64)
    customer_id = ids(np.arange(CUSTOMERS))
    lines = Lines(
        {
            "order": made["line_order"],
            "product": made["line_product"],
            "variant_id": np.zeros(len(made["line_order"]), np.int64),
            "units": np.ones(len(made["line_order"]), np.int32),
            "gross_minor": made["line_net"],
            "net_minor": made["line_net"],
            "flags": np.zeros(len(made["line_order"]), np.uint8),
        }
    )
    tags = np.empty(PRODUCTS, object)
    tags[:] = [()] * PRODUCTS
    products = Products(
        {
            "product_id": np.arange(1, PRODUCTS + 1),
            "title": np.array([f"Product {i}" for i in range(PRODUCTS)], object),
            "vendor": np.array([f"Vendor {i % VENDORS}" for i in range(PRODUCTS)], object),
            "type": np.array([f"Type {i % TYPES}" for i in range(PRODUCTS)], object),
            "tags": tags,
        }
    )
    nothing = {name: np.zeros(0, kind) for name, kind in Refunds.COLUMNS.items()}
    orders = Orders(
        {
            "order_id": np.arange(ORDERS, dtype=np.int64) + 10**12,
            "customer": made["customer"],
            "day": made["day"],
            "gross_minor": made["gross"],
            "discounts_minor": made["discounts"],
            "returns_minor": made["returns"],
            "net_minor": net,
            "units": made["units"],
            "flags": np.zeros(ORDERS, np.uint8),
            "channel": made["channel"],
            "country": np.full(ORDERS, -1, np.int16),
            "taxes_minor": none,
            "shipping_minor": none,
            "discount": np.full(ORDERS, -1, np.int32),
        },
        customer_id=customer_id,
        channels=CHANNELS,
        lines=lines,
        refunds=Refunds(nothing, 0),
        products=products,
    )
    nobody = np.zeros(CUSTOMERS, np.int64)
    people = People(customer_id, nobody, nobody.astype(np.uint8))
    with tenancy.connection(tenant) as connection:
        shop, mark = read_shop(connection), read_mark(connection)
        folder.keep(Ledger(1, CUSTOMERS, orders, people), mark, shop)
    keep_columns(
        folder.path / f"scores-{RUN}",
        {"customer_id": customer_id, **score_arrays()},
        {"segments": sorted(s.key for s in SEGMENTS)},
    )


async def _segments(tenancy: Tenancy, tenant: UUID, home: Path) -> None:
    books, ledgers = Books(tenancy, home), Ledgers(tenancy, home)
    for one in await list_templates(books, ledgers, tenant, counted=False):
        if one.rule is not None:
            await create_segment(
                tenancy, tenant, SYSTEM, name=one.name, rule=one.rule, personal=True
            )
    await tenancy.close()


def _times(days: Any) -> Any:
    return pa.array(days.astype("datetime64[D]").astype("datetime64[s]"))


def _copy(admin: psycopg.Connection, target: str, table: pa.Table) -> None:
    block = io.BytesIO()
    csv.write_csv(table, block, csv.WriteOptions(include_header=False))
    with admin.cursor().copy(f"COPY {target} FROM STDIN (FORMAT csv)".encode()) as copy:
        copy.write(block.getvalue())
