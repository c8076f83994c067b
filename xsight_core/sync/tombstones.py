"""Tombstones: what is deleted at Shopify stays as a mark, also when we never saw it alive.

A late copy of the record (a bulk file that was written before, a page under way) finds the mark and
is not merged.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from typing import Any

from psycopg import Connection

from xsight_core.db.scoped import TENANT, trusted
from xsight_core.sync.merge import bump, lock_shop
from xsight_core.sync.unchanged import PII

__all__ = ["tombstone"]

_PERSONAL = {
    "customers": ("customer_traits", "customer_places", "customer_metafields"),
    "orders": ("order_metafields",),
}
_GONE = "deleted_at = now() WHERE t.deleted_at IS NULL"
_TOMBSTONES = {
    "customers": f"""
        INSERT INTO xsight.customers AS t
          (tenant_id, id, ordinal, created_at, updated_at, deleted_at)
        SELECT {TENANT}, gone.id, coalesce(c.ordinal, s.next_ordinal - 1 + row_number()
                 OVER (PARTITION BY c.id IS NULL ORDER BY gone.id)), now(), now(), now()
        FROM unnest(%(ids)s::bigint[]) AS gone (id)
        CROSS JOIN xsight.tenant_state s
        LEFT JOIN xsight.customers c ON c.tenant_id = {TENANT} AND c.id = gone.id
        WHERE s.tenant_id = {TENANT}
        ON CONFLICT (tenant_id, id) DO UPDATE SET {_GONE}""",
    "orders": f"""
        INSERT INTO xsight.orders AS t
          (tenant_id, id, created_at, updated_at, processed_at, day, test, edited, currency,
           taxes_included, units, gross, discounts, subtotal, tax, shipping, tip, total, refunded,
           current_total, current_subtotal, gross_minor, discounts_minor, returns_minor, net_minor,
           deleted_at)
        SELECT {TENANT}, id, now(), now(), now(), 0, false, false, s.currency, false, 0, 0, 0, 0,
               0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, now()
        FROM unnest(%(ids)s::bigint[]) AS gone (id)
        CROSS JOIN xsight.tenant_state s WHERE s.tenant_id = {TENANT}
        ON CONFLICT (tenant_id, id) DO UPDATE SET {_GONE}""",
    "products": f"""
        INSERT INTO xsight.products AS t
          (tenant_id, id, gift_card, created_at, updated_at, deleted_at)
        SELECT {TENANT}, id, false, now(), now(), now() FROM unnest(%(ids)s::bigint[]) AS gone (id)
        ON CONFLICT (tenant_id, id) DO UPDATE SET {_GONE}""",
}


def tombstone(connection: Connection[Any], family: str, ids: list[int]) -> int:
    """Mark records as deleted at Shopify, also ones never seen: a late copy must not revive them.

    What names a person goes with them.
    """
    with connection.cursor() as cursor:
        lock_shop(cursor)
        cursor.execute(trusted(_TOMBSTONES[family]), {"ids": ids})
        changed = cursor.rowcount
        if changed and family in PII:
            table, key = PII[family]
            for personal in (table, *_PERSONAL[family]):
                cursor.execute(
                    trusted(f"""
                    DELETE FROM xsight.{personal} WHERE tenant_id = {TENANT} AND {key} = ANY(%(ids)s)"""),
                    {"ids": ids},
                )
        if changed and family == "customers":
            cursor.execute(
                trusted(f"""
                UPDATE xsight.tenant_state SET next_ordinal = greatest(next_ordinal,
                  (SELECT max(ordinal) + 1 FROM xsight.customers WHERE tenant_id = {TENANT}))
                WHERE tenant_id = {TENANT}""")
            )
        if changed:
            bump(cursor)
        return changed
