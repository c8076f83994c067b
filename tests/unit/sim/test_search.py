"""Search: the recorded shapes, and the mask against a naive reading."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopify_sim import search
from shopify_sim.schema import load


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("made_up:value", {"field": "made_up", "match_all": "value"}),
        ("tag:a", {"field": "tag", "match_all": "a"}),
        ("title:'two words'", {"field": "title", "match_phrase": "two words"}),
        (
            "status:completed AND created_at:>=2000-01-01",
            {
                "and": [
                    {"field": "status", "match_all": "completed"},
                    {"field": "created_at", "range": {"gte": "2000-01-01"}},
                ]
            },
        ),
        (
            "-(a:1 OR b:2)",
            {"not": {"or": [{"field": "a", "match_all": "1"}, {"field": "b", "match_all": "2"}]}},
        ),
        ("bob", {"field": "default", "match_all": "bob"}),
        ("", None),
        # an unquoted time loses its time part, a quoted one keeps it
        (
            "updated_at:>2026-01-02T03:04:05Z",
            {"field": "updated_at", "range": {"gt": "2026-01-02"}},
        ),
        (
            "updated_at:>'2026-01-02T03:04:05Z'",
            {"field": "updated_at", "range": {"gt": "2026-01-02T03:04:05Z"}},
        ),
    ],
)
def test_trees(text, tree):
    assert search.parse(text) == tree


@pytest.mark.parametrize(
    ("root", "text", "codes"),
    [
        ("orders", "updated_at:>'2026-01-01T00:00:00Z' financial_status:paid", []),
        ("orders", "financial_status:nonsense", ["invalid_value"]),
        ("orders", "upd4ted_at:>2026", ["invalid_field"]),
        ("customers", "created_at:>2026-01-01", ["invalid_field"]),  # it is customer_date there
        ("customersCount", "created_at:>2026-01-01", []),
        ("customersCount", "bob", ["missing_named_field"]),
        ("customers", "bob", []),
    ],
)
def test_warnings(root, text, codes):
    found = search.warnings(search.parse(text), load("2026-10").search_fields(root))
    assert [warning["code"] for warning in found] == codes


COLUMNS = {
    "n": np.arange(12),
    "kind": np.array(["a", "b", "c"] * 4),
    "flag": np.arange(12) % 2 == 0,
}
LEAVES = st.one_of(
    st.tuples(st.just("n"), st.sampled_from(["", ">", ">=", "<", "<="]), st.integers(-1, 12)),
    st.tuples(st.just("kind"), st.just(""), st.sampled_from(["a", "b", "z"])),
    st.tuples(st.just("flag"), st.just(""), st.sampled_from(["true", "false"])),
    st.tuples(st.just("unknown"), st.just(""), st.just("x")),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner), st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)
    ),
    max_leaves=6,
)


def write(tree):
    if tree[0] == "NOT":
        return f"NOT ({write(tree[1])})"
    if tree[0] in ("AND", "OR"):
        return f"({write(tree[1])}) {tree[0]} ({write(tree[2])})"
    return f"{tree[0]}:{tree[1]}{tree[2]}"


def naive(tree, row):
    if tree[0] == "NOT":
        return not naive(tree[1], row)
    if tree[0] in ("AND", "OR"):
        join = all if tree[0] == "AND" else any
        return join(naive(part, row) for part in tree[1:])
    name, compare, value = tree
    if name == "unknown":
        return True
    own = COLUMNS[name][row]
    if name == "flag":
        return bool(own) == (value == "true")
    return {
        "": own == value,
        ">": compare == ">" and own > value,
        ">=": compare == ">=" and own >= value,
        "<": compare == "<" and own < value,
        "<=": compare == "<=" and own <= value,
    }[compare]


@settings(deadline=None)  # the machine may be busy
@given(TREES)
def test_masks_against_a_naive_reading(tree):
    found = search.mask(search.parse(write(tree)), COLUMNS.get, 12)
    assert found.tolist() == [naive(tree, row) for row in range(12)]


def test_a_bare_day_is_the_whole_day():
    moments = np.array(["2026-01-01T23:59:59", "2026-01-02T00:00:00"], "M8[us]")
    columns = {"at": moments}

    def rows(text):
        return search.mask(search.parse(text), columns.get, 2).tolist()

    assert rows("at:<=2026-01-01") == [True, False]
    assert rows("at:>2026-01-01") == [False, True]
    assert rows("at:2026-01-01") == [True, False]
    assert rows("at:>='2026-01-01T23:59:59Z'") == [True, True]
    assert rows("at:<'2026-01-01T23:59:59Z'") == [False, False]
    assert rows("at:>='2026-01-02T01:00:00+01:00'") == [False, True]
