"""What Shopify itself thinks of a store's customers."""

from uuid import UUID

from xsight_core.db.traits import rfm_groups
from xsight_core.tenancy import Tenancy

__all__ = ["known_groups"]


def known_groups(tenancy: Tenancy, tenant_id: UUID) -> dict[int, str]:
    """Shopify's RFM group by customer id; empty where it was not synced."""
    with tenancy.connection(tenant_id) as connection:
        return rfm_groups(connection)
