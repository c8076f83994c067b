"""Signatures, against Shopify's published vector, Shopify's own library and bit flips."""

import base64
import hashlib
import hmac
import json

import pytest
import shopify_app
from hypothesis import given
from hypothesis import strategies as st

from xsight_core.shopify.signature import query_signature_is_valid, webhook_signature_is_valid

# The example of Shopify's documentation of the code grant.
DOCUMENTED = {
    "code": "0907a61c0c8d55e99db179b68161bc00",
    "hmac": "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
    "shop": "some-shop.myshopify.com",
    "state": "0.6784241404160823",
    "timestamp": "1337178173",
}


def test_the_documented_query():
    assert query_signature_is_valid(DOCUMENTED, ["hush"])
    assert query_signature_is_valid(DOCUMENTED, ["new", "hush"])
    assert not query_signature_is_valid(DOCUMENTED, ["other"])
    assert not query_signature_is_valid(DOCUMENTED, [])
    assert not query_signature_is_valid(DOCUMENTED, [""])


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_any_change_of_the_query_breaks_it(name):
    changed = DOCUMENTED | {name: DOCUMENTED[name][:-1] + "0"}
    without = {key: value for key, value in DOCUMENTED.items() if key != name}
    if changed != DOCUMENTED:
        assert not query_signature_is_valid(changed, ["hush"])
    assert not query_signature_is_valid(without, ["hush"])
    assert not query_signature_is_valid(DOCUMENTED | {"more": "x"}, ["hush"])


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_a_webhook_and_each_of_its_flipped_bits(body, place):
    signature = sign(body, "hush")
    assert webhook_signature_is_valid(body, signature, ["new", "hush"])
    if body:
        flipped = bytearray(body)
        flipped[place // 8 % len(body)] ^= 1 << place % 8
        assert not webhook_signature_is_valid(bytes(flipped), signature, ["hush"])


@pytest.mark.parametrize("signature", ["", "?", "é", "AAAA", "=" * 44])
def test_what_is_no_signature_is_not_valid(signature):
    assert not webhook_signature_is_valid(b"{}", signature, ["hush"])


def test_shopifys_own_library_agrees():
    app = shopify_app.ShopifyApp(client_id="id", client_secret="hush")
    body = json.dumps({"id": 1})

    def theirs(signature: str) -> bool:
        request = {
            "method": "POST",
            "url": "https://x.example/webhooks/orders/create",
            "headers": {
                "X-Shopify-Hmac-Sha256": signature,
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Shop-Domain": "a.myshopify.com",
                "X-Shopify-API-Version": "2026-10",
                "X-Shopify-Webhook-Id": "w",
            },
            "body": body,
        }
        return app.verify_webhook_req(request).ok

    good, bad = sign(body.encode(), "hush"), sign(body.encode(), "hash")
    assert theirs(good) is webhook_signature_is_valid(body.encode(), good, ["hush"]) is True
    assert theirs(bad) is webhook_signature_is_valid(body.encode(), bad, ["hush"]) is False
