"""The projector against graphql-core: same rows, same resolvers, same answer."""

from pathlib import Path

import pytest
from graphql import execute_sync, get_named_type, parse
from graphql.execution.values import get_argument_values

import xsight_core.shopify
from shopify_sim.graphql import answer
from shopify_sim.paging import Page, list_page
from shopify_sim.projection import RESOLVERS, Context
from shopify_sim.schema import load

FOLDER = Path(xsight_core.shopify.__path__[0]) / "documents"
SCHEMA = load("2026-10")
AWKWARD = {
    "aliases": "{ a: orders(first: 2) { n: nodes { x: id id y: name } } b: shop { name n: name } }",
    "merged": "{ orders(first: 3) { nodes { id } nodes { name customer { id } } } "
    "orders(first: 3) { pageInfo { hasNextPage } } }",
    "directives": "query ($no: Boolean = false) { shop { name @include(if: $no) id @skip(if: $no) } }",
    "fragments": "fragment O on Order { id ...P } fragment P on Order { name totalPriceSet { ...M } } "
    "fragment M on MoneyBag { shopMoney { amount } } { orders(first: 2) { edges { cursor node { ...O } } } }",
    "interfaces": '{ nodes(ids: ["gid://shopify/Order/5000000000000", "gid://shopify/Customer/5000000000000", '
    '"gid://shopify/Order/9999"]) { __typename id ... on Order { name } ... on Customer { displayName } } }',
    "references": "{ orders(first: 4) { nodes { customer { id displayName lastOrder { id } } "
    "lineItems(first: 2) { nodes { product { title } variant { sku } } } } } }",
    "backwards": "{ customers(last: 3, reverse: true, sortKey: UPDATED_AT) { nodes { id updatedAt } "
    "pageInfo { hasPreviousPage hasNextPage startCursor } } }",
    "union": "{ orders(first: 5) { nodes { purchasingEntity { __typename ... on Customer { id } } } } }",
}
TEXTS = AWKWARD | {
    path.stem: path.read_text()
    for path in sorted(FOLDER.glob("*.graphql"))
    if path.read_text().lstrip().startswith("query")
}
VARIABLES = {
    "first": 20,
    "query": "updated_at:>='2024-01-01T00:00:00Z'",
    "id": "gid://shopify/Order/5000000000000",
    "ids": [f"gid://shopify/Order/{5_000_000_000_000 + 32_768 * n}" for n in range(5)],
}


def core(shop, text, variables):
    """graphql-core's execution over the same rows."""
    context = Context(shop, shop.installations["app"], SCHEMA, shop.wind())

    def field(source, info, **_):
        if isinstance(source, Page):
            return of_page(source, info.field_name)
        definition = info.parent_type.fields[info.field_name]
        args = get_argument_values(definition, info.field_nodes[0], info.variable_values)
        kind = get_named_type(info.return_type).name
        resolve = RESOLVERS.get((info.parent_type.name, info.field_name))
        own = resolve(source, args, context) if resolve else source.get(info.field_name)
        value = own if resolve else stored(own, kind, args)
        return str(value) if value is not None and kind in STRINGS else value

    result = execute_sync(
        SCHEMA.graphql,
        parse(text),
        {},
        variable_values=variables,
        field_resolver=field,
        type_resolver=lambda value, *_: value["__typename"],
    )
    assert not result.errors
    return result.data


KINDS = {"customer": "Customer", "product": "Product", "refund": "Refund"}  # by a document's name
STRINGS = ("UnsignedInt64", "Money", "Decimal")


def stored(value, kind, args):
    if kind.endswith("Connection"):
        return list_page(value or [], args)
    return value[: args["first"]] if args.get("first") is not None else value


def of_page(page, name):
    cursors = page.cursors()
    return {
        "nodes": page.rows,
        "edges": [{"node": row, "cursor": c} for row, c in zip(page.rows, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }[name]


def used(text):
    return {
        variable.variable.name.value
        for definition in parse(text).definitions
        for variable in definition.variable_definitions or ()
    }


def ordered(value):
    """With the order of keys, which answers keep."""
    if isinstance(value, dict):
        return [(key, ordered(inner)) for key, inner in value.items()]
    return [ordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", TEXTS)
def test_answers_as_graphql_core_does(still_shop, name):
    text = TEXTS[name]
    variables = {key: value for key, value in VARIABLES.items() if key in used(text)}
    kind = next((kind for start, kind in KINDS.items() if name.startswith(start)), None)
    if kind is not None:
        key = f"gid://shopify/{kind}/{5_000_000_000_000 + 32_768}"
        variables |= {
            part: value for part, value in (("id", key), ("ids", [key])) if part in variables
        }
    if "bulk" in name:
        variables["id"] = "gid://shopify/BulkOperation/1"
        variables["query"] = "status:completed"
    if "deletion" in name:
        variables["query"] = "action:destroy"
    body = {"query": text, "variables": variables}
    shown = answer(still_shop, still_shop.installations["app"], "2026-10", body, "http://sim")
    assert "errors" not in shown
    assert "search" not in shown["extensions"]
    assert ordered(shown["data"]) == ordered(core(still_shop, text, variables))


def test_older_version_has_its_own_consent_fields(still_shop):
    body = {
        "query": (FOLDER / "2026-07" / "customers_page.graphql").read_text(),
        "variables": {"first": 50},
    }
    shown = answer(still_shop, still_shop.installations["app"], "2026-07", body, "http://sim")
    assert "errors" not in shown
    phones = [node["defaultPhoneNumber"] for node in shown["data"]["customers"]["nodes"]]
    assert {"SUBSCRIBED", "NOT_SUBSCRIBED"} >= {
        phone["marketingState"] for phone in phones if phone
    }
