# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""The rows a notebook asks for, as pandas frames with typed columns.

Row-level security cuts rows to the tenant; nothing here names it. Money stays in minor units, exact; the workspace
adds columns in the shop's currency.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

import pandas as pd
import psycopg

__all__ = [
    "ACTIONS",
    "ARMS",
    "CARD",
    "COMPLETENESS",
    "CUSTOMERS",
    "HISTORY",
    "MEMBERS",
    "ORDERS",
    "ORDER_LINES",
    "ORDINALS",
    "PERSONAL",
    "PII_VISIBLE",
    "PRODUCTS",
    "REFUNDS",
    "RUNS",
    "SAVED_SEGMENTS",
    "SCORES",
    "fetch_rows",
    "framed",
]

ORDERS: Final[LiteralString] = """
SELECT id AS order_id, name, customer_id, processed_at, date '1970-01-01' + day AS day, channel, country, province,
       financial_status, fulfillment_status, units, gross_minor, discounts_minor, returns_minor, net_minor,
       tax, shipping, total, discount_codes, tags, test, cancelled_at IS NOT NULL AS cancelled,
       deleted_at IS NOT NULL AS deleted
FROM xsight.orders ORDER BY xsight.orders.day, id
"""

ORDER_LINES: Final[LiteralString] = """
SELECT l.order_id, l.id AS line_id, o.customer_id, o.processed_at, date '1970-01-01' + o.day AS day, l.product_id,
       l.variant_id, l.title, l.variant_title, l.sku, l.vendor, l.quantity, l.current_quantity, l.gift_card,
       l.unit_price, l.gross, l.discounts, l.net, l.tax
FROM xsight.order_lines l JOIN xsight.orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
ORDER BY o.day, l.order_id, l.id
"""

REFUNDS: Final[LiteralString] = """
SELECT r.order_id, r.id AS refund_id, o.customer_id, coalesce(r.processed_at, r.created_at) AS processed_at,
       date '1970-01-01' + r.day AS day, date '1970-01-01' + o.day AS order_day, r.total
FROM xsight.refunds r JOIN xsight.orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
ORDER BY r.day, r.id
"""

PRODUCTS: Final[LiteralString] = """
SELECT id AS product_id, title, handle, status, vendor, product_type, tags, gift_card, created_at, updated_at,
       published_at
FROM xsight.products WHERE deleted_at IS NULL ORDER BY id
"""

CUSTOMERS: Final[LiteralString] = """
SELECT id AS customer_id, created_at, updated_at, state, locale, country, province, tags, email_consent, sms_consent
FROM xsight.customers WHERE deleted_at IS NULL AND merged_into IS NULL ORDER BY id
"""

PERSONAL: Final[LiteralString] = """
SELECT customer_id, email, phone, first_name, last_name, city, zip FROM xsight.customer_pii
"""

PII_VISIBLE: Final[LiteralString] = "SELECT EXISTS (SELECT FROM xsight.customer_pii)"
"""Without the right to personal data the table looks empty."""

SCORES: Final[LiteralString] = """
SELECT i.customer_id, i.orders, i.net_minor, date '1970-01-01' + i.first_day AS first_order_on,
       date '1970-01-01' + i.last_day AS last_order_on, r.as_of - (date '1970-01-01' + i.last_day) AS days_since_order,
       i.frequency, i.recency_days AS t_x, i.age_days AS "T", i.r, i.f, i.m, i.segment,
       i.p_alive, i.p_alive_low, i.p_alive_high, i.churn_90,
       i.expected_orders_30, i.expected_orders_30_low, i.expected_orders_30_high,
       i.expected_orders_90, i.expected_orders_90_low, i.expected_orders_90_high,
       i.expected_orders_180, i.expected_orders_180_low, i.expected_orders_180_high,
       i.expected_orders_365, i.expected_orders_365_low, i.expected_orders_365_high,
       i.clv_30_minor, i.clv_30_minor_low AS clv_30_low_minor, i.clv_30_minor_high AS clv_30_high_minor,
       i.clv_90_minor, i.clv_90_minor_low AS clv_90_low_minor, i.clv_90_minor_high AS clv_90_high_minor,
       i.clv_180_minor, i.clv_180_minor_low AS clv_180_low_minor, i.clv_180_minor_high AS clv_180_high_minor,
       i.clv_365_minor, i.clv_365_minor_low AS clv_365_low_minor, i.clv_365_minor_high AS clv_365_high_minor,
       i.p_order_365, date '1970-01-01' + i.next_order_day AS next_order_on,
       date '1970-01-01' + i.next_order_day_low AS next_order_on_low,
       date '1970-01-01' + i.next_order_day_high AS next_order_on_high, i.reasons, i.action
FROM xsight.customer_insights i
JOIN xsight.insight_runs r ON r.tenant_id = i.tenant_id AND r.id = i.insight_run
JOIN xsight.tenant_state t ON t.tenant_id = i.tenant_id AND t.insight_run = i.insight_run
ORDER BY i.customer_id
"""

RUNS: Final[LiteralString] = """
SELECT id, kind, as_of, computed_at, data_version, rule_version, rows, summary->>'state' AS state,
       summary->>'champion' AS champion, (summary->>'customers')::bigint AS customers,
       (summary->>'orders')::bigint AS orders, (summary->>'at_risk')::bigint AS at_risk,
       (summary->>'expected_churn')::float8 AS expected_churn, (summary->>'clv_365_minor')::bigint AS clv_365_minor,
       (summary->'holdout'->>'brier')::float8 AS holdout_brier, (summary->'holdout'->>'skill')::float8 AS holdout_skill,
       drift IS NOT NULL AS drift
FROM xsight.insight_runs ORDER BY computed_at DESC, as_of DESC, id
"""

HISTORY: Final[LiteralString] = """
SELECT r.as_of, r.kind, h.customer_id, h.orders, h.net_minor, h.r, h.f, h.m, h.segment, h.p_alive, h.churn_90,
       h.expected_orders_90, h.clv_365_minor
FROM (SELECT tenant_id, insight_run, customer_id, orders, net_minor, r, f, m, segment, p_alive, churn_90,
             expected_orders_90, clv_365_minor FROM xsight.customer_history
      UNION ALL
      SELECT tenant_id, insight_run, customer_id, orders, net_minor, r, f, m, segment, p_alive, churn_90,
             expected_orders_90, clv_365_minor FROM xsight.customer_insights) AS h
JOIN xsight.insight_runs r ON r.tenant_id = h.tenant_id AND r.id = h.insight_run
WHERE %(customer)s::bigint IS NULL OR h.customer_id = %(customer)s
ORDER BY r.as_of, r.computed_at, h.customer_id
"""

CARD: Final[LiteralString] = """
SELECT r.card FROM xsight.insight_runs r JOIN xsight.tenant_state t ON t.tenant_id = r.tenant_id
WHERE r.id = coalesce(%(run)s::uuid, t.insight_run)
"""

COMPLETENESS: Final[LiteralString] = """
SELECT checked_at, state, report FROM xsight.completeness ORDER BY checked_at DESC LIMIT 1
"""

SAVED_SEGMENTS: Final[LiteralString] = """
SELECT name, id::text AS id, note, members, refreshed_at, rule, trouble FROM xsight.segments ORDER BY lower(name)
"""

MEMBERS: Final[LiteralString] = """
SELECT s.id::text AS id, m.bits FROM xsight.segments s
LEFT JOIN xsight.segment_members m ON m.tenant_id = s.tenant_id AND m.segment_id = s.id
WHERE s.id::text = %(segment)s OR lower(s.name) = lower(%(segment)s)
"""

ORDINALS: Final[LiteralString] = """
SELECT id AS customer_id, ordinal FROM xsight.customers
WHERE deleted_at IS NULL AND merged_into IS NULL ORDER BY id
"""

ACTIONS: Final[LiteralString] = """
SELECT a.id::text AS id, s.name AS segment, a.kind, a.state, a.tag, date '1970-01-01' + a.day AS day, a.held_out,
       bit_count(a.treated) AS treated, bit_count(a.held) AS held
FROM xsight.segment_actions a JOIN xsight.segments s ON s.tenant_id = a.tenant_id AND s.id = a.segment_id
ORDER BY a.created_at DESC, a.id
"""

ARMS: Final[LiteralString] = """
SELECT date '1970-01-01' + day AS day, treated, held FROM xsight.segment_actions WHERE id::text = %(action)s
"""

_INTEGERS: Final = {"int2", "int4", "int8"}
_FLOATS: Final = {"float4", "float8"}
_STRINGS: Final = {"text", "varchar", "bpchar", "name", "uuid"}


Rows = tuple[Sequence[str], Sequence[str], Sequence[Sequence[Any]]]
"""Names of the columns, PostgreSQL's types of them, rows."""


def fetch_rows(
    connection: psycopg.Connection[tuple[Any, ...]],
    query: str,
    params: Mapping[str, Any] | Sequence[Any] | None = None,
) -> Rows:
    """Run a query; what came of it, for :func:`framed`."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(query.encode(), params)
        if cursor.description is None:
            return (), (), ()
        names = [column.name for column in cursor.description]
        kinds = [_kind(connection, column.type_code) for column in cursor.description]
        return names, kinds, cursor.fetchall()


def framed(
    names: Sequence[str],
    kinds: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    zone: str,
    exact: bool = False,
) -> pd.DataFrame:
    """Rows as a frame; each column's type follows from PostgreSQL's, whatever rows there are.

    Integers stay integers (``Int64`` where some are missing), ``numeric`` becomes float64 or, where ``exact``, Decimal;
    ``timestamptz`` is shown in the time zone ``zone``, ``date`` is midnight without a zone.
    """
    values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    columns = [
        _column(value, kind, zone, exact=exact) for value, kind in zip(values, kinds, strict=True)
    ]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    frame.columns = list(names)
    return frame


def _kind(connection: psycopg.Connection[Any], oid: int) -> str:
    info = connection.adapters.types.get(oid)
    return (
        info.name if info is not None and info.oid == oid else "other"
    )  # an array's info is its element's


def _column(values: Sequence[Any], kind: str, zone: str, *, exact: bool) -> pd.Series:
    missing = None in values
    column: pd.Series
    if kind in _INTEGERS:
        column = pd.Series(values, dtype="Int64" if missing else "int64")
    elif kind in _FLOATS or (kind == "numeric" and not exact):
        column = pd.Series(values, dtype="float64")
    elif kind == "bool":
        column = pd.Series(values, dtype="boolean" if missing else "bool")
    elif kind == "timestamptz":
        times = pd.Series(pd.to_datetime(list(values), utc=True))
        column = times.astype("datetime64[us, UTC]").dt.tz_convert(zone)
    elif kind in {"date", "timestamp"}:
        column = pd.Series(pd.to_datetime(list(values))).astype("datetime64[us]")
    elif kind in _STRINGS:
        texts = [None if value is None else str(value) for value in values]
        column = pd.Series(texts, dtype="str")
    else:
        column = pd.Series(list(values), dtype="object")
    return column
