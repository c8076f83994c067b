"""Who may see which row: policies and grants, generated from ``tables.py``.

They are the whole truth about access: :func:`access_statements` first takes everything away, so a right that is no
longer generated is gone after the next ``migrate``, and a table that nobody thought of is closed to everybody.

* The application's role sees the tenant its transaction has set (``private.app_tenant``).
* A table with ``info={"append_only": True}`` takes rows and never gives them back: no right to change or delete, and
  a trigger that refuses it to everybody.
* In a table with ``info={"changes": True}`` each row notes the transaction that wrote it last, so that a reader finds
  what has changed since a snapshot; where rows vanish, the tenant notes that. What changes in a table with
  ``info={"changes_order": True}`` changes its order; a row that no longer names a customer in the column of
  ``info={"names_customer": …}`` changes that customer.
* A minted notebook login sees the tenant that ``private.server_roles`` gives it, read-only; a table with
  ``info={"pii": True}`` asks for the right to personal data as well, one with ``info={"notebook": False}`` is closed.
* ``FORCE`` holds the owner to the policies too: there is none for it, so a data migration lifts it on purpose.

Policies call their function inside ``(SELECT …)``: once a query, not once a row.
"""

from collections.abc import Iterator
from importlib.resources import files

from sqlalchemy import Table

from xsight_core.db.roles import APP, INGEST, MINTER, NOTEBOOK, OWNER, ROLES, SPAWNER
from xsight_core.db.tables import CONTROL, DATA, PRIVATE, metadata

__all__ = ["access_statements", "hardening", "tenant_tables"]

_SPAWNER_MAY = (
    "private.mint_server_role(text, uuid, boolean, text, text, timestamptz)",
    "private.drop_server_role(text)",
    "private.drop_server_roles_except(text[])",
    "private.reap_server_roles(interval)",
)
_INNER = ("private.note_statements(text)",)
_APP_MAY = ("private.app_tenant()",)
_NOTEBOOK_MAY = ("private.server_tenant()", "private.server_pii_tenant()")

_APPEND_ONLY = """\
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE OR REPLACE TRIGGER append_only_all BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE OR REPLACE TRIGGER seal BEFORE INSERT ON {table}
  FOR EACH ROW EXECUTE FUNCTION private.seal_audit_event()"""

_CHANGES = """\
CREATE OR REPLACE TRIGGER changed BEFORE UPDATE ON {table}
  FOR EACH ROW EXECUTE FUNCTION private.note_change();
CREATE OR REPLACE TRIGGER removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION private.note_removal()"""

_CHANGES_FORMER = """\
CREATE OR REPLACE TRIGGER former AFTER UPDATE ON {table} FOR EACH ROW
  WHEN (OLD.{names} IS DISTINCT FROM NEW.{names} AND OLD.{names} IS NOT NULL)
  EXECUTE FUNCTION private.note_former_customer('{names}')"""

_CHANGES_PARENT = """\
CREATE OR REPLACE TRIGGER parts_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS parts
  FOR EACH STATEMENT EXECUTE FUNCTION private.note_order_change();
CREATE OR REPLACE TRIGGER parts_changed AFTER UPDATE ON {table} REFERENCING NEW TABLE AS parts
  FOR EACH STATEMENT EXECUTE FUNCTION private.note_order_change();
CREATE OR REPLACE TRIGGER parts_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS parts
  FOR EACH STATEMENT EXECUTE FUNCTION private.note_order_change()"""

_DROP_POLICIES = """\
DO $$ DECLARE p record; BEGIN
  FOR p IN SELECT * FROM pg_catalog.pg_policies WHERE schemaname IN ('xsight', 'control', 'private') LOOP
    EXECUTE format('DROP POLICY %I ON %I.%I', p.policyname, p.schemaname, p.tablename);
  END LOOP;
END $$"""

# Payloads live for a day. As they come and beside their row: to compress them takes most of what storing one costs.
_PAYLOADS = """\
ALTER TABLE control.inbox ALTER body SET STORAGE EXTERNAL, SET (toast_tuple_target = 8160)"""


def tenant_tables() -> list[Table]:
    """Tables that hold tenants' data, by name."""
    return [table for table in metadata.sorted_tables if table.schema == DATA]


def access_statements() -> list[str]:
    """Functions, policies and grants, from nothing; run as the migrating login in one transaction."""
    return [
        f"SET LOCAL ROLE {OWNER}",
        *_revocations(),
        _sql("private"),
        *(statement for table in tenant_tables() for statement in _policies(table)),
        _PAYLOADS,
        *_grants(),
        f"SET LOCAL ROLE {MINTER}",
        _sql("minting"),
        *(
            f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
            for function in (*_INNER, *_SPAWNER_MAY)
        ),
        *(f"GRANT EXECUTE ON FUNCTION {function} TO {SPAWNER}" for function in _SPAWNER_MAY),
        f"SET LOCAL ROLE {OWNER}",
        f"REVOKE CREATE ON SCHEMA {PRIVATE} FROM {MINTER}",
        "RESET ROLE",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    ]


def hardening() -> list[str]:
    """The second wall, around the catalogs, and the counting of statements; only a superuser can build them."""
    return [_sql("harden_catalog"), _sql("count_statements")]


def _sql(name: str) -> str:
    return files("xsight_core.db").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _revocations() -> Iterator[str]:
    yield _DROP_POLICIES
    grantees = ", ".join(["PUBLIC", *(role for role in ROLES if role != OWNER)])
    for schema in (DATA, CONTROL, PRIVATE):
        yield f"REVOKE ALL ON SCHEMA {schema} FROM {grantees}"
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {grantees}"
        yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {grantees}"
    # a function is everybody's until it is taken away
    yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"


def _policies(table: Table) -> Iterator[str]:
    app = "tenant_id = (SELECT private.app_tenant())"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    # Without them a tenant counts as 1/200 of a table. With them one that is not in the sample counts as no row at all,
    # and any index that starts with tenant_id looks as good as the key (docs/adr/0009).
    yield f"ALTER TABLE {table} ALTER tenant_id SET STATISTICS 0"
    yield f"CREATE POLICY app ON {table} TO {APP} USING ({app}) WITH CHECK ({app})"
    if table.info.get("append_only"):  # what notebooks ask is noted by whoever made their logins
        yield f"CREATE POLICY minter ON {table} TO {MINTER} USING ({app}) WITH CHECK ({app})"
    if table.info.get("notebook", True):
        whose = "server_pii_tenant" if table.info.get("pii") else "server_tenant"
        yield (
            f"CREATE POLICY notebook ON {table} FOR SELECT TO {NOTEBOOK} "
            f"USING (tenant_id = (SELECT private.{whose}()))"
        )
    if table.info.get("append_only"):
        yield _APPEND_ONLY.format(table=table)
    if table.info.get("changes"):
        yield _CHANGES.format(table=table)
    if names := table.info.get("names_customer"):
        yield _CHANGES_FORMER.format(table=table, names=names)
    if table.info.get("changes_order"):
        yield _CHANGES_PARENT.format(table=table)


def _grants() -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA {DATA} TO {APP}, {NOTEBOOK}"
    yield f"GRANT USAGE ON SCHEMA {CONTROL} TO {APP}, {INGEST}, {MINTER}"
    yield f"GRANT USAGE ON SCHEMA {PRIVATE} TO {SPAWNER}, {MINTER}"
    yield f"GRANT CREATE ON SCHEMA {PRIVATE} TO {MINTER}"  # until its functions are made
    for table in metadata.sorted_tables:
        if table.schema in {DATA, CONTROL}:
            rights = (
                "SELECT, INSERT"
                if table.info.get("append_only")
                else "SELECT, INSERT, UPDATE, DELETE"
            )
            yield f"GRANT {rights} ON {table} TO {APP}"
        if table.schema == DATA:
            yield f"GRANT MAINTAIN ON {table} TO {APP}"  # ANALYZE after a first load
        if table.schema == DATA and table.info.get("notebook", True):
            yield f"GRANT SELECT ON {table} TO {NOTEBOOK}"
    yield f"GRANT INSERT (tenant_id, webhook_id, topic, event_id, triggered_at, body) ON control.inbox TO {INGEST}"
    yield f"GRANT SELECT (domain, tenant_id) ON control.shops TO {INGEST}"
    yield f"GRANT SELECT (id, slug, suspended_at) ON control.tenants TO {MINTER}"
    yield f"GRANT SELECT (id, disabled_at) ON control.users TO {MINTER}"
    yield f"GRANT SELECT (tenant_id, user_id, role, pii) ON control.memberships TO {MINTER}"
    yield f"GRANT SELECT, INSERT, DELETE, UPDATE (asked, noted_at) ON private.server_roles TO {MINTER}"
    yield f"GRANT USAGE ON SCHEMA {DATA} TO {MINTER}"
    yield f"GRANT SELECT (tenant_id, seq, hash), INSERT ON xsight.audit_events TO {MINTER}"
    yield f"GRANT EXECUTE ON FUNCTION {', '.join(_APP_MAY)} TO {APP}, {MINTER}"
    yield f"GRANT EXECUTE ON FUNCTION {', '.join(_NOTEBOOK_MAY)} TO {NOTEBOOK}"
    for function in (*_APP_MAY, *_NOTEBOOK_MAY):
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
