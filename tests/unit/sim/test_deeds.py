"""What is done to a shop shows in its answers, and no sweep misses it."""

from shopify_sim.deeds import DEEDS
from shopify_sim.faces import gid, iso
from shopify_sim.truth import facts

ORDER = """query ($id: ID!) { order(id: $id) { id updatedAt displayFinancialStatus cancelledAt edited
  customer { id } currentTotalPriceSet { shopMoney { amount } } totalRefundedSet { shopMoney { amount } }
  lineItems(first: 5) { nodes { quantity currentQuantity } }
  refunds(first: 5) { totalRefundedSet { shopMoney { amount } } } } }"""
SWEEP = """query ($since: String!) {
  orders(first: 50, query: $since, sortKey: UPDATED_AT) { nodes { id } }
  customers(first: 50, query: $since, sortKey: UPDATED_AT) { nodes { id } } }"""


def do(shop, name, **body):
    now = shop.clock.move(1_000_000)
    shop.wind()
    return DEEDS[name](shop.store, now, body)


def seen(shop, ask):
    """What a sweep from now finds after whatever is done next."""
    at = shop.clock.now()
    since = f"updated_at:>'{iso(at)}'"
    return lambda: {
        node["id"] for part in ask(SWEEP, since=since)["data"].values() for node in part["nodes"]
    }


def test_an_order_refunded_in_two_parts(shop, ask):
    sweep = seen(shop, ask)
    lines = [{"amount": "3.33", "quantity": 3}, {"amount": "1.00", "quantity": 1}]
    order = do(shop, "create_order", customer=gid("Customer", 0), lines=lines)["id"]
    assert sweep() == {order, gid("Customer", 0)}
    assert do(shop, "refund", order=order, units=[[0, 1]])["cents"] == 333
    shown = ask(ORDER, id=order)["data"]["order"]
    assert shown["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert shown["currentTotalPriceSet"]["shopMoney"]["amount"] == "7.66"
    assert do(shop, "refund", order=order)["cents"] == 766
    shown = ask(ORDER, id=order)["data"]["order"]
    assert shown["displayFinancialStatus"] == "REFUNDED"
    assert [line["currentQuantity"] for line in shown["lineItems"]["nodes"]] == [0, 0]
    assert len(shown["refunds"]) == 2
    assert do(shop, "refund", order=order) == {"cents": 0, "number": None}


def test_cancelled_edited_linked_deleted(shop, ask):
    before = facts(shop.store)
    order = do(shop, "create_order", lines=[{"amount": "5", "quantity": 2}])["id"]
    assert ask(ORDER, id=order)["data"]["order"]["customer"] is None
    do(shop, "link", order=order, customer=gid("Customer", 3))
    do(shop, "edit", order=order)
    shown = ask(ORDER, id=order)["data"]["order"]
    assert shown["customer"]["id"] == gid("Customer", 3)
    assert shown["edited"]
    assert shown["currentTotalPriceSet"]["shopMoney"]["amount"] == "5.0"
    do(shop, "cancel", order=order)
    shown = ask(ORDER, id=order)["data"]["order"]
    assert shown["displayFinancialStatus"] == "VOIDED"
    assert shown["cancelledAt"]
    do(shop, "delete_order", order=order)
    assert ask(ORDER, id=order)["data"]["order"] is None
    events = ask(
        '{ events(first: 250, query: "action:destroy subject_type:ORDER") '
        "{ nodes { ... on BasicEvent { subjectId } } } }"
    )
    assert order in {node["subjectId"] for node in events["data"]["events"]["nodes"]}
    after = facts(shop.store)
    assert (after["orders"], after["net_minor"]) == (before["orders"], before["net_minor"])


def test_customers_changed_merged_deleted(shop, ask):
    made = do(shop, "create_customer", profile={"first_name": "Nora", "email": "nora@example.com"})[
        "id"
    ]
    name = "query ($id: ID!) { customer(id: $id) { displayName tags defaultEmailAddress { emailAddress } } }"
    assert (
        ask(name, id=made)["data"]["customer"]["defaultEmailAddress"]["emailAddress"]
        == "nora@example.com"
    )
    do(
        shop,
        "update_customer",
        customer=made,
        profile={"tags": ["vip"], "last_name": "New"},
        email_consent=1,
    )
    shown = ask(name, id=made)["data"]["customer"]
    assert (shown["displayName"], shown["tags"]) == ("Nora New", ["vip"])
    order = do(shop, "create_order", customer=made)["id"]
    assert do(shop, "delete_customer", customer=made) == {"deleted": False}
    sweep = seen(shop, ask)
    do(shop, "merge_customers", kept=gid("Customer", 5), absorbed=made)
    assert {order, gid("Customer", 5)} <= sweep()
    assert ask(ORDER, id=order)["data"]["order"]["customer"]["id"] == gid("Customer", 5)
    assert ask(name, id=made)["data"]["customer"] is None


def test_a_deleted_product_leaves_its_lines(shop, ask):
    do(shop, "delete_product", product=gid("Product", 0))
    order = do(shop, "create_order", lines=[{"amount": "5", "variant": 0}])["id"]
    line = """query ($id: ID!) { order(id: $id) { lineItems(first: 1) {
      nodes { title sku product { id } variant { id } } } } }"""
    (shown,) = ask(line, id=order)["data"]["order"]["lineItems"]["nodes"]
    assert shown["product"] is None
    assert shown["variant"] is None
    assert shown["title"]
    assert shown["sku"]


def test_many_orders_at_once(shop):
    before = facts(shop.store)["orders"]
    made = do(shop, "create_order", count=1000, customer=0, amount="2.50")["ids"]
    assert len(set(made)) == 1000
    assert facts(shop.store)["orders"] == before + 1000


def test_sixty_days_without_read_all_orders(shop, ask):
    count = "{ ordersCount(limit: null) { count } }"
    all_orders = ask(count)["data"]["ordersCount"]["count"]
    shop.installations["app"].scopes -= {"read_all_orders"}
    recent = ask(count)["data"]["ordersCount"]["count"]
    assert 0 < recent < all_orders
    ancient = ask("query ($id: ID!) { order(id: $id) { id } }", id=gid("Order", 0))
    assert ancient["data"]["order"] is None
