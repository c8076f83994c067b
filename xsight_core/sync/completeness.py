"""What a tenant's rows say of the shop, on Shopify's own definitions, to be held against the shop's answer."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Completeness, Quarantine

__all__ = [
    "find",
    "latest",
    "own_counts",
    "own_sales",
    "put_aside",
    "rule_differences",
    "save",
    "unfinished_edits",
]

_EPOCH: Final = date(1970, 1, 1)

_COUNTS: Final = text("""
    SELECT (SELECT count(*) FROM xsight.customers WHERE deleted_at IS NULL) AS customers,
           (SELECT count(*) FROM xsight.products WHERE deleted_at IS NULL) AS products,
           (SELECT count(*) FROM xsight.orders WHERE deleted_at IS NULL) AS orders""")

# Cancelled orders were sold and taken back. What is taken back counts on its own day: a refund's, a
# cancellation's. An edit's day is not known, so the order's last change stands in for it.
_SALES: Final = text("""
    WITH sold AS (
      SELECT * FROM xsight.orders WHERE NOT test AND deleted_at IS NULL
    ), refunded AS (
      SELECT f.order_id, f.day, round(sum(l.subtotal) * :minor)::bigint AS returns
      FROM xsight.refunds f
      JOIN xsight.refund_lines l USING (tenant_id, order_id)
      JOIN sold o ON o.id = f.order_id
      LEFT JOIN xsight.order_lines i ON i.tenant_id = l.tenant_id AND i.order_id = l.order_id
        AND i.id = l.line_id
      WHERE l.refund_id = f.id AND NOT coalesce(i.gift_card, false)
      GROUP BY f.order_id, f.id, f.day
    ), removed AS (
      SELECT o.id, o.returns_minor - coalesce(r.returns, 0) AS returns,
        (coalesce(o.cancelled_at, o.updated_at) AT TIME ZONE :zone)::date - DATE '1970-01-01' AS day
      FROM sold o LEFT JOIN (
        SELECT order_id, sum(returns) AS returns FROM refunded GROUP BY order_id
      ) r ON r.order_id = o.id
    )
    SELECT day, sum(orders)::bigint AS orders, sum(gross)::bigint AS gross,
           sum(discounts)::bigint AS discounts, sum(returns)::bigint AS returns,
           sum(gross - discounts - returns)::bigint AS net
    FROM (
      SELECT day, 1 AS orders, gross_minor AS gross, discounts_minor AS discounts, 0 AS returns
      FROM sold
      UNION ALL SELECT day, 0, 0, 0, returns FROM refunded
      UNION ALL SELECT day, 0, 0, 0, returns FROM removed WHERE returns <> 0
    ) AS moves GROUP BY day""")

_RULES: Final = text("""
    SELECT count(*) FILTER (WHERE test) AS test_orders,
           coalesce(sum(net_minor) FILTER (WHERE test), 0)::bigint AS test_net,
           count(*) FILTER (WHERE cancelled_at IS NOT NULL AND NOT test) AS cancelled_orders,
           coalesce(sum(gross_minor - discounts_minor)
             FILTER (WHERE cancelled_at IS NOT NULL AND NOT test), 0)::bigint AS cancelled_net,
           count(*) FILTER (WHERE customer_id IS NULL AND NOT test) AS guest_orders,
           coalesce(sum(net_minor) FILTER (WHERE customer_id IS NULL AND NOT test), 0)::bigint
             AS guest_net,
           count(*) FILTER (WHERE returns_minor > 0 AND NOT test) AS returned_orders,
           coalesce(sum(returns_minor) FILTER (WHERE NOT test), 0)::bigint AS returned
    FROM xsight.orders WHERE deleted_at IS NULL""")


async def own_counts(session: AsyncSession) -> dict[str, int]:
    """Records that are not deleted, by object."""
    return dict((await session.execute(_COUNTS)).mappings().one())


async def own_sales(
    session: AsyncSession, *, exponent: int, zone: str
) -> dict[date, dict[str, int]]:
    """Sales by day as the shop's reports count them; money in minor units."""
    rows = await session.execute(_SALES, {"minor": 10**exponent, "zone": zone})
    return {
        _EPOCH + timedelta(days=row["day"]): {k: int(v) for k, v in row.items() if k != "day"}
        for row in rows.mappings()
        if any(value for key, value in row.items() if key != "day")
    }


async def unfinished_edits(session: AsyncSession) -> int:
    """Orders whose edits we cannot date."""
    statement = text("SELECT count(*) FROM xsight.orders WHERE edited AND deleted_at IS NULL")
    return (await session.execute(statement)).scalar_one()


async def rule_differences(session: AsyncSession) -> list[dict[str, Any]]:
    """By how much our pages differ from Shopify's reports on purpose, by rule."""
    found = (await session.execute(_RULES)).mappings().one()
    names = {"test": "test", "cancelled": "cancelled", "guest": "guests"}
    rules = [
        {"cause": cause, "orders": found[f"{key}_orders"], "net_minor": found[f"{key}_net"]}
        for key, cause in names.items()
    ]
    returned = {"orders": found["returned_orders"], "net_minor": -found["returned"]}
    return [*rules, {"cause": "refund date", **returned}]


async def put_aside(session: AsyncSession) -> dict[str, int]:
    """Records in quarantine, by object."""
    statement = select(Quarantine.object, func.count()).group_by(Quarantine.object)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def save(
    session: AsyncSession, tenant_id: UUID, run: UUID, state: str, report: Mapping[str, Any]
) -> None:
    """Keep a run's report, in place of an earlier one of the same run."""
    values = {"state": state, "report": dict(report), "checked_at": datetime.now(UTC)}
    await session.execute(
        insert(Completeness)
        .values(tenant_id=tenant_id, run=run, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "run"], set_=values)
    )


async def find(session: AsyncSession, run: UUID) -> Completeness | None:
    """A run's report."""
    return await session.scalar(select(Completeness).where(Completeness.run == run))


async def latest(session: AsyncSession) -> Completeness | None:
    """The newest report."""
    statement = select(Completeness).order_by(Completeness.checked_at.desc()).limit(1)
    return await session.scalar(statement)
