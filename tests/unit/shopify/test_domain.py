"""No address but a shop's comes out of the parser."""

import pytest

from xsight_core.errors import InvalidInput
from xsight_core.shopify.domain import parse_shop_domain, shop_url


@pytest.mark.parametrize(
    "text",
    [
        "my-store.myshopify.com",
        " My-Store.myshopify.com ",
        "my-store",
        "https://my-store.myshopify.com/",
        "https://my-store.myshopify.com/admin",
        "https://admin.shopify.com/store/my-store",
    ],
)
def test_what_merchants_type(text):
    assert parse_shop_domain(text) == "my-store.myshopify.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".myshopify.com",
        "-a.myshopify.com",
        "a.myshopify.com.evil.com",
        "evil.com",
        "evil.com/a.myshopify.com",
        "a.myshopify.com:8080",
        "a.myshopify.com/path",
        "user@a.myshopify.com",
        "a.myshopify.com\n",
        "a.myshopify.com\nHost: x",
        "a\\.myshopify.com",
        "a..myshopify.com",
        "а.myshopify.com",  # a Cyrillic letter
        "a_b.myshopify.com",
        "127.0.0.1",
        "http://a.myshopify.com",
        "a.myshopify.com.",
        "a.myshopify.com#",
        "a.myshopify.com?x=y",
        "x" * 64 + ".myshopify.com",
        "a.MYSHOPIFY.com\x00",
    ],
)
def test_what_could_lead_elsewhere_is_refused(text):
    with pytest.raises(InvalidInput) as refusal:
        parse_shop_domain(text)
    assert refusal.value.field == "shop"


def test_addresses_hang_under_the_template():
    shop = parse_shop_domain("a")
    assert shop_url("https://{shop}", shop, "/admin/x") == "https://a.myshopify.com/admin/x"
    simulated = shop_url("http://127.0.0.1:1/shops/{shop}/", shop, "/admin/x")
    assert simulated == "http://127.0.0.1:1/shops/a.myshopify.com/admin/x"
