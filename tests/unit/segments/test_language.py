# ruff: noqa: E501 - tables are read by the line
"""Reading rules: everything the issue lists as bad input is named at its place; what is right comes back the same."""

import doctest
import json
from datetime import date

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segments.strategies import groups
from xsight_core.errors import InvalidInput
from xsight_core.segments import (
    CUSTOMER,
    LINE,
    ORDER,
    Basis,
    InvalidRule,
    dates,
    document,
    read_rule,
)
from xsight_core.segments.builder import builder
from xsight_core.segments.dates import FORMS, Relative, day_of
from xsight_core.segments.operators import NEGATED, OPERATORS
from xsight_core.segments.references import gather
from xsight_core.segments.schema import FILE, schema
from xsight_core.segments.sql import customers_of, shown
from xsight_core.segments.versions import RENAMED

SEGMENT = "11111111-2222-3333-4444-555555555555"
VALIDATOR = jsonschema.Draft202012Validator(schema())


def rule(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


def group(*rules, combinator="and", **more):
    return {"combinator": combinator, "rules": list(rules), **more}


def event(**more):
    return {"agg": "count", "cmp": ">=", "n": 1} | more


def nested(depth):
    node = group(rule("orders_count", ">", 1))
    for _ in range(depth - 1):
        node = group(node)
    return node


BAD = [
    ("field", group(rule("shoe_size", "=", 42)), "rules[0].field"),
    ("field of another scope", group(rule("vendor", "=", "Acme")), "rules[0].field"),
    ("field that is no text", group(rule(["net"], "=", 1)), "rules[0].field"),
    ("operator", group(rule("net", "resembles", 1)), "rules[0].operator"),
    ("operator of another kind", group(rule("net", "contains", 1)), "rules[0].operator"),
    ("operator that is no text", group(rule("net", {"=": 1}, 1)), "rules[0].operator"),
    ("text for a number", group(rule("net", ">", "much")), "rules[0].value"),
    ("number for a text", group(rule("country", "=", 49)), "rules[0].value"),
    ("flag for a number", group(rule("orders_count", "=", True)), "rules[0].value"),
    ("fraction of an order", group(rule("orders_count", "=", 1.5)), "rules[0].value"),
    ("infinity", group(rule("net", "<", float("inf"))), "rules[0].value"),
    ("not a number", group(rule("net", "<", float("nan"))), "rules[0].value"),
    ("range backwards", group(rule("net", "between", [5, 1])), "rules[0].value"),
    ("range of one", group(rule("net", "between", [5])), "rules[0].value"),
    ("empty list", group(rule("country", "in", [])), "rules[0].value"),
    ("empty text", group(rule("country", "=", "")), "rules[0].value"),
    ("text that is too long", group(rule("tags", "contains", "x" * 300)), "rules[0].value"),
    ("NUL", group(rule("tags", "contains", "a\x00b")), "rules[0].value"),
    ("half a character", group(rule("tags", "contains", "\ud800")), "rules[0].value"),
    ("choice", group(rule("account", "=", "ASLEEP")), "rules[0].value"),
    ("value where none is due", group(rule("net", "null", 3)), "rules[0].value"),
    ("no such day", group(rule("created", "=", "2026-02-30")), "rules[0].value"),
    ("no such relative date", group(rule("created", ">", {"rel": "-30 days"})), "rules[0].value"),
    ("relative date in another zone", group(rule("created", ">", {"rel": "-1d", "tz": "UTC"})), "rules[0].value"),
    ("a thousand years", group(rule("created", ">", {"rel": "-1000y"})), "rules[0].value"),
    ("empty group", group(), "rules"),
    ("empty group inside", group(rule("net", ">", 1), group()), "rules[1].rules"),
    ("empty where", group(rule("orders", "matches", event(where=group()))), "rules[0].value.where.rules"),
    ("group without a word", {"rules": [rule("net", ">", 1)]}, "combinator"),
    ("exclusive or", group(rule("net", ">", 1), combinator="xor"), "combinator"),
    ("words between rules", {"combinator": "and", "rules": [rule("net", ">", 1), "and", rule("net", "<", 9)]}, "rules[1]"),
    ("unknown key", group(rule("net", ">", 1), colour="red"), "colour"),
    ("field against field", group(rule("net", ">", 1) | {"valueSource": "field"}), "rules[0].valueSource"),
    ("too deep", nested(9), "rules[0].rules[0].rules[0].rules[0].rules[0].rules[0].rules[0].rules[0]"),
    ("too many", group(*[rule("net", ">", 1)] * 201), "rules"),
    ("percentile of a text", group(rule("country", "topPercent", 10)), "rules[0].operator"),
    ("no per cent", group(rule("net", "topPercent", 0)), "rules[0].value"),
    ("more than all", group(rule("net", "bottomPercent", 101)), "rules[0].value"),
    ("percentile among nobody", group(rule("net", "topPercent", {"n": 5, "within": group()})), "rules[0].value.within.rules"),
    ("eleventh tenth", group(rule("net", "decile", [11])), "rules[0].value"),
    ("rank of an order", group(rule("orders", "matches", event(where=group(rule("net", "topN", 3))))), "rules[0].value.where.rules[0].operator"),
    ("no aggregate", group(rule("orders", "matches", event(agg="median"))), "rules[0].value.agg"),
    ("sum of nothing", group(rule("orders", "matches", event(agg="sum"))), "rules[0].value.of"),
    ("sum of a text", group(rule("orders", "matches", event(agg="sum", of="channel"))), "rules[0].value.of"),
    ("count of something", group(rule("orders", "matches", event(of="net"))), "rules[0].value.of"),
    ("window of a word", group(rule("orders", "matches", event(window={"from": "last week"}))), "rules[0].value.window.from"),
    ("date of a count", group(rule("orders", "matches", event(n={"rel": "-1d"}))), "rules[0].value.n"),
    ("event without a number", group(rule("orders", "matches", {"agg": "count", "cmp": ">="})), "rules[0].value"),
    ("nowhere on earth", group(rule("distance", "matches", {"latitude": 91, "longitude": 0, "km": 1})), "rules[0].value"),
    ("metafield without a name", group(rule("metafield", "matches", {"key": "size", "type": "text", "cmp": "=", "n": "L"})), "rules[0].value"),
    ("segment by its name", group(rule("segment", "in", ["vips"])), "rules[0].value"),
    ("a later version", group(rule("net", ">", 1), v=99), "v"),
    ("not even an object", [1, 2], ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "place"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_bad_input_is_named_at_its_place(bad, place):
    with pytest.raises(InvalidInput) as caught:
        read_rule(bad)
    assert caught.value.field == place
    assert str(caught.value).endswith(".")


def test_all_that_is_wrong_is_told_at_once():
    bad = group(rule("net", ">", "x"), group(rule("what", "=", 1)), rule("orders_count", "?", 1))
    with pytest.raises(InvalidRule) as caught:
        read_rule(bad)
    assert [p.path for p in caught.value.problems] == [
        "rules[0].value",
        "rules[1].rules[0].field",
        "rules[2].operator",
    ]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from([*CUSTOMER, "matches", "in", "=", "count", "and"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["rules", "combinator", "field", "operator", "value", "n", "agg", "cmp", "where", "within", "not", "v", "rel"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(values)
def test_whatever_comes_is_read_or_refused(value):
    try:
        tree = read_rule(value)
    except InvalidInput:
        return
    assert read_rule(document(tree)) == tree


@settings(max_examples=20, deadline=None)
@given(groups())
def test_what_is_read_is_in_the_schema(value):
    assert read_rule(json.loads(json.dumps(document(read_rule(value))))) == read_rule(value)
    assert not list(VALIDATOR.iter_errors(value))


def test_the_schema_refuses_too():
    too_subtle = {
        "range backwards", "choice of a text", "no such day", "a thousand years", "too deep", "too many", "NUL",
        "half a character", "more than all", "sum of nothing", "count of something", "date of a count",
        "metafield without a name", "infinity", "not a number", "fraction of an order", "segment by its name",
    }  # fmt: skip
    refused = {name for name, bad, _ in BAD if list(VALIDATOR.iter_errors(bad))}
    assert {name for name, _, _ in BAD} - refused <= too_subtle


def test_the_published_schema_is_current():
    assert json.loads(FILE.read_text()) == schema(), "run python -m xsight_core.segments.schema"


def test_every_operator_but_the_positive_ones_has_a_complement():
    for table in OPERATORS.values():
        for operator in table.values():
            assert operator.negates is None or NEGATED[operator.name] in table


def test_names_in_a_rule_never_become_sql():
    evil = "'; DROP TABLE xsight.customers; --"
    texts = [f for f in CUSTOMER.values() if f.kind in {"text", "labels"}]
    found = shown(
        customers_of(read_rule(group(*(rule(f.name, "contains", evil) for f in texts))), Basis(0))
    )
    assert "DROP" not in found.text
    assert list(found.parameters.values()).count(evil.casefold()) == len(texts)


def test_data_the_store_has_none_of_is_refused_by_name():
    tree = read_rule(group(rule("distance", "matches", {"latitude": 1, "longitude": 1, "km": 1})))
    with pytest.raises(InvalidInput) as caught:
        customers_of(tree, Basis(0, missing=frozenset({"coordinates"})))
    assert caught.value.field == "rules[0].field"


def test_money_finer_than_the_currency_is_refused():
    with pytest.raises(InvalidInput) as caught:
        customers_of(read_rule(group(rule("net", ">", 9.99))), Basis(0, exponent=0))
    assert caught.value.field == "rules[0].value"


class TestVersions:
    def test_a_rule_of_the_first_xsight_is_brought_up_to_date(self):
        old = group(
            rule("totalSpent", ">=", 100),
            group(rule("last_order_at", "inLast", {"n": 30, "unit": "days"}), rule("lastOrderDate", "before", "2026-01-01"), combinator="or"),
            rule("last_order", "notInLast", {"n": 6, "unit": "months"}),
            v=0,
        )  # fmt: skip
        new = group(
            rule("net", ">=", 100),
            group(
                rule("last_order", ">=", {"rel": "-30d"}),
                rule("last_order", "<", "2026-01-01"),
                combinator="or",
            ),
            rule("last_order", "<", {"rel": "-6m"}),
        )
        assert read_rule(old) == read_rule(new)
        assert old["rules"][0]["field"] == "totalSpent"  # what is stored is not touched by reading

    def test_what_it_cannot_bring_is_reported_at_its_place(self):
        with pytest.raises(InvalidRule) as caught:
            read_rule(group(rule("last_order", "inLast", {"n": 3, "unit": "moons"}), v=0))
        assert caught.value.field == "rules[0].value"

    def test_every_new_name_is_a_field(self):
        assert set(RENAMED.values()) <= set(CUSTOMER)


class TestSegmentsInSegments:
    def other(self, *names):
        return read_rule(group(rule("segment", "in", list(names))))

    def ids(self, n):
        return [f"00000000-0000-0000-0000-00000000000{i}" for i in range(n)]

    def test_a_circle_is_refused_where_it_begins(self):
        a, b, c = self.ids(3)
        rules = {a: self.other(b), b: self.other(c), c: self.other(a)}
        with pytest.raises(InvalidRule) as caught:
            gather(rules[a], rules.get, own=a)
        assert caught.value.field == "rules[0].value[0]"
        with pytest.raises(InvalidRule):
            gather(self.other(a), rules.get)  # a circle that the rule is not in itself

    def test_itself_is_a_circle_too(self):
        (a,) = self.ids(1)
        with pytest.raises(InvalidRule):
            gather(self.other(a), {a: self.other(a)}.get, own=a)

    def test_the_same_twice_is_no_circle(self):
        a, b, c = self.ids(3)
        plain = read_rule(group(rule("net", ">", 1)))
        rules = {a: self.other(c), b: self.other(c), c: plain}
        assert set(gather(self.other(a, b), rules.get)) == {a, b, c}

    def test_one_that_is_gone_is_named(self):
        (a,) = self.ids(1)
        with pytest.raises(InvalidRule) as caught:
            gather(
                read_rule(
                    group(
                        rule("net", ">", 1),
                        rule("entered", "matches", {"segment": a, "since": {"rel": "-7d"}}),
                    )
                ),
                {}.get,
            )
        assert caught.value.field == "rules[1].value.segment"


class TestDates:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("-30d", "2024-02-29"), ("-2w", "2024-03-16"), ("-1m", "2024-02-29"), ("-13m", "2023-02-28"),
            ("+1m", "2024-04-30"), ("-1q", "2023-12-30"), ("-1y", "2023-03-30"), ("+11m", "2025-02-28"),
            ("today", "2024-03-30"), ("yesterday", "2024-03-29"), ("tomorrow", "2024-03-31"),
            ("start-of-week", "2024-03-25"), ("start-of-month", "2024-03-01"),
            ("start-of-quarter", "2024-01-01"), ("start-of-year", "2024-01-01"), ("+9m", "2024-12-30"),
        ],
    )  # fmt: skip
    def test_forms(self, text, day):
        epoch = date(1970, 1, 1)
        today = (date(2024, 3, 30) - epoch).days
        assert day_of(Relative(text), today) == (date.fromisoformat(day) - epoch).days

    @pytest.mark.parametrize("text", FORMS)
    def test_every_form_is_read(self, text):
        assert read_rule(group(rule("created", ">=", {"rel": text})))


def test_the_builder_offers_what_the_viewer_may_ask():
    full = builder(Basis(0), personal=True)["fields"]
    assert [len(full[scope]) for scope in ("customer", "orders", "products")] == [
        len(CUSTOMER),
        len(ORDER),
        len(LINE),
    ]
    masked = {
        f["name"]
        for f in builder(Basis(0, missing=frozenset({"traits"})), personal=False)["fields"][
            "customer"
        ]
    }
    assert masked == {f.name for f in CUSTOMER.values() if not f.personal and f.needs != "traits"}
    for field in full["customer"]:
        read_rule(group(rule(field["name"], field["defaultOperator"], field["defaultValue"])))


def test_examples_in_docstrings_are_true():
    assert doctest.testmod(dates).failed == 0
    assert doctest.testmod(dates).attempted > 0
