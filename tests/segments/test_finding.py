"""Rules answered by the database through a tenant's scope."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.segments.conftest import BASIS
from xsight_core.db.segments import missing_data
from xsight_core.errors import InvalidInput
from xsight_core.segments import Basis, read_rule
from xsight_core.segments.finding import (
    RuleTooSlow,
    asks_personal_data,
    find_customers,
)
from xsight_core.segments.library import GROUPS, LIBRARY
from xsight_core.segments.marks import marks_of
from xsight_core.segments.masks import Masks
from xsight_core.segments.references import gather
from xsight_core.segments.sql import customers_of
from xsight_core.tenancy import Tenancy


def group(*rules):
    return {"combinator": "and", "rules": list(rules)}


def test_every_segment_of_the_library_finds_the_same_either_way(worlds):
    for world in worlds[:2]:
        marks = marks_of(world.book, product=7001, vendor="Acme")
        for template in LIBRARY:
            tree = read_rule(template.rule(marks))
            expected = world.naive.find(template.rule(marks))
            assert world.by_masks(tree) == expected, template.key
            if template.key in {"back_again", "rising_value", "discount_hunters"}:
                assert world.by_sql(customers_of(tree, BASIS)) == expected
    assert len(LIBRARY) == len({template.key for template in LIBRARY}) == 40
    assert {template.group for template in LIBRARY} == set(GROUPS)
    assert all(t.purpose.endswith(".") and t.action.endswith(".") for t in LIBRARY)


def test_thresholds_are_the_shops_own(worlds):
    marks = marks_of(worlds[0].book)
    assert marks.small_order <= marks.large_order
    assert marks.typical_net <= marks.good_net <= marks.top_net
    assert 0 < marks.usual_days < marks.late_days < marks.lost_days
    assert marks.home in {"US", "DE", "at", "FR"}
    assert [t.key for t in LIBRARY if t.rule(marks) is None] == [
        "bestseller_buyers",
        "bestseller_missing",
        "started_with_bestseller",
        "brand_fans",
    ]


def test_a_segment_in_a_segment_is_its_rule(worlds):
    inner, outer = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    rules = {
        inner: group({"field": "orders_count", "operator": ">=", "value": 2}),
        outer: group({"field": "segment", "operator": "notIn", "value": [inner]}),
    }
    trees = {name: read_rule(rule) for name, rule in rules.items()}
    tree = read_rule(group({"field": "segment", "operator": "in", "value": [outer]}))
    segments = gather(tree, trees.get)
    assert not asks_personal_data(tree, segments)
    for world in worlds:
        world.naive.segments = rules
        expected = world.naive.find(rules[outer])
        assert world.by_sql(customers_of(tree, BASIS, segments)) == expected
        assert world.by_masks(tree, segments) == expected


def test_what_names_a_person_is_asked_of_the_database_only(worlds):
    world = worlds[0]
    tree = read_rule(group({"field": "email_domain", "operator": "=", "value": "example.com"}))
    assert asks_personal_data(tree, {})
    before = world.asked
    assert world.by_masks(tree)
    assert world.asked == before + 1
    columns = {*world.book.people.columns, *world.book.people.names}
    assert not columns & {"email", "phone", "first_name", "last_name", "city", "zip"}


async def test_through_the_tenants_scope(worlds, database):
    tree = read_rule(group({"field": "orders_count", "operator": ">=", "value": 1}))
    url = worlds[0].engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    tenancy = Tenancy(url)
    for world in worlds[:2]:
        async with tenancy.scope(world.tenant.id) as session:
            assert set(await find_customers(session, tree, BASIS)) == world.by_sql(
                customers_of(tree, BASIS)
            )
    await tenancy.close()


async def test_a_statement_that_takes_too_long_is_ended_and_said(worlds, monkeypatch):
    monkeypatch.setattr("xsight_core.segments.finding.TIMEOUT_S", 0.001)
    url = worlds[0].engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    tenancy = Tenancy(url)
    slow = {
        "agg": "count",
        "cmp": ">=",
        "n": 1,
        "where": group({"field": "title", "operator": "contains", "value": "a"}),
    }
    tree = read_rule(group(*[{"field": "products", "operator": "matches", "value": slow}] * 8))
    async with tenancy.scope(worlds[0].tenant.id) as session:
        with pytest.raises(RuleTooSlow):
            await find_customers(session, tree, BASIS)
        await session.execute(text("SELECT 1"))  # the scope is still good
    await tenancy.close()


def test_a_store_without_the_data_says_so(worlds, tenancy, tenant):
    with tenancy.connection(tenant.id) as connection:
        missing = missing_data(connection)
    assert missing == {"collections", "metafields", "coordinates", "traits"}
    tree = read_rule(group({"field": "spend_tier", "operator": "=", "value": "HIGH"}))
    with pytest.raises(InvalidInput, match="traits"):
        customers_of(tree, Basis(0, missing=missing))
    with pytest.raises(InvalidInput, match="traits"):
        Masks(replace(worlds[0].book, basis=Basis(0, missing=missing))).customers(tree)
