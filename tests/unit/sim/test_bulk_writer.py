"""Bulk files: from columns as from rows, from rows as from pages."""

import json
from pathlib import Path

import pytest

import xsight_core.shopify
from shopify_sim.bulk.writer import BulkDenied, BulkWriter
from shopify_sim.deeds import DEEDS
from shopify_sim.schema import load

FOLDER = Path(xsight_core.shopify.__path__[0]) / "documents" / "bulk"
SCHEMA = load("2026-10")
OTHER = {
    "aliases": "{ orders { edges { node { a: id id t: totalPriceSet { s: shopMoney { x: amount } } "
    "lineItems { edges { node { id kind: __typename d: discountedTotalSet { shopMoney { amount } } } } } } } } }",
    "search": '{ orders(query: "financial_status:refunded") { edges { node { id displayFinancialStatus } } } }',
    "deep": "{ customers { edges { node { id lastOrder { id name } orders { edges { node { id } } } } } } }",
    "references": "{ orders { edges { node { id customer { id displayName } } } } }",
    "fragments": "fragment F on Order { id name } { orders { edges { node { ...F ... on Order { test } } } } }",
}


def write(shop, query, *, group, columns=True):
    writer = BulkWriter(shop, shop.installations["app"], SCHEMA, query, group=group)
    if not columns:
        writer._by_columns = lambda: None
    pieces = list(writer.slices(97))
    return (
        "".join(piece[0] for piece in pieces),
        sum(p[1] for p in pieces),
        sum(p[2] for p in pieces),
    )


@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("name", ["orders", "customers", "products"])
def test_from_columns_as_from_rows(still_shop, name, group):
    query = (FOLDER / f"{name}.graphql").read_text()
    fast = write(still_shop, query, group=group)
    assert fast == write(still_shop, query, group=group, columns=False)
    text, roots, objects = fast
    rows = [json.loads(line) for line in text.splitlines()]
    assert objects == len(rows)
    assert roots == sum("__parentId" not in row for row in rows)
    assert "\\/" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("name", ["aliases", "references", "fragments", "search"])
def test_other_queries_from_columns_as_from_rows(still_shop, name):
    fast = write(still_shop, OTHER[name], group=True)
    assert fast == write(still_shop, OTHER[name], group=True, columns=False)
    assert fast[1] > 0


def test_no_field_of_the_usual_queries_is_slow(still_shop):
    for name in ("orders", "customers"):
        query = (FOLDER / f"{name}.graphql").read_text()
        writer = BulkWriter(still_shop, still_shop.installations["app"], SCHEMA, query, group=False)
        write_slice = writer._by_columns()
        assert write_slice is not None
        templates = [
            cell.cell_contents
            for cell in write_slice.__closure__
            if type(cell.cell_contents).__name__ == "Template"
        ]
        assert templates
        assert all(template.slow == [] for template in templates)


def test_children_follow_their_parent_when_grouped(still_shop):
    text, _, _ = write(still_shop, (FOLDER / "orders.graphql").read_text(), group=True)
    parent = None
    for line in text.splitlines():
        row = json.loads(line)
        if "__parentId" in row:
            assert row["__parentId"] == parent
        else:
            parent = row["id"]


def test_rows_as_pages_show_them(still_shop, ask):
    fields = "id name totalPriceSet { shopMoney { amount } } customer { id } lineItems"
    page = ask(
        f"{{ orders(first: 250, sortKey: ID) {{ nodes {{ {fields}(first: 100) {{ nodes {{ id quantity }} }} }} }} }}",
        shop=still_shop,
    )
    query = f"{{ orders {{ edges {{ node {{ {fields} {{ edges {{ node {{ id quantity }} }} }} }} }} }} }}"
    text, _, _ = write(still_shop, query, group=True)
    rows = [json.loads(line) for line in text.splitlines()]
    shown = {}
    for row in rows:
        if "__parentId" in row:
            shown[row.pop("__parentId")]["lineItems"]["nodes"].append(row)
        else:
            shown[row["id"]] = row | {"lineItems": {"nodes": []}}
    nodes = page["data"]["orders"]["nodes"]
    assert nodes == [shown[node["id"]] for node in nodes]


def test_a_missing_scope_fails_the_operation(shop):
    shop.installations["app"].scopes = frozenset({"read_orders", "read_all_orders"})
    with pytest.raises(BulkDenied):
        write(shop, "{ customers { edges { node { id } } } }", group=False)
    with pytest.raises(BulkDenied):
        write(shop, "{ orders { edges { node { id customer { id } } } } }", group=False)
    assert write(shop, "{ orders { edges { node { id } } } }", group=False)[1] > 0


def test_from_columns_as_from_rows_in_a_shop_where_everything_happens(shop):
    """Currencies, tax, gift cards, shipping, refunds without lines, metafields: fast as well, and the same."""
    lines = [
        {"amount": "20.00", "quantity": 2, "discount": "4.00", "tax": "6.84"},
        {"amount": "50.00", "gift_card": True},
    ]
    everything = {"lines": lines, "shipping": "4.90", "tip": "1", "duties": "3", "rounding": "0.02"}
    for deed, body in (
        ("create_order", everything | {"presentment": {"currency": "USD", "rate": "1.0876"}}),
        ("refund", {"order": 3, "amount": "2.00", "count": 60}),
        ("update_shop", {"currency": "CHF"}),
        ("create_order", {"line_count": 300, "tags": ["a/b", "ü%"], "note": "50 % off"}),
        ("update_order", {"order": 5, "metafields": [{"key": "k", "value": "v"}]}),
    ):
        now = shop.clock.move(1_000_000)
        shop.wind()
        DEEDS[deed](shop.store, now, body)
    for name in ("orders", "customers"):
        query = (FOLDER / f"{name}.graphql").read_text()
        assert write(shop, query, group=True) == write(shop, query, group=True, columns=False)
    text, _, _ = write(shop, (FOLDER / "orders.graphql").read_text(), group=True)
    shown = [json.loads(line) for line in text.splitlines() if '"USD"' in line]
    (order,) = [row for row in shown if "__parentId" not in row]
    total = order["totalPriceSet"]
    assert total["shopMoney"]["amount"] == "101.76"
    assert total["presentmentMoney"]["amount"] == "110.67"
    assert order["currencyCode"] == "EUR"
    assert order["presentmentCurrencyCode"] == "USD"
