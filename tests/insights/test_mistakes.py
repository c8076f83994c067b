"""Mistakes about numbers that earlier systems of this kind made, each by its name; more of them in
``tests/unit/analytics/test_mistakes.py`` (month thirteen, one-time buyers with F = 5, equal customers scored unequal,
money as floats) and ``tests/sync`` (deletions, duplicates, lines cut at fifty, what is reread)."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

import xsight_core
from tests.support.market import MarketOrder, add_market, market
from tests.support.shops import ShopOrder, add_orders, set_shop
from tests.support.tenants import TestTenant, add_tenant
from xsight_core.analytics import DEFAULT_RULE, SEGMENTS, buyers, day_number, rfm
from xsight_core.ledger import ledger_folder, read_shop
from xsight_core.services.insights import InsightRun, compute_insights
from xsight_core.services.runs import read_card
from xsight_core.tenancy import Tenancy

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)  # still the 21st in New York
ZONE = "America/New_York"
PRODUCT = Path(xsight_core.__file__).parents[1]


@dataclass
class Case:
    tenant: TestTenant
    url: str
    home: Path
    orders: list[MarketOrder]
    run: InsightRun

    def sql(self, query: str) -> list[tuple]:
        with psycopg.connect(self.url) as admin:
            admin.execute("SET search_path TO xsight")
            return admin.execute(query, {"tenant": self.tenant.id}).fetchall()

    @property
    def overview(self) -> dict:
        query = "SELECT body FROM documents WHERE tenant_id = %(tenant)s AND name = 'overview'"
        return self.sql(query)[0][0]


@pytest.fixture(scope="module")
def database(cluster):
    with cluster.fresh() as database:
        yield database


@pytest.fixture(scope="module")
def case(database, tmp_path_factory) -> Case:
    tenant, home = add_tenant(database.admin_url, "mistakes"), tmp_path_factory.mktemp("home")
    orders = market(9, now=NOW, zone=ZONE, every=25)
    add_market(database.admin_url, tenant.id, orders, zone=ZONE)

    async def compute() -> InsightRun:
        tenancy = Tenancy(database.app_url)
        run = await compute_insights(tenancy, tenant.id, home, now=NOW)
        await tenancy.close()
        return run

    return Case(tenant, database.admin_url, home, orders, asyncio.run(compute()))


def test_two_rfm_scorers_that_disagreed(case, database) -> None:
    """Dashboard, stored scores and the scorer on the ledger are one."""
    stored = case.sql(
        "SELECT customer_id, r, f, m, segment FROM customer_insights WHERE tenant_id = %(tenant)s ORDER BY customer_id"
    )
    tenancy = Tenancy(database.app_url)
    with tenancy.connection(case.tenant.id) as connection:
        orders = (
            ledger_folder(case.home, case.tenant.id).load(connection, read_shop(connection)).orders
        )
    asyncio.run(tenancy.close())
    scored = rfm(buyers(orders, day_number(case.run.as_of)))
    keys = [SEGMENTS[code].key for code in scored.segment]
    columns = (scored.buyers.customer_id, scored.r, scored.f, scored.m)
    assert sorted(zip(*(c.tolist() for c in columns), keys, strict=True)) == stored
    shown = {s["key"]: s["customers"] for s in case.overview["rfm"]["segments"]}
    assert shown == {key: keys.count(key) for key in shown}


def test_one_flag_written_by_two_jobs_under_two_rules(case) -> None:
    """What a run says is written by one module, and every number of it names one rule."""
    writers = {
        table: {
            p.name
            for p in _sources()
            if re.search(rf"(INSERT INTO|COPY|UPDATE) (xsight\.)?{table}\b", p.read_text())
        }
        for table in ("customer_insights", "customer_history", "documents", "insight_runs")
    }
    assert all(names <= {"insights.py", "scores.py", "erasure.py"} for names in writers.values()), (
        writers
    )
    rules = case.sql("SELECT DISTINCT rule_version FROM insight_runs WHERE tenant_id = %(tenant)s")
    assert rules == [(DEFAULT_RULE.version,)] == [(case.overview["rule_version"],)]
    (((card,),)) = case.sql(
        "SELECT card->'rules'->>'orders' FROM insight_runs WHERE tenant_id = %(tenant)s"
    )
    assert card == DEFAULT_RULE.version


async def test_churn_rates_that_were_hand_written_constants(
    case, database, tenancy, tmp_path
) -> None:
    """Each customer's chance follows from what customers of this shop did; another shop's do otherwise."""
    churn = np.array(
        [
            row[0]
            for row in case.sql(
                "SELECT churn_90 FROM customer_insights WHERE tenant_id = %(tenant)s"
            )
        ]
    )
    assert len(np.unique(churn.round(6))) > 100
    assert case.overview["churn"]["expected_churn"] == pytest.approx(churn.sum())
    faithful = add_tenant(database.admin_url, "faithful")
    rng = np.random.default_rng(1)
    days = [
        (who, day)
        for who in range(1, 200)
        for day in np.cumsum(rng.exponential(25, 40))
        if day < 600
    ]
    add_orders(
        database.admin_url,
        faithful.id,
        [
            ShopOrder(i, who, NOW - timedelta(days=600 - day), 2000)
            for i, (who, day) in enumerate(days, 1)
        ],
        zone=ZONE,
    )
    await compute_insights(tenancy, faithful.id, tmp_path, now=NOW)
    _, card = await read_card(tenancy, faithful.id)
    assert (
        card["models"]["purchases"]["parameters"]
        != case.run.card["models"]["purchases"]["parameters"]
    )
    other = case.run.card["evidence"]
    assert card["evidence"]["observed"] < 0.5 < other["observed"]  # share who stayed away


def test_days_cut_at_utc_or_server_time(case) -> None:
    """The last day is the shop's, and every order stands on the shop's day."""
    assert case.run.as_of == date(2026, 11, 21)
    want: dict[str, int] = {}
    for one in case.orders:
        if one.order.counts:
            day = one.order.at.astimezone(ZoneInfo(ZONE)).date().isoformat()
            want[day] = want.get(day, 0) + one.order.net
    daily = case.overview["daily"]
    start = date.fromisoformat(daily["start"])
    got = {
        (start + timedelta(days=i)).isoformat(): n for i, n in enumerate(daily["net_minor"]) if n
    }
    assert got == {day: net for day, net in want.items() if net}
    in_utc = {one.order.at.date() for one in case.orders if one.order.counts}
    assert in_utc != {one.order.local_date(ZONE) for one in case.orders if one.order.counts}


async def test_sixty_days_of_history_taken_for_all_of_it(database, tenancy, tmp_path) -> None:
    """What is not shared is said, with the day, wherever the numbers stand."""
    tenant = add_tenant(database.admin_url, "short")
    set_shop(database.admin_url, tenant.id)
    add_orders(database.admin_url, tenant.id, [ShopOrder(1, 5, NOW - timedelta(days=3), 1000)])
    since = (NOW - timedelta(days=60)).date()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "UPDATE xsight.tenant_state SET history_since = %s WHERE tenant_id = %s",
            [since, tenant.id],
        )
    run = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    (warning,) = (w for w in run.card["warnings"] if w["code"] == "short_history")
    assert f"{since:%d %b %Y}" in warning["message"]
    assert run.card["data"]["history_since"] == since.isoformat()


def _sources() -> list[Path]:
    """Of the product; what is measured fills tables of its own making."""
    rooms = ("api", "worker", "xsight_core", "xsight_ui", "hub_config", "ops")
    return [
        p
        for room in rooms
        for p in (PRODUCT / room).rglob("*.py")
        if not {"node_modules", "bench"} & set(p.parts)
    ]
