"""Tenants for tests, committed."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from xsight_core.tenancy import TenantId

__all__ = ["TestTenant", "add_tenant"]


@dataclass(frozen=True)
class TestTenant:
    """A tenant's names."""

    __test__ = False

    id: TenantId
    slug: str


def add_tenant(admin_url: str, name: str) -> TestTenant:
    """Insert a tenant as `services.tenants.create_tenant` would, without going through it."""
    tenant_id: UUID = uuid4()
    slug = f"{name}{secrets.token_hex(3)}"
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "INSERT INTO control.tenants (id, slug, name) VALUES (%s, %s, %s)",
            [tenant_id, slug, name.title()],
        )
        admin.execute("INSERT INTO xsight.tenant_state (tenant_id) VALUES (%s)", [tenant_id])
    return TestTenant(TenantId(tenant_id), slug)
