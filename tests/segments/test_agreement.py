"""One rule, read three ways, finds the same customers: SQL, masks, and pandas by the letter."""

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.segments.conftest import BASIS
from tests.segments.strategies import groups
from xsight_core.segments import customers_of, document, read_rule, shopify_import
from xsight_core.segments.shopify_export import to_query
from xsight_core.segments.shopify_import import from_query

SETTINGS = settings(
    max_examples=int(os.environ.get("XSIGHT_RULES", "40")),  # the long form: some thousands
    deadline=None,
    derandomize="XSIGHT_RULES" not in os.environ,
    phases=[Phase.explicit, Phase.generate],  # a failing rule is short enough as it is
    suppress_health_check=list(HealthCheck),
)


@SETTINGS
@given(rule=groups(), which=st.integers(0, 2))
def test_three_readings_of_one_rule(worlds, rule, which):
    tree, world = read_rule(rule), worlds[which]
    assert read_rule(document(tree)) == tree
    expected = world.naive.find(rule)
    assert world.by_sql(customers_of(tree, BASIS)) == expected
    assert world.by_masks(tree) == expected


EXPORTED = [
    *shopify_import.PLAIN.values(),
    *shopify_import.CONTAINED.values(),
    "orders",
    "products",
]


@SETTINGS
@given(data=st.data(), which=st.integers(0, 2))
def test_a_rule_that_shopify_can_ask_comes_back_as_itself(worlds, data, which):
    rule, world = data.draw(groups(fields=EXPORTED)), worlds[which]
    export = to_query(read_rule(rule), "some-segment")
    if not export.exact:
        assert export.query == "customer_tags CONTAINS 'xsight:seg-some-segment'"
        assert export.reasons
        return
    again = from_query(export.query)
    assert world.by_masks(again) == world.naive.find(rule)
