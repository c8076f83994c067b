"""The lint is silent on our own schema and names every flaw that is planted."""

import psycopg
import pytest

from xsight_core.db.lint import findings
from xsight_core.db.rls import tenant_tables
from xsight_core.db.tables import metadata


@pytest.fixture
def database(own_database):
    """Tables and rights are changed here."""
    return own_database


def test_our_own_schema_has_no_finding(database):
    assert findings(database.admin_url) == []


def test_control_and_private_hold_only_what_is_listed():
    assert {str(table) for table in metadata.tables.values() if table.schema != "xsight"} == {
        "control.api_tokens",
        "control.inbox",
        "control.invitations",
        "control.jobs",
        "control.mails",
        "control.memberships",
        "control.model_priors",
        "control.one_time_codes",
        "control.session_secrets",
        "control.sessions",
        "control.shops",
        "control.tenants",
        "control.users",
        "private.server_roles",
    }


def test_every_table_that_names_a_person_asks_for_the_right():
    naming = {"email", "phone", "first_name", "last_name", "zip", "city", "raw"}
    for table in tenant_tables():
        assert bool(naming & set(table.columns.keys())) <= bool(table.info.get("pii")), table


NEW = "CREATE TABLE xsight.new (tenant_id uuid NOT NULL, id int, PRIMARY KEY (tenant_id, id));"
FORCED = "ALTER TABLE xsight.new ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"

FLAWS = [
    ("table without forced row-level security", "xsight.new", NEW),
    (
        "table without forced row-level security",
        "xsight.new",
        NEW + "ALTER TABLE xsight.new ENABLE ROW LEVEL SECURITY",
    ),
    (
        "table without forced row-level security",
        "xsight.orders",
        "ALTER TABLE xsight.orders NO FORCE ROW LEVEL SECURITY",
    ),
    (
        "table without tenant_id uuid NOT NULL",
        "xsight.new",
        "CREATE TABLE xsight.new (id int PRIMARY KEY)",
    ),
    ("table without a primary key", "xsight.new", "CREATE TABLE xsight.new (tenant_id uuid)"),
    (
        "index not led by tenant_id",
        "xsight.by_email",
        "CREATE INDEX by_email ON xsight.customer_pii (email)",
    ),
    (
        "index not led by tenant_id",
        "xsight.by_text",
        "CREATE INDEX by_text ON xsight.customer_pii ((lower(email)), tenant_id)",
    ),
    (
        "index not led by tenant_id",
        "xsight.new_pkey",
        "CREATE TABLE xsight.new (id int PRIMARY KEY, tenant_id uuid NOT NULL);" + FORCED,
    ),
    (
        "foreign key that may point into another tenant",
        "xsight.new.new_other_fkey",
        NEW
        + FORCED
        + "CREATE TABLE control.other (id int PRIMARY KEY);"
        + "ALTER TABLE xsight.new ADD other int REFERENCES control.other",
    ),
    (
        "policy that is not one of the generated ones",
        "xsight.orders.more",
        "CREATE POLICY more ON xsight.orders USING (true)",
    ),
    (
        "policy that is not one of the generated ones",
        "xsight.orders.notebook",
        "ALTER POLICY notebook ON xsight.orders USING (tenant_id = private.app_tenant())",
    ),
    ("notebooks may write", "xsight.orders", "GRANT UPDATE ON xsight.orders TO xsight_notebook"),
    ("notebooks may write", "xsight.orders", "GRANT TRUNCATE ON xsight.orders TO PUBLIC"),
    (
        "notebooks may read outside schema xsight",
        "control.users",
        "GRANT SELECT (email) ON control.users TO xsight_notebook",
    ),
    (
        "notebooks may read outside schema xsight",
        "private.server_roles",
        "GRANT SELECT ON private.server_roles TO PUBLIC",
    ),
    (
        "view that runs with its owner's rights",
        "xsight.v",
        "CREATE VIEW xsight.v AS SELECT * FROM xsight.orders; GRANT SELECT ON xsight.v TO xsight_notebook",
    ),
    (
        "materialized view or foreign table open to notebooks",
        "xsight.m",
        "CREATE MATERIALIZED VIEW xsight.m AS TABLE xsight.orders; GRANT SELECT ON xsight.m TO xsight_notebook",
    ),
    (
        "sequence open to notebooks",
        "xsight.s",
        "CREATE SEQUENCE xsight.s; GRANT USAGE ON SEQUENCE xsight.s TO xsight_notebook",
    ),
    (
        "function open to notebooks",
        "xsight.f()",
        "CREATE FUNCTION xsight.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    (
        "function open to notebooks",
        "private.drop_server_role(text)",
        "GRANT EXECUTE ON FUNCTION private.drop_server_role(text) TO xsight_notebook",
    ),
    (
        "SECURITY DEFINER without pinned search_path",
        "private.server_tenant()",
        "ALTER FUNCTION private.server_tenant() RESET search_path",
    ),
    (
        "schema that notebooks may create in",
        "public",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    ),
    ("extension that runs code or dials out", "dblink", "CREATE EXTENSION dblink"),
]


@pytest.mark.parametrize(("finding", "what", "flaw"), FLAWS, ids=lambda value: value[:40])
def test_a_planted_flaw_is_named(database, finding, what, flaw):
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(flaw)
    assert (finding, what) in {
        (found.finding, found.what) for found in findings(database.admin_url)
    }


def test_temporary_tables_for_notebooks_are_named(database):
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(f"GRANT TEMPORARY ON DATABASE {database.name} TO PUBLIC")
    assert [found.finding for found in findings(database.admin_url)] == [
        "database that lets notebooks make temporary tables"
    ]
