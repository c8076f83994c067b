"""A seeded shop of 1 M customers and 5 M orders, written by COPY as the owner."""

import io
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa
from pyarrow import csv

__all__ = ["fill"]

CUSTOMERS, ORDERS, DAYS, LAST_DAY = 1_000_000, 5_000_000, 1095, 20_778
PRODUCTS = 2_000
_DISCOUNTED, _RETURNED = 0.2, 0.04
_AT_ONCE = 500_000
_ID = 5_000_000_000_000

_ORDERS_SQL = """
INSERT INTO xsight.orders (tenant_id, id, name, customer_id, created_at, updated_at, processed_at, day, closed_at,
  test, edited, financial_status, fulfillment_status, currency, taxes_included, channel, country,
  discount_codes, units, gross,
  discounts, subtotal, tax, shipping, tip, total, refunded, current_total, current_subtotal, gross_minor,
  discounts_minor, returns_minor, net_minor, taxes_minor, shipping_minor)
SELECT %(tenant)s, id, '#' || id, nullif(customer, 0), at, at, at, day, at, false, false, 'PAID', 'FULFILLED', 'USD',
  false, (ARRAY['web','pos','shop','draft'])[1 + id %% 4], (ARRAY['US','CA','DE','FR','GB','AU'])[1 + customer %% 6],
  CASE WHEN discount > 0 THEN ARRAY['CODE' || id %% 40] ELSE '{}' END, 1 + id %% 3, gross / 100.0, discount / 100.0,
  (gross - discount) / 100.0, gross / 1300.0, 5, 0, gross / 100.0, back / 100.0, gross / 100.0,
  (gross - discount - back) / 100.0, gross, discount, back, gross - discount - back, gross / 13, 500
FROM (SELECT *, timestamptz '1970-01-01' + day * interval '1 day' + id %% 86400 * interval '1 second' AS at
      FROM made) m
"""
_LINES_SQL = """
INSERT INTO xsight.order_lines (tenant_id, order_id, id, product_id, variant_id, title, quantity, current_quantity,
  gift_card, unit_price, gross, discounts, net, tax, gross_minor, net_minor)
SELECT %(tenant)s, m.id, m.id * 4 + k, 1 + (hashint8(m.id + k) & 2147483647) %% (10 + (m.id / 3) %% %(products)s), 7,
  'A product', 1, 1, false, 1, g / 100.0, d / 100.0, (g - d) / 100.0, 0, g, g - d
FROM made m CROSS JOIN generate_series(0, 1) k
CROSS JOIN LATERAL (SELECT CASE WHEN m.id %% 10 > 2 THEN m.gross ELSE (m.gross + 1 - k) / 2 END AS g,
                           CASE WHEN m.id %% 10 > 2 THEN m.discount ELSE (m.discount + 1 - k) / 2 END AS d) x
WHERE k = 0 OR m.id %% 10 <= 2
"""
_REFUNDS_SQL = (
    """
INSERT INTO xsight.refunds (tenant_id, order_id, id, created_at, processed_at, day, total, detailed)
SELECT %(tenant)s, id, id + 1, now(), now(), least(day + (id %% 20)::int, %(last)s), back / 100.0, true
FROM made WHERE back > 0""",
    """
INSERT INTO xsight.refund_lines (tenant_id, order_id, refund_id, line_id, quantity, subtotal, tax)
SELECT %(tenant)s, id, id + 1, id * 4, 1, back / 100.0, 0 FROM made WHERE back > 0""",
)
_TABLES = ("orders", "order_lines", "refunds", "refund_lines", "customers", "products")


def fill(admin_url: str, tenant: UUID) -> None:
    """Write the shop; triggers and indexes wait until the rows are in."""
    made = _orders(np.random.default_rng(20261122))
    values = {"tenant": tenant, "products": PRODUCTS - 10, "last": LAST_DAY}
    with psycopg.connect(admin_url) as admin:
        admin.execute("SET synchronous_commit = off")
        admin.execute("SET session_replication_role = replica")  # no triggers: nobody has read yet
        admin.execute("SET maintenance_work_mem = '512MB'")
        admin.execute(
            "INSERT INTO control.tenants (id, slug, name) VALUES (%s, 'bench0', 'Bench')", [tenant]
        )
        admin.execute(
            "INSERT INTO xsight.tenant_state (tenant_id, shop_name, data_version, next_ordinal) "
            "VALUES (%s, 'Bench', 1, %s)",
            [tenant, CUSTOMERS],
        )
        admin.execute(
            "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at) "
            "SELECT %s, 17 * (i + 1), i, now(), now() FROM generate_series(0, %s) i",
            [tenant, CUSTOMERS - 1],
        )
        admin.execute(
            "INSERT INTO xsight.products (tenant_id, id, title, gift_card, created_at, updated_at) "
            "SELECT %s, i, 'Product ' || i, false, now(), now() FROM generate_series(1, %s) i",
            [tenant, PRODUCTS],
        )
        dropped = _drop_indexes(admin)
        admin.execute(
            "CREATE TEMP TABLE made (id bigint, customer bigint, day int, gross bigint, discount bigint, back bigint)"
        )
        for first in range(0, ORDERS, _AT_ONCE):
            block = io.BytesIO()
            part = {name: column[first : first + _AT_ONCE] for name, column in made.items()}
            csv.write_csv(pa.table(part), block, csv.WriteOptions(include_header=False))
            admin.execute("TRUNCATE made")
            with admin.cursor().copy("COPY made FROM STDIN (FORMAT csv)") as copy:
                copy.write(block.getvalue())
            for statement in (_ORDERS_SQL, _LINES_SQL, *_REFUNDS_SQL):
                admin.execute(statement, values)
        for statement in dropped:
            admin.execute(statement)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for table in _TABLES:
            admin.execute(f"VACUUM ANALYZE xsight.{table}")


def _drop_indexes(admin: psycopg.Connection) -> list[bytes]:
    """Drop what is no key of orders and lines; the statements that make it again."""
    rows = admin.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid IN ('xsight.orders'::regclass, 'xsight.order_lines'::regclass) AND NOT indisprimary"
    ).fetchall()
    for name, _ in rows:
        admin.execute(f"DROP INDEX {name}".encode())
    return [definition.encode() for _, definition in rows]


def _orders(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Customers who buy at their own rate until they leave, as the purchase models have it; guests among them."""
    born = rng.integers(0, DAYS, CUSTOMERS)
    rate = rng.gamma(0.8, 1 / 28, CUSTOMERS)
    stays = np.minimum(rng.exponential(rng.gamma(1.2, 300, CUSTOMERS) + 20), DAYS - 1 - born)
    repeats = rng.poisson(rate * stays)
    who = np.r_[np.arange(CUSTOMERS), np.repeat(np.arange(CUSTOMERS), repeats)]
    day = born[who] + np.r_[np.zeros(CUSTOMERS), rng.random(repeats.sum()) * stays[who[CUSTOMERS:]]]
    if len(who) < ORDERS:  # guests fill up
        rest = ORDERS - len(who)
        who, day = np.r_[who, np.full(rest, -1)], np.r_[day, rng.integers(0, DAYS, rest)]
    keep = np.r_[
        np.arange(CUSTOMERS),
        CUSTOMERS + rng.permutation(len(who) - CUSTOMERS)[: ORDERS - CUSTOMERS],
    ]
    who, day = who[keep], day[keep].astype(np.int64)
    order = np.argsort(day, kind="stable")
    who, day = who[order], day[order]
    spend = rng.gamma(6, 1 / 6, CUSTOMERS) * 6000
    gross = np.rint(spend[who] * rng.gamma(4, 1 / 4, ORDERS)).astype(np.int64) + 200
    discount = np.where(rng.random(ORDERS) < _DISCOUNTED, gross // 10, 0)
    back = np.where(rng.random(ORDERS) < _RETURNED, gross - discount, 0)
    return {
        "id": _ID + 32 * np.arange(ORDERS),
        "customer": np.where(who < 0, 0, 17 * (who + 1)),
        "day": day + LAST_DAY - DAYS + 1,
        "gross": gross,
        "discount": discount,
        "back": back,
    }
