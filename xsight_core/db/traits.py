"""What Shopify itself says of customers."""

from typing import Any, Final, LiteralString

import psycopg

__all__ = ["RFM_GROUPS", "rfm_groups"]

RFM_GROUPS: Final[LiteralString] = """
SELECT customer_id, rfm_group FROM xsight.customer_traits WHERE rfm_group IS NOT NULL ORDER BY customer_id
"""


def rfm_groups(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[int, str]:
    """Shopify's RFM group by customer id, where the shop shares it."""
    return dict(connection.execute(RFM_GROUPS).fetchall())
