"""Pages: every row once, whatever the order, the direction and the size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopify_sim.paging import Index, PagingError, list_page

seconds = st.integers(0, 6).map(lambda s: s * 1_000_000)


def index_of(moments, *, searched):
    values = np.array(moments, np.int64)
    rows = np.arange(len(moments))
    order = np.argsort(values, kind="stable")
    return Index(rows[order], values[order], searched=searched), values


def walk(index, values, size, *, reverse=False, backwards=False):
    """All rows, page by page."""
    found, cursor = [], None
    while True:
        args = {"last" if backwards else "first": size, "reverse": reverse}
        if cursor:
            args["before" if backwards else "after"] = cursor
        rows, behind, before = index.page(args)
        cursors = index.cursors(rows, values[rows] if index.values is not None else None)
        found = rows.tolist() + found if backwards else found + rows.tolist()
        more = before if backwards else behind
        if not more:
            return found
        assert len(rows) == size
        cursor = cursors[0] if backwards else cursors[-1]


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(seconds, max_size=40), st.integers(1, 7), st.booleans(), st.booleans(), st.booleans()
)
def test_pages_have_no_gap_and_no_duplicate(moments, size, reverse, backwards, searched):
    index, values = index_of(moments, searched=searched)
    expected = sorted(range(len(moments)), key=lambda row: (moments[row], row))
    if reverse:
        expected.reverse()
    assert walk(index, values, size, reverse=reverse, backwards=backwards) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.sets(st.integers(0, 60)), st.integers(1, 7), st.booleans())
def test_pages_by_id(rows, size, reverse):
    index = Index(np.array(sorted(rows), np.int64), None)
    expected = sorted(rows, reverse=reverse)
    assert walk(index, None, size, reverse=reverse) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.lists(seconds, min_size=6, max_size=30), st.data())
def test_a_row_that_moves_ahead_while_paging_is_seen_again_and_none_is_lost(moments, data):
    index, values = index_of(moments, searched=True)
    rows, _, _ = index.page({"first": 3})
    cursor = index.cursors(rows, values[rows])[-1]
    moved = data.draw(st.sampled_from(range(len(moments))))
    changed = [*moments]
    changed[moved] = 7_000_000
    later, values = index_of(changed, searched=True)
    rest, _, _ = later.page({"first": 100, "after": cursor})
    assert set(rows.tolist()) | set(rest.tolist()) == set(range(len(moments)))
    assert moved in rest.tolist()


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 30), st.integers(1, 7))
def test_pages_of_a_stored_list(count, size):
    found, after = [], None
    while True:
        page = list_page(list(range(count)), {"first": size, "after": after})
        found += page.rows
        if not page.has_next:
            break
        after = page.cursors()[-1]
    assert found == list(range(count))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "you must provide one of first or last"),
        ({"first": 1, "last": 1}, "providing both first and last is not supported"),
        ({"first": 251}, "first cannot exceed 250"),
        ({"first": 1, "after": "nonsense"}, "Invalid cursor"),
    ],
)
def test_bad_arguments(args, words):
    index, _ = index_of([0, 1_000_000], searched=False)
    with pytest.raises(PagingError, match=words):
        index.page(args)
