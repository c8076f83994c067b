"""The way to Citus, from the tables: what is spread over nodes by ``tenant_id`` and what stays where it is.

``python -m ops.citus`` prints the statements. Citus wants the column in every primary key, unique index and foreign key
of a distributed table, and lets it refer to others that are distributed the same way only; ``findings`` says what does
not keep to that. Not run on a Citus: none can be had here.
"""

from sqlalchemy import Table

from xsight_core.db.tables import DATA, metadata

__all__ = ["findings", "statements"]

_BY = "tenant_id"


def spread() -> list[Table]:
    """Tables of tenants' data, those that are referred to first."""
    return [table for table in metadata.sorted_tables if table.schema == DATA]


def statements() -> list[str]:
    """To be run once on the coordinator, before there are rows or with writes stopped."""
    tables = spread()
    first = tables[0]
    return [
        f"SELECT create_distributed_table('{table}', '{_BY}'"
        + ("" if table is first else f", colocate_with => '{first}'")
        + ");"
        for table in tables
    ]


def findings() -> list[str]:
    """What Citus would refuse, in words."""
    wrong: list[str] = []
    for table in metadata.sorted_tables:
        keys = [list(table.primary_key.columns.keys())]
        keys += [[str(c.name) for c in index.columns] for index in table.indexes if index.unique]
        if table.schema == DATA:
            wrong += [f"{table}: key {key} without {_BY}" for key in keys if _BY not in key]
        for foreign in table.foreign_key_constraints:
            inside = foreign.referred_table.schema == DATA
            if (table.schema == DATA) != inside:
                wrong.append(
                    f"{table} refers to {foreign.referred_table}: one of them is not spread"
                )
            elif inside and _BY not in foreign.column_keys:
                wrong.append(f"{table} refers to {foreign.referred_table} without {_BY}")
    return wrong


if __name__ == "__main__":
    print("\n".join(statements()))
