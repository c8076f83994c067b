"""A segment's tag in the simulated shop: written, gone on with after a failure, taken back; and what it brought in."""

import json
from uuid import uuid4

import numpy as np
import pytest

from tests.sync.conftest import (  # noqa: F401 - fixtures
    KEYRING,
    SCOPES,
    app_of,
    approve,
    http,
    synced,
)
from xsight_core.analytics.lift import difference, sample_size
from xsight_core.errors import Conflict, InvalidInput, Unavailable
from xsight_core.segments import read_rule
from xsight_core.services import segment_actions, segments
from xsight_core.services.audit import SYSTEM
from xsight_core.services.connect import ShopAccess
from xsight_core.services.export_making import make_export
from xsight_core.services.exports import ExportWish, request_export
from xsight_core.services.look import Ledgers
from xsight_core.services.lots import draw_held
from xsight_core.services.segment_actions import TagWish
from xsight_core.services.segment_books import Books
from xsight_core.services.segment_lift import lift_of, size_needed
from xsight_core.services.segment_members import list_members
from xsight_core.services.segment_refresh import refresh_segments
from xsight_core.services.tag_writing import write_tags
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.domain import parse_shop_domain

OFTEN = {
    "combinator": "and",
    "rules": [{"field": "orders_count", "operator": ">=", "value": 2}],
}


class Store:
    """A connected, synced shop with one segment."""

    def __init__(self, access, tenant, home):
        self.access, self.tenant, self.home = access, tenant, home
        self.tenancy, self.id = access.tenancy, tenant.id

    async def save(self):
        made = await segments.create_segment(
            self.tenancy, self.id, SYSTEM, name="Often", rule=OFTEN, personal=True
        )
        self.segment = made.id
        await refresh_segments(self.tenancy, self.id, self.home)

    async def members(self):
        page = await list_members(
            self.tenancy, self.id, self.segment, on=None, cursor=None, limit=1000, personal=True
        )
        return set(page.items)

    async def plan(self, **wish):
        return await segment_actions.plan_tags(
            self.tenancy, self.id, SYSTEM, self.segment, TagWish(**wish), by=None, personal=True
        )

    async def tagged(self, tag):
        """Who has it in the shop itself."""
        client = await self.access.client(self.id)
        found = set()
        async for page in client.pages("customers_page", "customers", query=None, first=250):
            for node in page:
                if tag in node["tags"]:
                    found.add(int(node["id"].rpartition("/")[2]))
        return found


async def connected(tenancy, tenant, sim, http, scopes):  # noqa: F811
    access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim, scopes), version="2026-10")
    query = await approve(sim, sim.shop, scopes)
    await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
    return access


@pytest.fixture
async def store(tenancy, tenant, sim, http, tmp_path):  # noqa: F811
    access = await connected(tenancy, tenant, sim, http, f"{SCOPES},write_customers")
    await synced(access, tenant)
    store = Store(access, tenant, tmp_path)
    await store.save()
    return store


async def test_tags_are_written_gone_on_with_and_taken_back(store, monkeypatch):
    members = await store.members()
    assert len(members) > 25
    dry = await store.plan(tag="often")
    assert (dry.add, dry.remove, dry.action) == (len(members), 0, None)
    assert await store.tagged("often") == set()
    plan = await store.plan(tag="often", dry_run=False)
    with pytest.raises(Conflict):
        await store.plan(tag="often", dry_run=False)
    real, calls = ShopifyClient.execute, []

    async def breaks(self, name, variables=None):
        calls.append(name)
        if len(calls) == 2:
            raise Unavailable("the shop is away")
        return await real(self, name, variables)

    monkeypatch.setattr(ShopifyClient, "execute", breaks)
    with pytest.raises(Unavailable):
        await write_tags(store.access, store.id, plan.action)
    monkeypatch.undo()
    seen = await segment_actions.read_action(store.tenancy, store.id, plan.action)
    assert (seen.state, seen.changes["done"]) == ("running", 10)
    assert await write_tags(store.access, store.id, plan.action) == len(members) - 10
    assert await store.tagged("often") == members
    seen = await segment_actions.read_action(store.tenancy, store.id, plan.action)
    assert (seen.state, seen.changes["waiting"]) == ("done", 0)
    assert await write_tags(store.access, store.id, plan.action) == 0

    await synced(store.access, store.tenant)  # the tags come back as rows
    again = await store.plan(tag="OFTEN")
    assert (again.add, again.remove, again.keep) == (0, 0, len(members))
    await segments.change_segment(
        store.tenancy,
        store.id,
        SYSTEM,
        store.segment,
        name="More often",
        rule=OFTEN | {"rules": [{"field": "orders_count", "operator": ">=", "value": 4}]},
        personal=True,
    )
    await refresh_segments(store.tenancy, store.id, store.home)
    fewer = await store.members()
    assert fewer < members
    smaller = await store.plan(tag="often", dry_run=False)
    assert (smaller.add, smaller.remove) == (0, len(members - fewer))
    await write_tags(store.access, store.id, smaller.action)
    assert await store.tagged("often") == fewer
    await segment_actions.undo_tags(store.tenancy, store.id, SYSTEM, smaller.action)
    await write_tags(store.access, store.id, smaller.action)
    assert await store.tagged("often") == members
    seen = await segment_actions.read_action(store.tenancy, store.id, smaller.action)
    assert (seen.state, seen.changes["undone"]) == ("undone", len(members - fewer))


async def test_some_are_held_out_by_lot_and_compared(store):
    members = await store.members()
    plan = await store.plan(tag="lift", held_out=0.2, seed=5, dry_run=False)
    assert plan.held == round(0.2 * len(members))
    await write_tags(store.access, store.id, plan.action)
    tagged = await store.tagged("lift")
    assert len(tagged) == len(members) - plan.held
    assert tagged < members
    twin = await store.plan(tag="twin", held_out=0.2, seed=5)
    assert set(twin.samples["add"]) <= tagged
    with store.tenancy.connection(store.id) as connection:
        connection.execute("UPDATE xsight.segment_actions SET day = day - 60")
    books, ledgers = Books(store.tenancy, store.home), Ledgers(store.tenancy, store.home)
    found = await lift_of(store.tenancy, books, ledgers, store.id, plan.action)
    with store.tenancy.connection(store.id) as connection:
        rows = connection.execute(
            "SELECT customer_id, net_minor FROM xsight.orders WHERE NOT test AND cancelled_at IS NULL "
            "AND deleted_at IS NULL AND customer_id IS NOT NULL AND day > (SELECT day FROM xsight.segment_actions)"
        ).fetchall()
    held = members - tagged
    for arm, who in ((found.treated, tagged), (found.held, held)):
        assert arm.customers == len(who)
        assert arm.orders == sum(customer in who for customer, _ in rows)
        assert arm.net_minor == sum(net for customer, net in rows if customer in who)
    assert found.net_minor.lift == pytest.approx(
        found.treated.net_minor / len(tagged) - found.held.net_minor / len(held)
    )
    assert found.net_minor.low < found.net_minor.lift < found.net_minor.high
    needed = await size_needed(
        books,
        ledgers,
        store.id,
        read_rule(OFTEN),
        held_out=0.2,
        days=365,
        effect_minor=None,
        personal=False,
    )
    assert needed.customers == len(members)
    assert needed.needed > 0
    plain = await store.plan(tag="all", dry_run=False)
    with pytest.raises(Conflict):
        await lift_of(store.tenancy, books, ledgers, store.id, plain.action)
    with pytest.raises(InvalidInput):
        await store.plan(held_out=0.5)
    with pytest.raises(InvalidInput):
        await store.plan(tag="a,b")


async def export(store, **filters):
    """The export's id, and who is in its file."""
    wish = ExportWish(
        kind="segment", format="jsonl", filters={"segment": str(store.segment), **filters}
    )
    made, _ = await request_export(
        store.tenancy, store.id, SYSTEM, user_id=uuid4(), wish=wish, pii=False
    )
    await make_export(store.tenancy, store.id, made.id, store.home)
    (file,) = store.home.glob(f"exports/{store.id}/{made.id}*.jsonl")
    return made.id, {json.loads(line)["customer_id"] for line in file.read_text().splitlines()}


async def test_members_are_exported_but_for_who_is_held_out(store):
    members = await store.members()
    made, found = await export(store, held_out=0.1, seed=4, consented=False)
    assert len(found) == len(members) - round(0.1 * len(members))
    assert found < members
    (action,) = await segment_actions.list_actions(store.tenancy, store.id, store.segment)
    assert (action.id, action.kind, action.held_out) == (made, "export", 0.1)


async def test_without_a_word_only_who_takes_mail_or_messages_is_exported(store):
    with store.tenancy.connection(store.id) as connection:
        connection.execute(
            "UPDATE xsight.customers SET email_consent = CASE id % 3 WHEN 0 THEN 'SUBSCRIBED' END, "
            "sms_consent = CASE id % 5 WHEN 0 THEN 'SUBSCRIBED' ELSE 'PENDING' END"
        )
    members = await store.members()
    _, found = await export(store)
    assert found == {one for one in members if one % 3 == 0 or one % 5 == 0} != members
    _, everybody = await export(store, consented=False)
    assert everybody == members


async def test_without_the_scope_nothing_is_begun(tenancy, tenant, sim, http, tmp_path):  # noqa: F811
    access = await connected(tenancy, tenant, sim, http, SCOPES)
    store = Store(access, tenant, tmp_path)
    with tenancy.connection(tenant.id) as connection:
        connection.execute("UPDATE xsight.tenant_state SET data_version = 1")
    await store.save()
    with pytest.raises(Conflict, match="write_customers"):
        await store.plan(tag="x", dry_run=False)


def held_of(spent, share, seed):
    mask = np.zeros(len(spent), bool)
    mask[list(draw_held(spent.tolist(), share, seed))] = True
    return mask


def test_the_lot_is_even_over_what_was_spent():
    rng = np.random.default_rng(3)
    spent = rng.gamma(0.5, 100, 5000)
    held = held_of(spent, 0.1, 11)
    assert held.sum() == 500
    assert (held == held_of(spent, 0.1, 11)).all()
    assert (held != held_of(spent, 0.1, 12)).any()
    tenths = np.array_split(held[np.argsort(spent, kind="stable")], 10)
    assert [int(tenth.sum()) for tenth in tenths] == [50] * 10
    assert len(draw_held([1.0] * 7, 0.1, 1)) == 1


def simulate_nothing(runs: int, seed: int) -> float:
    """How often the interval holds 0 where nothing was done."""
    rng, hits = np.random.default_rng(seed), 0
    for run in range(runs):
        rate = rng.gamma(0.8, 0.5, 2000)
        later = rng.poisson(rate) * rng.gamma(4, 15, 2000)
        held = held_of(rate, 0.15, run)
        found = difference(later[~held], later[held], (rate[~held], rate[held]))
        hits += found.low <= 0 <= found.high
    return hits / runs


def test_where_nothing_was_done_the_interval_holds_nothing():
    assert 0.92 <= simulate_nothing(400, seed=1) <= 0.98


def test_tenths_that_differ_make_the_interval_narrower_and_leave_the_difference():
    rng = np.random.default_rng(4)
    before = np.repeat(np.arange(10.0), 200)
    later = 100 * before + rng.normal(0, 1, len(before))
    held = held_of(before, 0.1, 5)
    past = (before[~held], before[held])
    plain, tenths = (difference(later[~held], later[held], given) for given in (None, past))
    assert tenths.low <= 0 <= tenths.high
    assert tenths.high - tenths.low < (plain.high - plain.low) / 100
    assert tenths.lift == pytest.approx(plain.lift, abs=1e-9)  # equal shares of each tenth
    few = difference(later[:30], later[30:33], (before[:30], before[30:33]))
    assert few == difference(later[:30], later[30:33])  # a tenth without two of an arm


def test_the_sample_size_sees_its_effect():
    rng, n, seen = np.random.default_rng(2), sample_size(100, 20, 0.2), 0
    for _ in range(200):
        treated, held = rng.normal(20, 100, n - n // 5), rng.normal(0, 100, n // 5)
        seen += difference(treated, held).low > 0
    assert 0.72 <= seen / 200 <= 0.88
