"""A backup forgets who was erased, however old it is; and gives back everybody else."""

import psycopg
import pytest

from tests.support.rows import fill_all_tables
from tests.support.tenants import add_tenant
from tests.sync.conftest import KEYRING
from xsight_core.errors import SealBroken
from xsight_core.services import compliance, sealed_copy

TABLES = ("customer_pii", "customer_places", "customer_metafields", "order_pii", "order_metafields")


@pytest.fixture
def tenant(database):
    """A store of which nothing is known yet."""
    return add_tenant(database.admin_url, "west")


@pytest.fixture
def people(database, tenant):
    """Customer 7 with order 7, and customer 8 with order 8; their e-mail addresses are words of their own."""
    with psycopg.connect(database.admin_url) as admin:
        for number in (7, 8):
            values = {"tenant": tenant.id, "n": number, "mail": f"person.{number}@example.com"}
            for statement in (
                (
                    "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at)"
                    " VALUES (%(tenant)s, %(n)s, %(n)s, now(), now())"
                ),
                "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email) VALUES (%(tenant)s, %(n)s, %(mail)s)",
                "INSERT INTO xsight.customer_places VALUES (%(tenant)s, %(n)s, 1.5, 2.5)",
                (
                    "INSERT INTO xsight.customer_metafields (tenant_id, customer_id, key, value)"
                    " VALUES (%(tenant)s, %(n)s, 'a.b', 'ünï')"
                ),
                "INSERT INTO xsight.order_pii (tenant_id, order_id, email) VALUES (%(tenant)s, %(n)s, %(mail)s)",
                (
                    "INSERT INTO xsight.order_metafields (tenant_id, order_id, key, value)"
                    " VALUES (%(tenant)s, %(n)s, 'gift.message', %(mail)s)"
                ),
            ):
                admin.execute(statement, values)
            admin.execute(
                "INSERT INTO xsight.privacy_requests (tenant_id, webhook_id, topic, customer_id, request, due_at)"
                " VALUES (%(tenant)s, 'r' || %(n)s, 'customers/redact', %(n)s,"
                " jsonb_build_object('orders_to_redact', jsonb_build_array(%(n)s)), now())",
                values,
            )


def state(database, tenant):
    with psycopg.connect(database.admin_url) as admin:
        return {
            t: sorted(
                admin.execute(
                    f"SELECT * FROM xsight.{t} WHERE tenant_id = %s", [tenant.id]
                ).fetchall(),
                key=str,
            )
            for t in TABLES
        }


def lose_everything(database):
    with psycopg.connect(database.admin_url) as admin:
        for table in (*TABLES, "person_keys"):
            admin.execute(f"DELETE FROM xsight.{table}")


def test_what_is_copied_comes_back_and_says_nothing_by_itself(
    tenancy, tenant, database, people, tmp_path
):
    before = state(database, tenant)
    copy, keys = tmp_path / "copy", tmp_path / "keys"
    assert set(sealed_copy.write_copy(tenancy, tenant.id, copy).values()) == {2}
    assert sealed_copy.write_keys(tenancy, tenant.id, KEYRING, keys) == 4
    for path in (copy, keys):
        assert "example.com" not in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
    lose_everything(database)
    lost = sealed_copy.read_copy(tenancy, tenant.id, copy)
    assert (lost.rows, len(lost.forgotten)) == (0, 4)  # without keys it is noise
    sealed_copy.read_keys(tenancy, tenant.id, KEYRING, keys)
    assert sealed_copy.read_copy(tenancy, tenant.id, copy) == sealed_copy.Restored(10, ())
    assert state(database, tenant) == before


async def test_an_old_copy_has_forgotten_who_was_erased(
    tenancy, tenant, database, people, tmp_path, caches
):
    copy, keys = tmp_path / "copy", tmp_path / "keys"
    sealed_copy.write_copy(tenancy, tenant.id, copy)
    await compliance.fulfil(tenancy, tenant.id, "r7", home=tmp_path, caches=caches)
    sealed_copy.write_keys(tenancy, tenant.id, KEYRING, keys)
    lose_everything(database)
    sealed_copy.read_keys(tenancy, tenant.id, KEYRING, keys)
    back = sealed_copy.read_copy(tenancy, tenant.id, copy)
    assert "customer:7" in back.forgotten
    assert "order:8" not in back.forgotten
    assert [row[1] for row in state(database, tenant)["customer_pii"]] == [8]


def test_a_copy_is_of_one_tenant(tenancy, tenant, other_tenant, database, people, tmp_path):
    copy, keys = tmp_path / "copy", tmp_path / "keys"
    fill_all_tables(database.admin_url, other_tenant.id)
    sealed_copy.write_copy(tenancy, tenant.id, copy)
    sealed_copy.write_keys(tenancy, tenant.id, KEYRING, keys)
    with pytest.raises(SealBroken):
        sealed_copy.read_keys(tenancy, other_tenant.id, KEYRING, keys)
    assert sealed_copy.read_copy(tenancy, other_tenant.id, copy).rows == 0
