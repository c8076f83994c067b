import pytest

from tests.segments.conftest import BASIS
from xsight_core.segments import CUSTOMER, LINE, ORDER, customers_of, read_rule

ALL = [("", f) for f in CUSTOMER.values() if f.name != "segment"]
ALL += [("orders", f) for f in ORDER.values()] + [("products", f) for f in LINE.values()]


@pytest.mark.parametrize(("event", "field"), ALL, ids=lambda x: getattr(x, "name", x))
def test_the_example_of_every_field(worlds, event, field):
    rule = {"field": field.name, "operator": field.example.operator, "value": field.example.value}
    if event:
        where = {"combinator": "and", "rules": [rule]}
        rule = {
            "field": event,
            "operator": "matches",
            "value": {"agg": "count", "cmp": ">=", "n": 1, "where": where},
        }
    rule = {"combinator": "and", "rules": [rule]}
    tree, world = read_rule(rule), worlds[0]
    expected = world.naive.find(rule)
    assert world.by_sql(customers_of(tree, BASIS)) == expected
    assert world.by_masks(tree) == expected
