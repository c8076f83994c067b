"""Alembic's entry: the connection comes from ``xsight_core.db.migrate``, the target from the tables."""

from alembic import context

from xsight_core.db.tables import PRIVATE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_schemas=True,
    include_name=lambda name, type_, _: (
        type_ != "schema" or name in {"xsight", "control", "private"}
    ),
    version_table_schema=PRIVATE,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
