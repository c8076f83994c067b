# ruff: noqa: E501 - tables are read by the line
"""Shopify's segment queries: read and written as published, and nothing answered that we cannot answer."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xsight_core.segments import document, read_rule
from xsight_core.segments.shopify_export import to_query
from xsight_core.segments.shopify_import import from_query
from xsight_core.segments.shopify_query import (
    Clause,
    Function,
    InvalidQuery,
    Joined,
    Offset,
    join,
    parse,
    show,
)

WORDS = ["customer_tags", "CONTAINS", "'a'", "(", ")", "AND", "OR", "NOT", "=", ",", "MATCHES", "IN", "BETWEEN", "-7d", "5", "orders_placed", "IS", "NULL", ":", "true"]  # fmt: skip
SEGMENT = "11111111-2222-3333-4444-555555555555"

names = st.sampled_from(
    [
        "amount_spent",
        "last_order_date",
        "customer_tags",
        "metafields.facts.birth_date",
        "shopify_email.opened",
        "x1",
    ]
)
scalars = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals("-99999", "99999", places=2),
    st.dates(date(1900, 1, 1), date(2999, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    st.sampled_from(["-7d", "+3m", "-2w", "-1y", "today", "yesterday"]).map(Offset),
    st.booleans(),
)  # fmt: skip
clauses = st.one_of(
    st.builds(Clause, names, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "CONTAINS", "NOT CONTAINS"]), st.tuples(scalars)),
    st.builds(Clause, names, st.just("BETWEEN"), st.tuples(scalars, scalars)),
    st.builds(Clause, names, st.sampled_from(["IN", "NOT IN"]), st.lists(scalars, min_size=1, max_size=3).map(tuple)),
    st.builds(Clause, names, st.sampled_from(["NULL", "NOT NULL"])),
)  # fmt: skip
functions = st.builds(
    Function,
    names,
    st.lists(clauses, max_size=3, unique_by=lambda clause: clause.name).map(tuple),
    st.booleans(),
)
queries = st.recursive(
    clauses | functions,
    lambda inner: st.builds(
        join, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(queries)
def test_what_is_written_reads_the_same(query):
    assert parse(show(query)) == query


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_refused(text):
    try:
        query = parse(text)
    except InvalidQuery:
        return
    assert parse(show(query)) == query


# Every example of the published reference that is a query of its own.
PUBLISHED = """
email_subscription_status = 'SUBSCRIBED'
last_order_date = 2020-05-30
last_order_date != 2020-05-30
last_order_date > 2020-05-30
last_order_date BETWEEN 2020-02-28 AND 2020-03-30
last_order_date > -7d
last_order_date >= -2w
last_order_date = -1m
last_order_date < -1y
last_order_date BETWEEN 2021-01-01 AND today
last_order_date BETWEEN 2020-01-01 AND -7d
last_order_date = yesterday
customer_account_status = 'DISABLED'
customer_account_status != 'DISABLED'
amount_spent = 10.99
amount_spent BETWEEN 100 AND 1000.99
products_purchased NOT MATCHES ()
products_purchased MATCHES (id = 2012162031638)
products_purchased MATCHES (tag = 'Sports wear')
products_purchased MATCHES (id IN (2012162031638, 1012132033639))
products_purchased MATCHES (id NOT IN (1012132033639))
products_purchased MATCHES (id = 1012132033639, date = 2022-01-01)
products_purchased NOT MATCHES (date > -3m)
products_purchased MATCHES (tag = 'Sports wear', date >= -12m)
products_purchased MATCHES (id = 1012132033639, date BETWEEN -12m AND today)
products_purchased MATCHES (id = 1234, count > 1)
number_of_orders BETWEEN 100 AND 1000
customer_tags CONTAINS 'vip'
customer_tags NOT CONTAINS 'vip'
customer_cities CONTAINS 'US-CA-LosAngeles'
customer_email_domain = 'example.com'
email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA'
email_subscription_status = 'SUBSCRIBED' OR customer_countries CONTAINS 'CA'
email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA' OR amount_spent > 999.99
email_subscription_status = 'SUBSCRIBED' AND (customer_countries CONTAINS 'CA' OR amount_spent > 999.99)
orders_placed MATCHES (date > 2025-01-01)
orders_placed MATCHES (date > -30d, count >= 5, amount >= 20, sum_amount > 100.5)
rfm_group = 'CHAMPIONS' AND predicted_spend_tier = 'HIGH'
customer_within_distance MATCHES (coordinates = '49.2827,-123.1207', distance_km = 25)
customer_regions CONTAINS 'US-NY' AND customer_language = 'en' AND sms_subscription_status IS NOT NULL
metafields.facts.birth_date BETWEEN today AND +7d
orders_placed IS NULL
""".strip().splitlines()


@pytest.mark.parametrize("text", PUBLISHED)
def test_a_published_query_becomes_a_rule(text):
    tree = from_query(text)
    assert read_rule(document(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [text for text in PUBLISHED if "NOT IN" not in text and not text.startswith(("metafields", "customer_within"))],
)  # fmt: skip
def test_a_published_query_comes_back(text):
    export = to_query(from_query(text), SEGMENT)
    assert export.exact, export.reasons
    again = from_query(export.query)
    assert to_query(again, SEGMENT).query == export.query


DEPRECATED = [
    ("last_order_date >= 7_days_ago", "last_order_date >= -7d"),
    ("last_order_date >= 12_months_ago", "last_order_date >= -12m"),
    ("products_purchased(id: 1234) = true", "products_purchased MATCHES (id = 1234)"),
    ("products_purchased(id: (12, 34), date: > -3m) = false", "products_purchased NOT MATCHES (id IN (12, 34), date > -3m)"),
    ("products_purchased() != true", "products_purchased NOT MATCHES ()"),
    ("customer_tags NOT_CONTAINS 'a'", "customer_tags NOT CONTAINS 'a'"),
    ("orders_placed NOT_MATCHES (date >= -1y)", "orders_placed NOT MATCHES (date >= -1y)"),
    ("FROM customers SHOW customer_name, note WHERE amount_spent > 5 ORDER BY updated_at", "amount_spent > 5"),
    ("amount_spent > 5 -- a lot\nAND /* and */ number_of_orders > 1", "amount_spent > 5 AND number_of_orders > 1"),
    ("products_purchased(date: BETWEEN -12m AND today) = true", "products_purchased MATCHES (date BETWEEN -12m AND today)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), DEPRECATED)
def test_older_forms_are_read_as_the_present_ones(old, new):
    assert parse(old) == parse(new)


REFUSED = [
    ("shopify_email.opened MATCHES ()", "shopify_email.opened"),
    ("shopify_email.opened() = true", "shopify_email.opened"),
    ("storefront_event.product_viewed MATCHES (id = 1)", "storefront_event.product_viewed"),
    ("store_credit_accounts MATCHES (balance > 10)", "store_credit_accounts"),
    ("abandoned_checkout_date >= -7d", "abandoned_checkout_date"),
    ("companies = 5", "companies"),
    ("created_by_app_id = 5", "created_by_app_id"),
    ("product_subscription_status = 'ACTIVE'", "product_subscription_status"),
    (
        "anniversary('metafields.facts.birth_date') = today",
        "anniversary('metafields.facts.birth_date')",
    ),
    ("anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +7d", "anniversary()"),
    ("orders_placed MATCHES (location_id = 5)", "orders_placed (location_id)"),
    ("products_purchased MATCHES (category = 'x')", "products_purchased (category)"),
    ("last_order_date > 2020-05-30T16:00:00", "last_order_date"),
    ("orders_placed MATCHES (count < 3)", "count"),
    ("nonsense = 1 AND amount_spent > 1", "nonsense"),
    ("amount_spent CONTAINS 5", "amount_spent"),
]


@pytest.mark.parametrize(("text", "attribute"), REFUSED)
def test_what_cannot_be_answered_is_refused_by_name(text, attribute):
    with pytest.raises(InvalidQuery) as caught:
        from_query(text)
    assert caught.value.attribute == attribute
    assert attribute in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "amount_spent", "amount_spent >", "amount_spent > 1 AND", "(amount_spent > 1", "amount_spent > 1)", "customer_tags CONTAINS 'a", "last_order_date = 2026-13-01", "orders_placed MATCHES (date > -1d, date < -2d)", "amount_spent > 1,000", "last_order_date BETWEEN 1pm AND 3pm", "a = 1 b = 2", "(" * 60 + "a = 1" + ")" * 60],
)  # fmt: skip
def test_a_broken_query_is_refused_with_its_place(text):
    with pytest.raises(InvalidQuery, match="Line 1, column"):
        from_query(text)


def group(*rules, combinator="and", negated=False):
    return {"combinator": combinator, "not": negated, "rules": list(rules)}


def rule(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


EXPORTS = [
    (group(rule("tags", "contains", "vip"), rule("country", "=", "CA"), negated=True), "customer_tags NOT CONTAINS 'vip' OR customer_countries NOT CONTAINS 'CA'"),
    (group(rule("last_order", "<", {"rel": "-90d"}), negated=True), "last_order_date >= -90d OR last_order_date IS NULL"),
    (group(rule("created", "<", {"rel": "-90d"}), negated=True), "customer_added_date >= -90d"),
    (group(rule("shopify_spent", "notBetween", [10, 99.5])), "amount_spent < 10 OR amount_spent > 99.5"),
    (group(rule("country", "notIn", ["DE", "AT"])), "customer_countries NOT CONTAINS 'DE' AND customer_countries NOT CONTAINS 'AT'"),
    (group(rule("orders", "matches", {"agg": "count", "cmp": "<", "n": 3})), "orders_placed NOT MATCHES (count >= 3)"),
    (group(rule("orders", "matches", {"agg": "count", "cmp": "=", "n": 0, "window": {"from": {"rel": "-1q"}}})), "orders_placed NOT MATCHES (date >= -3m)"),
    (group(rule("products", "doesNotMatch", {"agg": "sum", "of": "quantity", "cmp": ">", "n": 4})), "products_purchased NOT MATCHES (sum_quantity > 4)"),
    (group(group(rule("shopify_orders", ">", 1), rule("account", "=", "ENABLED")), rule("shopify_spent", ">=", 5), combinator="or"), "(number_of_orders > 1 AND customer_account_status = 'ENABLED') OR amount_spent >= 5"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "query"), EXPORTS)
def test_exports(tree, query):
    export = to_query(read_rule(tree), SEGMENT)
    assert (export.query, export.exact) == (query, True)


FALLBACKS = [
    (group(rule("p_alive", ">", 0.5)), "rules[0]"),
    (group(rule("net", "topPercent", 10)), "rules[0]"),
    (group(rule("shopify_spent", "topPercent", 10)), "rules[0]"),
    (group(rule("last_order", ">", {"rel": "start-of-year"})), "rules[0]"),
    (group(rule("country", "in", [f"A{chr(65 + i)}" for i in range(11)])), ""),
    (group(rule("orders", "matches", {"agg": "avg", "of": "net", "cmp": ">", "n": 3})), "rules[0]"),
    (group(rule("orders", "matches", {"agg": "count", "cmp": ">", "n": 3, "where": group(rule("channel", "=", "web"))})), "rules[0].value.where.rules[0]"),
    (group(rule("orders", "matches", {"agg": "count", "cmp": ">", "n": 3, "window": {"from": "2026-01-01"}, "where": group(rule("date", "<", "2026-06-01"))})), "rules[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "place"), FALLBACKS)
def test_what_shopify_cannot_ask_goes_by_the_tag(tree, place):
    export = to_query(read_rule(tree), SEGMENT)
    assert export.query == f"customer_tags CONTAINS 'xsight:seg-{SEGMENT[:18]}'"
    assert not export.exact
    assert [reason.path for reason in export.reasons] == [place]


def test_a_decimal_stays_exact():
    assert parse("amount_spent = 10.10").values == (Decimal("10.10"),)
    assert isinstance(parse("a = 1 AND b = 2"), Joined)
