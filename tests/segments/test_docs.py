"""Every line of JSON in docs/segments.md is a rule; each finds the same customers however it is read."""

import json
import re

from tests.segments.conftest import BASIS
from xsight_core.segments import customers_of, read_rule
from xsight_core.segments.dates import FORMS
from xsight_core.segments.operators import AGGREGATES, COMPARISONS, OPERATORS
from xsight_core.segments.reference import FILE, written
from xsight_core.segments.rules import Event, walk

TEXT = FILE.read_text()
LINES = [
    json.loads(line)
    for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
RULES = [rule if "rules" in rule else {"combinator": "and", "rules": [rule]} for rule in LINES]


def test_the_reference_is_current():
    assert written(TEXT) == TEXT, "run python -m xsight_core.segments.reference"


def test_every_operator_and_form_has_an_example():
    conditions = [condition for rule in RULES for condition in walk(read_rule(rule))]
    events = [c.value for c in conditions if isinstance(c.value, Event)]
    asked = {(c.field.kind, c.operator) for c in conditions}
    plain = {
        (kind, name)
        for kind, table in OPERATORS.items()
        for name in table
        if name not in {"matches", "doesNotMatch"}
    }
    assert {(kind.value, name) for kind, name in plain - asked} <= {
        ("segment", "in"),
        ("segment", "notIn"),
    }
    assert {event.aggregate for event in events} == set(AGGREGATES)
    assert {event.comparison for event in events} == set(COMPARISONS)
    assert {form for form in FORMS if f'"rel": "{form}"' in TEXT} == set(FORMS)


def test_every_example_is_executed(worlds):
    assert len(RULES) > 200
    found = 0
    for i, rule in enumerate(RULES):
        world, tree = worlds[i % 3], read_rule(rule)
        expected = world.naive.find(rule)
        assert world.by_masks(tree) == expected, rule
        assert world.by_sql(customers_of(tree, BASIS)) == expected, rule
        found += bool(expected)
    assert found > len(RULES) / 2  # examples that find nobody show nothing
