"""The code grant's pure parts."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.shopify.test_signature import DOCUMENTED
from xsight_core.errors import Forbidden
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.oauth import App, TokenPair, authorize_url, verify_callback

SIGNED_AT = datetime.fromtimestamp(int(DOCUMENTED["timestamp"]), UTC)


def test_the_address_the_merchant_is_sent_to():
    app = App("id", ("secret",), "read_orders,read_customers")
    url = urlsplit(
        authorize_url(app, parse_shop_domain("a"), state="s t", redirect_uri="https://x/y?z")
    )
    assert (url.scheme, url.netloc, url.path) == (
        "https",
        "a.myshopify.com",
        "/admin/oauth/authorize",
    )
    assert parse_qs(url.query) == {
        "client_id": ["id"],
        "scope": ["read_orders,read_customers"],
        "redirect_uri": ["https://x/y?z"],
        "state": ["s t"],
    }


def test_a_signed_return_is_accepted_while_it_is_fresh():
    verify_callback(DOCUMENTED, ["hush"], now=SIGNED_AT + timedelta(seconds=89))


@pytest.mark.parametrize("seconds", [-91, 91, 10**9])
def test_an_old_return_is_refused(seconds):
    with pytest.raises(Forbidden, match="too old"):
        verify_callback(DOCUMENTED, ["hush"], now=SIGNED_AT + timedelta(seconds=seconds))


def test_a_foreign_return_is_refused():
    with pytest.raises(Forbidden, match="not signed"):
        verify_callback(DOCUMENTED, ["other"], now=SIGNED_AT)


def test_a_pair_does_not_print_its_tokens():
    pair = TokenPair("shpat_x", ("read_orders",), None, "shprt_y", None)
    assert "shp" not in f"{pair!r} {pair}"
