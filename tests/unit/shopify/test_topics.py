"""What webhooks ask for, by Shopify's own example payloads."""

import json

import pytest

from xsight_core.errors import SchemaChanged
from xsight_core.shopify.topics import REQUIRED_SCOPES, TOPICS, Effect, effect_of

PRODUCT_TOPICS = {
    "customers/create", "customers/update", "customers/delete", "orders/create", "orders/updated",
    "orders/delete", "products/create", "products/update", "products/delete", "refunds/create",
    "shop/update", "app/uninstalled", "app/scopes_update", "bulk_operations/finish",
    "customers/merge", "customers/data_request", "customers/redact", "shop/redact",
}  # fmt: skip


def test_the_registry_holds_what_is_promised():
    assert set(TOPICS) == PRODUCT_TOPICS
    assert TOPICS["orders/updated"].graphql == "ORDERS_UPDATED"
    assert frozenset({"read_customers", "read_orders", "read_products"}) == REQUIRED_SCOPES


def test_what_shopify_demands_of_every_app_is_not_subscribed_to():
    ours = {name for name, topic in TOPICS.items() if topic.subscribed}
    assert PRODUCT_TOPICS - ours == {
        "customers/data_request",
        "customers/redact",
        "shop/redact",
    }


def test_a_merge_that_failed_moves_nothing():
    body = {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
        "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
        "status": "failed",
    }
    effect = effect_of("customers/merge", json.dumps(body).encode())
    assert effect.merged is None
    assert effect.refetch == {"customers": (1, 2)}
    body["status"] = "success"
    assert effect_of("customers/merge", json.dumps(body).encode()).merged == (1, 2)


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
        assert effect == Effect()


@pytest.mark.parametrize(
    "number", ["0", "-1", "1e30", '"x"', "1.5e400", "true", "99999999999999999999"]
)
def test_an_id_that_is_none_is_said_to_be_so(number):
    with pytest.raises(SchemaChanged):
        effect_of("orders/delete", f'{{"id": {number}}}'.encode())
