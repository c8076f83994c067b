"""The database's roles and schemas: who may log in, and as what.

==================  =====  =====================================================================
role                login  for
==================  =====  =====================================================================
``xsight_owner``    no     owns schemas and tables; migrations act as it
``xsight_minter``   no     owns the functions that make and drop notebook logins
``xsight_app``      yes    API, worker, relay: trusted code, one tenant per transaction
``xsight_ingest``   yes    stores webhooks: INSERT into the inbox, look-up of shops, no more
``xsight_spawner``  yes    the Hub: may call the minting functions, no more
``xsight_notebook`` no     group of the minted ``nb_…`` logins, one per Hub server: untrusted code
==================  =====  =====================================================================
"""

from typing import Final

from xsight_core.db.tables import CONTROL, DATA, PRIVATE

__all__ = [
    "APP",
    "INGEST",
    "LOGINS",
    "MINTER",
    "NOTEBOOK",
    "OWNER",
    "ROLES",
    "SPAWNER",
    "database_statements",
    "role_statements",
    "schema_statements",
]

OWNER: Final = "xsight_owner"
MINTER: Final = "xsight_minter"
APP: Final = "xsight_app"
INGEST: Final = "xsight_ingest"
SPAWNER: Final = "xsight_spawner"
NOTEBOOK: Final = "xsight_notebook"

LOGINS: Final = (APP, INGEST, SPAWNER)
ROLES: Final = {
    OWNER: "NOLOGIN",
    MINTER: "NOLOGIN CREATEROLE",
    APP: "LOGIN",
    INGEST: "LOGIN",
    SPAWNER: "LOGIN CONNECTION LIMIT 8",
    NOTEBOOK: "NOLOGIN",
}

_CREATE_ROLE = """\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} {attributes};
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another installation's, just now
END $$"""


def role_statements(*, superuser: bool) -> list[str]:
    """Create what is missing. A migrating login that is no superuser becomes a member of both owners."""
    statements = [
        _CREATE_ROLE.format(role=role, attributes=attributes) for role, attributes in ROLES.items()
    ]
    statements.append(
        f"GRANT {NOTEBOOK} TO {MINTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
    )
    if superuser:  # the minted logins' temporary files are bounded, their statements counted; others may not grant it
        statements += [
            f"GRANT SET ON PARAMETER temp_file_limit, pg_stat_statements.track TO {MINTER}",
            f"GRANT pg_read_all_stats TO {MINTER}",
        ]
    else:
        statements += [
            f"GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE" for role in (OWNER, MINTER)
        ]
    return statements


def database_statements(database: str) -> list[str]:
    """Who may enter ``database`` (quoted by the caller). Not copied by CREATE DATABASE … TEMPLATE."""
    return [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {INGEST}, {SPAWNER}, {NOTEBOOK}",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {APP}",
    ]


def schema_statements() -> list[str]:
    """The schemas, closed to everybody."""
    return [
        f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {OWNER}"
        for schema in (DATA, CONTROL, PRIVATE)
    ]
