"""Whatever changes between two refreshes: who changed looked at alone comes to what a look at everybody finds."""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.segments.shops import EPOCH, TODAY
from tests.segments.test_refresh import RULES, Shop
from xsight_core.tenancy import Tenancy

MORE = {
    "gone quiet": {"field": "days_since_order", "operator": ">", "value": 60},
    "one order": {"field": "orders_count", "operator": "=", "value": 1},
    "spent": {"field": "net", "operator": ">", "value": 50},
    "from": {"field": "country", "operator": "in", "value": ["US", "DE"]},
    "web": {"field": "first_channel", "operator": "=", "value": "web"},
    "never": {"field": "orders_count", "operator": "=", "value": 0},
}
CHANGES = {
    "the order is another's": "UPDATE xsight.orders SET customer_id = {person} WHERE id = {order}",
    "the order is nobody's": "UPDATE xsight.orders SET customer_id = NULL WHERE id = {order}",
    "all orders are another's": (
        "UPDATE xsight.orders SET customer_id = {person} WHERE customer_id = {other}"
    ),
    "merged": (
        "UPDATE xsight.customers SET merged_into = {person} WHERE id = {other} AND {person} <> {other} AND NOT EXISTS "
        "(SELECT FROM xsight.customers WHERE id = {person} AND merged_into IS NOT NULL)"
        " AND NOT EXISTS (SELECT FROM xsight.customers WHERE merged_into = {other})"
    ),
    "merged no more": "UPDATE xsight.customers SET merged_into = NULL WHERE id = {other}",
    "deleted": "UPDATE xsight.customers SET deleted_at = now() WHERE id = {person}",
    "back": "UPDATE xsight.customers SET deleted_at = NULL WHERE id = {person}",
    "erased": "DELETE FROM xsight.customers WHERE id = {person} AND mod({order}, 5) = 0",
    "moved": "UPDATE xsight.customers SET country = 'FR', tags = '{{late}}' WHERE id = {person}",
    "came back": "UPDATE xsight.orders SET returns_minor = gross_minor WHERE id = {order}",
    "cancelled": "UPDATE xsight.orders SET cancelled_at = now() WHERE id = {order}",
    "counts again": (
        "UPDATE xsight.orders SET cancelled_at = NULL, deleted_at = NULL, test = false WHERE id = {order}"
    ),
    "order deleted": "DELETE FROM xsight.orders WHERE id = {order} AND mod({person}, 5) = 0",
    "another day": (
        "UPDATE xsight.orders SET day = {today} - mod({person}, 400), channel = 'web' WHERE id = {order}"
    ),
    "other lines": "UPDATE xsight.order_lines SET product_id = 7001 + mod({person}, 9) WHERE order_id = {order}",
}
CHANGE = st.tuples(
    st.sampled_from(sorted(CHANGES)),
    st.integers(5001, 5130),
    st.integers(1001, 1045),
    st.integers(1001, 1045),
)


@pytest.fixture(scope="module")
def shop(cluster, tmp_path_factory):
    """One shop that lives on from example to example."""
    with cluster.fresh() as database:
        tenancy = Tenancy(database.app_url)
        shop = Shop(database, tenancy, tmp_path_factory.mktemp("home"))
        with asyncio.Runner() as runner:
            shop.run = runner.run
            for name, rule in (RULES | MORE).items():
                shop.run(shop.save(name, rule))
            shop.run(shop.refresh())
            yield shop
            shop.run(tenancy.close())


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # the shop lives on: an example cannot be made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(CHANGE, min_size=1, max_size=6))
def test_changes_come_to_what_a_look_at_everybody_finds(shop, changes):
    for name, order, person, other in changes:
        statement = CHANGES[name]
        shop.change(
            statement.format(order=order, person=person, other=other, today=(TODAY - EPOCH).days)
        )
    few = shop.run(shop.refresh())
    gone = {"erased", "order deleted", "merged no more"} & {name for name, *_ in changes}
    assert gone or few.whole < few.segments
    everybody = shop.run(shop.refresh(whole=True))
    assert (everybody.entered, everybody.left) == (0, 0)
