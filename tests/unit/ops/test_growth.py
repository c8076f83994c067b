"""The way to Citus from the tables, and the simulated day."""

from dataclasses import replace

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, MetaData, Table, Uuid

from ops import citus
from ops.bench.tenants import Costs, day
from xsight_core.db.tables import metadata


def test_every_table_of_tenants_can_be_spread_by_tenant():
    assert citus.findings() == []
    told = "\n".join(citus.statements())
    assert all(f"'{table}'" in told for table in metadata.sorted_tables if table.schema == "xsight")
    assert "control." not in told


def test_what_citus_would_refuse_is_found(monkeypatch):
    wrong = MetaData()
    one = Table("one", wrong, Column("id", Integer, primary_key=True), schema="xsight")
    two = Table(
        "two",
        wrong,
        Column("tenant_id", Uuid, primary_key=True),
        Column("one_id", Integer),
        Column("mail", Integer),
        ForeignKeyConstraint(["one_id"], [one.c.id]),
        schema="xsight",
    )
    Index("mail", two.c.mail, unique=True)
    Table(
        "three",
        wrong,
        Column("id", Integer, primary_key=True),
        ForeignKeyConstraint(["id"], [one.c.id]),
        schema="control",
    )
    monkeypatch.setattr(citus, "metadata", wrong)
    found = citus.findings()
    assert [
        words in "\n".join(found)
        for words in ("xsight.one: key", "key ['mail']", "without tenant_id", "control.three")
    ] == [True] * 4


def test_a_day_grows_with_its_stores_and_says_what_gives_way():
    costs = Costs()
    small, large = day(200, costs), day(800, costs)
    assert 2 < large.worker_cores_mean / small.worker_cores_mean < 8
    # by hand: every store is synced every quarter of an hour
    syncs = 200 * costs.delta_s / (15 * 60)
    assert syncs < small.worker_cores_mean < small.worker_cores
    assert "scheduler" in day(800, replace(costs, scheduler_s=1.0)).breaks(costs)
    assert "connections" in replace(large, connections=1000).breaks(costs)
