"""Who is in segments: whole, by who changed, through time, and told to others."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from sqlalchemy import text

from tests.segments.naive import Naive
from tests.segments.shops import TODAY, ZONE, random_shop, write
from tests.support.tenants import add_tenant
from xsight_core.crypto import Keyring
from xsight_core.errors import Conflict, InvalidInput
from xsight_core.segments.library import LIBRARY
from xsight_core.services import segment_hooks, segments
from xsight_core.services.audit import SYSTEM
from xsight_core.services.segment_members import list_members
from xsight_core.services.segment_refresh import refresh_segments

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
KEYRING = Keyring.parse("test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")


def group(rule):
    return {"combinator": "and", "rules": [rule]}


RULES = {
    "often": {"field": "orders_count", "operator": ">=", "value": 2},
    "rich": {"field": "net", "operator": "topPercent", "value": 20},
    "best": {
        "field": "clv_365",
        "operator": "topN",
        "value": {"n": 9, "within": group({"field": "country", "operator": "notNull"})},
    },
    "late": {"field": "last_order", "operator": "<", "value": {"rel": "-90d"}},
    "tagged": {"field": "tags", "operator": "notNull", "value": None},
    "scored": {"field": "r", "operator": ">=", "value": 3},
    "lines": {
        "field": "products",
        "operator": "matches",
        "value": {
            "agg": "count",
            "cmp": ">=",
            "n": 1,
            "where": {
                "combinator": "and",
                "rules": [{"field": "vendor", "operator": "notNull", "value": None}],
            },
        },
    },
}


class Shop:
    def __init__(self, database, tenancy, home):
        self.admin_url, self.tenancy, self.home = database.admin_url, tenancy, home
        self.tenant = add_tenant(database.admin_url, "shop7")
        self.shop = random_shop(self.tenant.id, 7)
        write(database.admin_url, self.shop)
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
        self.ids = {}

    async def save(self, name, rule):
        made = await segments.create_segment(
            self.tenancy, self.tenant.id, SYSTEM, name=name, rule=group(rule), personal=True
        )
        self.ids[name] = made.id

    async def refresh(self, **how):
        return await refresh_segments(
            self.tenancy, self.tenant.id, self.home, **{"now": NOW, **how}
        )

    async def members(self, name, on=None):
        found, cursor = [], None
        while True:
            page = await list_members(
                self.tenancy,
                self.tenant.id,
                self.ids[name],
                on=on,
                cursor=cursor,
                limit=7,
                personal=True,
            )
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                assert page.total == len(found)
                return set(found)

    def change(self, statement, *values):
        with psycopg.connect(self.admin_url) as admin:
            admin.execute(statement, values)
            admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")


@pytest.fixture
async def shop(database, tenancy, tmp_path):
    shop = Shop(database, tenancy, tmp_path)
    for name, rule in RULES.items():
        await shop.save(name, rule)
    return shop


async def test_members_are_who_the_rule_finds(shop):
    done = await shop.refresh()
    assert (done.segments, done.whole, done.entered, done.left) == (len(RULES), len(RULES), 0, 0)
    naive = Naive(shop.shop, TODAY, ZONE)
    for name, rule in RULES.items():
        assert await shop.members(name) == naive.find(group(rule)), name
    again = await shop.refresh()
    assert (again.whole, again.entered, again.left) == (0, 0, 0)


async def test_who_changed_is_looked_at_alone_and_the_end_is_the_same(shop):
    """A new order, a lost one, another tag, a deletion, a merge: as a whole refresh finds."""
    await shop.refresh()
    before = {name: await shop.members(name) for name in RULES}
    ids = sorted(row["id"] for row in shop.shop.rows["customers"])
    shop.change("UPDATE xsight.customers SET tags = '{fresh}' WHERE id = ANY(%s)", ids[:5])
    shop.change(
        "UPDATE xsight.orders SET cancelled_at = now() WHERE customer_id = ANY(%s)", ids[5:9]
    )
    shop.change("UPDATE xsight.customers SET deleted_at = now() WHERE id = %s", ids[10])
    shop.change("UPDATE xsight.customers SET merged_into = %s WHERE id = %s", ids[12], ids[11])
    done = await shop.refresh()
    assert 0 < done.whole < len(RULES)
    assert done.entered + done.left > 0
    after = {name: await shop.members(name) for name in RULES}
    assert after != before
    await shop.refresh(whole=True)
    assert {name: await shop.members(name) for name in RULES} == after
    rows = shop.tenancy
    async with rows.scope(shop.tenant.id) as session:
        told = (
            await session.execute(
                text("SELECT segment_id, customer_id, entered FROM xsight.segment_events")
            )
        ).all()
    for name, segment in shop.ids.items():
        came = {c for s, c, entered in told if s == segment and entered}
        went = {c for s, c, entered in told if s == segment and not entered}
        assert (came, went) == (after[name] - before[name], before[name] - after[name]), name
    shop.change("UPDATE xsight.customers SET tags = '{}' WHERE id = ANY(%s)", ids[3:9])
    shop.change(
        "UPDATE xsight.orders SET net_minor = gross_minor - returns_minor, discounts_minor = 0 "
        "WHERE customer_id = ANY(%s)",
        ids[15:30],
    )
    shop.change("UPDATE xsight.orders SET day = day - 200 WHERE customer_id = ANY(%s)", ids[20:30])
    again = await shop.refresh()
    assert 0 < again.whole < len(RULES)
    after = {name: await shop.members(name) for name in RULES}
    whole = await shop.refresh(whole=True)
    assert (whole.entered, whole.left) == (0, 0)
    assert {name: await shop.members(name) for name in RULES} == after


async def test_membership_on_a_past_day(shop):
    with pytest.raises(Conflict):
        await shop.members("often")
    earlier = NOW - timedelta(days=40)
    known = {}
    for day in (40, 30, 20, 0):
        await shop.refresh(now=NOW - timedelta(days=day))
        known[day] = await shop.members("late")
    assert len({frozenset(members) for members in known.values()}) > 1
    for day in (40, 30, 20):
        assert await shop.members("late", on=TODAY - timedelta(days=day)) == known[day]
    assert await shop.members("late", on=TODAY - timedelta(days=25)) == known[30]
    with pytest.raises(InvalidInput):
        await shop.members("late", on=(earlier - timedelta(days=2)).date())
    sizes = await segments.list_sizes(shop.tenancy, shop.tenant.id, shop.ids["late"], days=9)
    assert [size.members for size in sizes] == [len(known[day]) for day in (40, 30, 20, 0)]


async def test_a_rule_that_cannot_be_used_is_reported_and_the_others_go_on(shop):
    await shop.refresh()
    before = await shop.members("often")
    shop.change("UPDATE xsight.segments SET rule = '{\"v\": 99}' WHERE id = %s", shop.ids["often"])
    done = await shop.refresh(whole=True)
    assert (done.troubled, done.segments) == (2, len(RULES) - 1)  # one came broken with the shop
    seen = await segments.read_segment(
        shop.tenancy, shop.tenant.id, shop.ids["often"], personal=True
    )
    assert seen.trouble["field"] == "rule.v"
    assert await shop.members("often") == before


async def test_the_whole_library_is_refreshed(shop):
    assert len(LIBRARY) == 40
    await shop.save("by name", {"field": "last_name", "operator": "notNull", "value": None})
    done = await shop.refresh(whole=True)
    assert (done.segments, done.troubled) == (len(RULES) + 1, 1)  # came broken with the shop
    naive = Naive(shop.shop, TODAY, ZONE)
    rule = group({"field": "last_name", "operator": "notNull", "value": None})
    assert await shop.members("by name") == naive.find(rule)


async def test_others_are_told_who_came_and_left(shop, receiver):
    made = await segment_hooks.add_hook(
        shop.tenancy, KEYRING, shop.tenant.id, SYSTEM, url=receiver.url, by=None, private=True
    )
    await shop.refresh(now=NOW - timedelta(days=30))
    before = await shop.members("late")
    await shop.refresh()
    after = await shop.members("late")
    receiver.answers += [500]

    async def deliver():
        async with httpx.AsyncClient(trust_env=False) as http:
            return await segment_hooks.deliver_hooks(
                shop.tenancy, KEYRING, http, shop.tenant.id, private=True
            )

    sent = await deliver()
    assert sent == len(receiver.told) > 1
    assert await deliver() == 0  # what failed waits its time
    shop.change("UPDATE xsight.segment_deliveries SET due_at = now()")
    assert await deliver() == 1
    heard = {}
    for headers, body in receiver.told:
        told = json.loads(body)
        stamp, _, mac = headers["X-XSight-Signature"].removeprefix("t=").partition(",v1=")
        expected = hmac.new(made.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        assert hmac.compare_digest(mac, expected.hexdigest())
        assert headers["X-XSight-Event"] == told["type"]
        heard.setdefault((told["segment"], told["type"]), set()).update(told["customers"])
    late = str(shop.ids["late"])
    assert heard.get((late, "segment.entered"), set()) == after - before
    assert heard.get((late, "segment.left"), set()) == before - after
    messages = await segment_hooks.list_messages(
        shop.tenancy, shop.tenant.id, made.hook.id, limit=50
    )
    assert {message.state for message in messages} == {"delivered"}
    assert max(message.attempts for message in messages) == 2


async def test_a_message_is_given_up_and_can_be_sent_again(shop, receiver):
    made = await segment_hooks.add_hook(
        shop.tenancy, KEYRING, shop.tenant.id, SYSTEM, url=receiver.url, by=None, private=True
    )
    await shop.refresh(now=NOW - timedelta(days=30))
    await shop.refresh()
    shop.change("UPDATE xsight.segment_deliveries SET attempts = 9")
    receiver.answers += [503] * 50
    async with httpx.AsyncClient(trust_env=False) as http:
        await segment_hooks.deliver_hooks(shop.tenancy, KEYRING, http, shop.tenant.id, private=True)
        (hook,) = await segment_hooks.list_hooks(shop.tenancy, shop.tenant.id)
        assert (hook.waiting, hook.dead > 0) == (0, True)
        receiver.answers.clear()
        count = await segment_hooks.retry_dead(shop.tenancy, shop.tenant.id, SYSTEM, made.hook.id)
        assert count == hook.dead
        await segment_hooks.deliver_hooks(shop.tenancy, KEYRING, http, shop.tenant.id, private=True)
    (hook,) = await segment_hooks.list_hooks(shop.tenancy, shop.tenant.id)
    assert (hook.waiting, hook.dead) == (0, 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://user:pw@example.com/",
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://exa mple.com/",
        "https://example.com:0/",
    ],
)
async def test_an_address_of_our_own_network_is_refused(tenancy, tenant, url):
    with pytest.raises(InvalidInput) as refused:
        await segment_hooks.add_hook(tenancy, KEYRING, tenant.id, SYSTEM, url=url, by=None)
    assert refused.value.field == "url"
