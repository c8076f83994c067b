"""Cases of what a shop's records are: one shop in which all of it has happened, synced, then changed and synced."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx
import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, SHOP, running_sim
from tests.support.tenants import add_tenant
from tests.sync.conftest import KEYRING, PLENTY, Store, app_of, approve, synced
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.tenancy import Tenancy

BACK_DATED = datetime(2019, 3, 31, 0, 30, tzinfo=UTC)


def key(gid: str) -> int:
    return int(gid.rsplit("/", 1)[1])


class World:
    """The shop, what was done to it by name, and the tenant's rows."""

    def __init__(self, store: Store, tenancy: Tenancy, tenant) -> None:
        self.store, self._tenancy, self._tenant = store, tenancy, tenant
        self.ids: dict[str, int] = {}
        self.gids: dict[str, str] = {}

    def make(self, name: str, deed: str = "create_order", **body) -> str:
        gid = self.store.act(deed, **body)["id"]
        self.ids[name], self.gids[name] = key(gid), gid
        return gid

    def rows(self, statement: str, *values):
        with self._tenancy.connection(self._tenant.id) as connection:
            return connection.execute(statement, values).fetchall()

    def order(self, name: str, columns: str):
        [row] = self.rows(f"SELECT {columns} FROM xsight.orders WHERE id = %s", self.ids[name])
        return row if len(row) > 1 else row[0]


def before(world: World) -> None:
    """What has happened when the store is connected."""
    act, make = world.store.act, world.make
    customer = make("customer", "create_customer", profile={"email": "a@b.example", "note": "n"})
    act("update_customer", customer=customer, email_consent=1)
    make("guest")
    make("pos", channel="pos")
    make("draft", channel="shopify_draft_order", customer=customer)
    make("edited", lines=[{"amount": "10.00", "quantity": 2}, {"amount": "5.00"}])
    refunded = make("refunded", lines=[{"amount": "20.00", "quantity": 3}], shipping="5.00")
    act("refund", order=refunded, units=[[0, 1]])
    act("refund", order=refunded, shipping="5.00")
    act("refund", order=refunded, amount="2.50")
    often = make("often", lines=[{"amount": "1.00", "quantity": 70}])
    act("refund", order=often, units=[[0, 1]], count=60)
    wide = make("wide", lines=[{"amount": "1.00"}], line_count=60)
    act("refund", order=wide)
    for status in ("PENDING", "AUTHORIZED", "PARTIALLY_PAID", "EXPIRED"):
        make(status, status=status)
    act("cancel", order=make("void", status="PENDING"))
    act("cancel", order=make("cancelled", customer=customer), refund=True)
    make("test", test=True, amount="999.00")
    make("back-dated", processed_at=int(BACK_DATED.timestamp()))
    make(
        "money",
        lines=[{"amount": "100.00", "tax": "19.00"}],
        shipping="4.90",
        tip="3.00",
        duties="7.00",
        rounding="0.02",
        presentment={"currency": "JPY", "rate": 150},
    )
    make("gift", lines=[{"amount": "50.00", "gift_card": True}, {"amount": "8.00"}])
    make(
        "discounts",
        lines=[
            {"amount": "40.00", "discount": "4.00", "application": 0},
            {"amount": "60.00", "discount": "5.00", "application": 1},
        ],
        discounts=[
            {"kind": "code", "code": "TEN", "percent": 10},
            {"kind": "automatic", "title": "Spring", "amount": "5.00"},
        ],
    )
    product = act("create_product", title="Lost", variants=150, collections=["Old", "New"])
    world.gids["product"], world.ids["product"] = product["id"], key(product["id"])
    gone = act("create_product", title="Gone", variants=1)
    make("of a deleted product", lines=[{"amount": "9.00", "variant": gone["variant"]}])
    act("delete_product", product=gone["id"])
    make("130 lines", lines=[{"amount": "1.00"}], line_count=130)
    make("linked")


def after(world: World) -> None:
    """What happens later."""
    act, gids = world.store.act, world.gids
    act("clock", days=2)  # beyond the overlap
    act("link", order=gids["linked"], customer=gids["customer"])
    act("edit", order=gids["edited"], place=0, quantity=1)
    act("edit", order=gids["edited"], lines=[{"amount": "3.00"}])
    act("refund", order=gids["refunded"], units=[[0, 1]])
    act("touch", order=gids["often"])
    act("touch", order=gids["wide"])
    act("touch", order=gids["130 lines"])
    act("update_product", product=gids["product"])
    act("persons", allowed=False)
    act("update_customer", customer=gids["customer"], profile={"tags": ["seen"]})


@pytest.fixture(scope="module")
def world(cluster) -> Iterator[World]:
    shops = (ShopConfig(SHOP, "generated:5"),)
    config = SimConfig(shops, (APP,), auto_approve=True, **PLENTY)
    with cluster.fresh() as database, running_sim(config) as sim:
        tenant = add_tenant(database.admin_url, "cases")

        async def play() -> World:
            tenancy = Tenancy(database.app_url)
            world = World(Store(sim), tenancy, tenant)
            async with httpx.AsyncClient() as http:
                access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim), version="2026-10")
                query = await approve(sim, sim.shop)
                await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
                before(world)
                await synced(access, tenant, "full")
                after(world)
                await synced(access, tenant, "delta")
            await tenancy.close()
            return world

        yield asyncio.run(play())


def test_case_05_guest_pos_and_draft_orders_without_customer(world):
    assert world.order("guest", "customer_id, channel") == (None, "web")
    assert world.order("pos", "customer_id, channel") == (None, "pos")
    assert world.order("guest", "net_minor") == 1000  # revenue all the same


def test_case_06_a_customer_linked_to_an_order_later(world):
    assert world.order("linked", "customer_id") == world.ids["customer"]


def test_case_07_edited_orders(world):
    lines = world.rows(
        "SELECT quantity, current_quantity, gross FROM xsight.order_lines WHERE order_id = %s"
        " ORDER BY id",
        world.ids["edited"],
    )
    assert lines == [(2, 1, Decimal(20)), (1, 1, Decimal(5)), (1, 1, Decimal(3))]
    assert world.order("edited", "edited, net_minor, gross_minor - returns_minor") == (
        *(True, 1800),
        1800,
    )


def test_case_08_refunds_of_lines_shipping_and_money_alone(world):
    order = world.ids["refunded"]
    lines = world.rows(
        "SELECT sum(quantity), sum(subtotal) FROM xsight.refund_lines WHERE order_id = %s", order
    )
    assert lines == [(2, Decimal(40))]
    other = world.rows(
        "SELECT kind, abs(amount) FROM xsight.refund_adjustments WHERE order_id = %s ORDER BY kind",
        order,
    )
    assert other == [("adjustment", Decimal("2.50")), ("shipping", Decimal(5))]
    moved = world.rows(
        "SELECT count(*), sum(amount) FROM xsight.refund_transactions WHERE order_id = %s", order
    )
    assert moved == [(4, Decimal("47.50"))]
    assert world.order("refunded", "refunded") == Decimal("47.50")
    days = world.rows(
        "SELECT count(DISTINCT day), bool_and(detailed) FROM xsight.refunds WHERE order_id = %s",
        order,
    )
    assert days == [(2, True)]  # each on its own day


@pytest.mark.parametrize(("name", "refunds", "units"), [("often", 60, 60), ("wide", 1, 60)])
def test_case_08_more_refunds_and_more_lines_than_a_page(world, name, refunds, units):
    found = world.rows(
        "SELECT count(DISTINCT refund_id), sum(quantity) FROM xsight.refund_lines"
        " WHERE order_id = %s",
        world.ids[name],
    )
    assert found == [(refunds, units)]


def test_case_09_cancelled_voided_and_unpaid(world):
    for status in ("PENDING", "AUTHORIZED", "PARTIALLY_PAID", "EXPIRED"):
        assert world.order(status, "financial_status, cancelled_at") == (status, None)
    assert world.order("void", "financial_status, cancelled_at IS NULL") == ("VOIDED", False)
    assert world.order("cancelled", "financial_status, cancelled_at IS NULL") == (
        "REFUNDED",
        False,
    )


def test_case_10_test_orders_are_stored_and_marked(world):
    assert world.order("test", "test, gross_minor") == (True, 99_900)
    truth = world.store.truth()
    counted = "SELECT count(*) FROM xsight.orders WHERE NOT test AND cancelled_at IS NULL"
    assert world.rows(counted) == [(truth["orders"],)]


def test_case_11_back_dated_orders(world):
    processed, created = world.order("back-dated", "processed_at, created_at")
    assert processed == BACK_DATED
    assert created - processed > timedelta(days=365)


def test_case_12_money(world):
    [exact] = world.rows(
        "SELECT currency, presentment_currency, total_presentment / total, tip, duties,"
        " cash_rounding, shipping, tax FROM xsight.orders WHERE id = %s",
        world.ids["money"],
    )
    currency = world.store.truth()["currency"]
    assert exact[:2] == (currency, "JPY")
    assert round(exact[2]) == 150
    assert exact[3:] == tuple(map(Decimal, ("3", "7", "0.02", "4.90", "19")))
    assert world.order("money", "net_minor, taxes_minor, shipping_minor") == (10_000, 1900, 490)


def test_case_13_gift_cards_are_no_sale(world):
    assert world.order("gift", "gross_minor, net_minor") == (800, 800)
    sold = "SELECT gift_card FROM xsight.order_lines WHERE order_id = %s ORDER BY gross"
    assert world.rows(sold, world.ids["gift"]) == [(False,), (True,)]


def test_case_14_days_are_the_shops(world):
    zone = ZoneInfo(world.rows("SELECT timezone FROM xsight.tenant_state")[0][0])
    for processed, day in world.rows("SELECT processed_at, day FROM xsight.orders"):
        local = datetime(1970, 1, 1) + timedelta(days=day)
        assert local.date() == processed.astimezone(zone).date()


def test_case_15_draft_orders_are_orders_once_completed(world):
    assert world.order("draft", "channel, net_minor") == ("shopify_draft_order", 1000)


def test_case_16_channels(world):
    channels = dict(world.rows("SELECT DISTINCT channel, app FROM xsight.orders"))
    assert {"web", "pos", "shopify_draft_order"} <= set(channels)
    assert all(channels.values())


def test_case_17_discounts_are_counted_once(world):
    order = world.ids["discounts"]
    assert world.order("discounts", "gross_minor, discounts_minor, net_minor") == (
        *(10_000, 900),
        9100,
    )
    lines = (
        "SELECT gross, discounts, net FROM xsight.order_lines WHERE order_id = %s ORDER BY gross"
    )
    assert [tuple(map(float, line)) for line in world.rows(lines, order)] == [
        (40, 4, 36),
        (60, 5, 55),
    ]
    named = world.rows(
        "SELECT kind, coalesce(code, title) FROM xsight.order_discounts WHERE order_id = %s"
        " ORDER BY idx",
        order,
    )
    assert named == [
        ("DiscountCodeApplication", "TEN"),
        ("AutomaticDiscountApplication", "Spring"),
    ]
    assert world.order("discounts", "discount_codes") == ["TEN"]


def test_case_18_lines_of_deleted_products_keep_their_names(world):
    line = "SELECT product_id, title, sku IS NOT NULL FROM xsight.order_lines WHERE order_id = %s"
    assert world.rows(line, world.ids["of a deleted product"]) == [(None, "Gone", True)]


def test_case_19_more_lines_and_variants_than_a_page(world):
    lines = "SELECT count(*) FROM xsight.order_lines WHERE order_id = %s"
    assert world.rows(lines, world.ids["130 lines"]) == [(130,)]
    variants = "SELECT count(*) FROM xsight.variants WHERE product_id = %s"
    assert world.rows(variants, world.ids["product"]) == [(150,)]
    collections = (
        "SELECT title FROM xsight.product_collections WHERE product_id = %s ORDER BY title"
    )
    assert world.rows(collections, world.ids["product"]) == [("New",), ("Old",)]


def test_case_20_shopifys_own_totals_stand_apart(world):
    count, spent = world.rows(
        "SELECT orders_count, amount_spent FROM xsight.customers WHERE id = %s",
        world.ids["customer"],
    )[0]
    ours = "SELECT count(*) FROM xsight.orders WHERE customer_id = %s"
    assert count is not None
    assert spent is not None
    assert world.rows(ours, world.ids["customer"]) == [(3,)]


def test_case_22_returns_and_what_is_still_owed(world):
    assert world.order("PENDING", "outstanding") == Decimal(10)
    assert world.order("guest", "outstanding") == Decimal(0)
    assert world.order("refunded", "return_status") is not None


def test_case_28_a_person_no_longer_shown_is_not_forgotten(world):
    person = "SELECT email, note FROM xsight.customer_pii WHERE customer_id = %s"
    assert world.rows(person, world.ids["customer"]) == [("a@b.example", "n")]
    state = "SELECT tags, email_consent FROM xsight.customers WHERE id = %s"
    [(tags, consent)] = world.rows(state, world.ids["customer"])
    assert tags == ["seen"]
    assert consent == "SUBSCRIBED"
