"""What webhooks ask for, by Shopify's own example payloads."""

import json

import pytest

from xsight_core.errors import SchemaChanged
from xsight_core.shopify.topics import TOPICS, effect_of

PRODUCT_TOPICS = {
    "customers/create", "customers/update", "customers/delete", "orders/create", "orders/updated",
    "orders/delete", "products/create", "products/update", "products/delete", "refunds/create",
    "shop/update", "app/uninstalled",
}  # fmt: skip


def test_the_registry_holds_what_is_promised():
    assert set(TOPICS) == PRODUCT_TOPICS
    assert TOPICS["orders/updated"].graphql == "ORDERS_UPDATED"


def test_the_gid_is_believed_and_not_the_rounded_number():
    body = {
        "id": 820982911946154500,
        "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    }
    effect = effect_of("orders/updated", json.dumps(body).encode())
    assert effect.refetch == {"orders": (820982911946154508,)}


def test_an_order_moves_its_customer_too():
    body = {"id": 1, "customer": {"id": 2}}
    assert effect_of("orders/create", json.dumps(body).encode()).refetch == {
        "orders": (1,),
        "customers": (2,),
    }
    assert effect_of("orders/create", b'{"id": 1, "customer": null}').refetch == {"orders": (1,)}


@pytest.mark.parametrize("name", sorted(PRODUCT_TOPICS))
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b'"x"', b"{"])
def test_a_payload_of_another_kind_is_said_to_be_so(name, body):
    try:
        effect = effect_of(name, body)
    except SchemaChanged as error:
        assert name in str(error)  # noqa: PT017
    else:
        assert not effect.refetch
        assert not effect.gone


@pytest.mark.parametrize("name", sorted(PRODUCT_TOPICS))
def test_unknown_fields_do_no_harm(name):
    body = {"id": 1, "order_id": 2, "something": {"new": []}}
    assert effect_of(name, json.dumps(body).encode()) == effect_of(
        name, json.dumps({"id": 1, "order_id": 2}).encode()
    )
