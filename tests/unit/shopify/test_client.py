"""The client's judgement of answers. Whole exchanges with the simulated shop are in ``tests/sync``."""

import asyncio
import json
from types import SimpleNamespace

import httpx
import pytest

from xsight_core.errors import (
    AccessDenied,
    SchemaChanged,
    ShopifyError,
    Throttled,
    TokenRevoked,
    Unavailable,
)
from xsight_core.shopify import client as client_module
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.domain import parse_shop_domain

COST = {
    "requestedQueryCost": 10,
    "actualQueryCost": 8,
    "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1990, "restoreRate": 100},
}
FINE = {"data": {"shop": {"name": "A"}}, "extensions": {"cost": COST}}


def coded(code, message="no"):
    return {
        "errors": [{"message": message, "extensions": {"code": code}}],
        "extensions": {"cost": COST},
    }


class Shop:
    """A transport that gives prepared answers and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.pauses = list(answers), [], []

    def handle(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer if isinstance(answer, tuple) else (200, answer, {})
        content = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(status, text=content, headers=headers)

    @property
    def sizes(self):
        return [json.loads(request.content)["variables"].get("first") for request in self.asked]


@pytest.fixture
def ask(monkeypatch):
    """Execute a document at a shop that answers so; pauses are noted, not made."""

    def ask(shop, name="shop", variables=None, tokens=("first", "second")):
        given = iter(tokens)
        current = next(given)

        async def token(refused):
            nonlocal current
            if refused == current:
                current = next(given)
            return current

        async def sleep(seconds):
            shop.pauses.append(seconds)

        ours = SimpleNamespace(**vars(asyncio) | {"sleep": sleep})  # others' loops go on sleeping
        monkeypatch.setattr(client_module, "asyncio", ours)
        http = httpx.AsyncClient(transport=httpx.MockTransport(shop.handle))
        client = ShopifyClient(
            http,
            shop=parse_shop_domain("a"),
            url_template="https://{shop}",
            version="2026-10",
            token=token,
        )

        async def run():
            async with http:
                if name.endswith("_page"):
                    return [
                        node
                        async for nodes in client.pages(name, "orders", query=None, first=100)
                        for node in nodes
                    ]
                if name.endswith("_by_ids"):
                    return await client.by_ids(name, variables, at_once=100)
                return await client.execute(name, variables)

        return asyncio.run(run())

    return ask


def test_the_request_goes_to_the_shop_with_its_token(ask):
    shop = Shop(FINE)
    assert ask(shop) == FINE["data"]
    [request] = shop.asked
    assert str(request.url) == "https://a.myshopify.com/admin/api/2026-10/graphql.json"
    assert request.headers["X-Shopify-Access-Token"] == "first"


@pytest.mark.parametrize(
    "trouble",
    [
        coded("THROTTLED", "Throttled"),
        (429, "", {"Retry-After": "2.0"}),
        (502, "<html>", {}),
        "<html>maintenance</html>",
        coded("INTERNAL_SERVER_ERROR"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("down"),
    ],
    ids=["throttled", "429", "502", "html", "internal", "timeout", "connect"],
)
def test_a_query_in_trouble_is_sent_again(ask, trouble):
    shop = Shop(trouble, trouble, FINE)
    assert ask(shop) == FINE["data"]
    assert len(shop.asked) == 3


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ((502, "", {}), Unavailable),
        ("<html>", Unavailable),
        (coded("INTERNAL_SERVER_ERROR"), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
    ],
)
def test_a_mutation_that_may_have_been_done_is_not_sent_again(ask, trouble, error):
    shop = Shop(trouble)
    with pytest.raises(error):
        ask(shop, "app_uninstall")
    assert len(shop.asked) == 1


@pytest.mark.parametrize("trouble", [coded("THROTTLED"), (429, "", {}), httpx.ConnectError("down")])
def test_a_mutation_that_was_surely_not_done_is_sent_again(ask, trouble):
    shop = Shop(trouble, FINE)
    assert ask(shop, "app_uninstall") == FINE["data"]


def test_retry_after_is_obeyed_and_patience_ends(ask):
    shop = Shop((429, "", {"Retry-After": "7"}))
    with pytest.raises(Throttled) as refusal:
        ask(shop)
    assert refusal.value.retryable
    waited = [pause for pause in shop.pauses if pause > 0]
    assert all(7 <= pause <= 7.2 for pause in waited)
    assert len(shop.asked) == 6


def test_a_refused_token_is_renewed_once(ask):
    shop = Shop((401, "", {}), FINE)
    assert ask(shop) == FINE["data"]
    assert shop.asked[1].headers["X-Shopify-Access-Token"] == "second"
    with pytest.raises(TokenRevoked):
        ask(Shop((401, "", {})))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (coded("ACCESS_DENIED", "Access denied for orders field."), AccessDenied, "orders"),
        (coded("undefinedField", "Field 'x' doesn't exist"), SchemaChanged, "doesn't exist"),
        ({"errors": "Not Found"}, ShopifyError, "Not Found"),
        ((402, "", {}), ShopifyError, "402"),
        ((404, "", {}), ShopifyError, "404"),
        ((403, "", {}), AccessDenied, "forbids"),
        ((302, "", {"Location": "https://evil.example"}), ShopifyError, "302"),
        ({"data": None}, SchemaChanged, "without data"),
    ],
)
def test_what_cannot_get_better_is_said_at_once(ask, answer, error, words):
    shop = Shop(answer)
    with pytest.raises(error, match=words) as refusal:
        ask(shop)
    assert not refusal.value.retryable
    assert len(shop.asked) == 1


def test_an_ignored_filter_is_an_error_and_not_all_rows(ask):
    warnings = [{"field": "updated", "message": "Invalid search field for this query."}]
    search = [{"path": ["orders"], "query": "updated:>1", "warnings": warnings}]
    answer = FINE | {"extensions": {"cost": COST, "search": search}}
    with pytest.raises(SchemaChanged, match="ignored the filter 'updated'"):
        ask(Shop(answer))


def test_a_page_that_is_too_dear_is_halved(ask):
    def page(ids, more):
        orders = {"nodes": ids, "pageInfo": {"hasNextPage": more, "endCursor": "c"}}
        return {"data": {"orders": orders}, "extensions": {"cost": COST}}

    shop = Shop(
        coded("MAX_COST_EXCEEDED"), coded("MAX_COST_EXCEEDED"), page([1], True), page([2], False)
    )
    assert ask(shop, "orders_page") == [1, 2]
    assert shop.sizes == [100, 50, 25, 25]


def test_ids_that_are_too_dear_together_are_asked_for_in_fewer(ask):
    def found(*ids):
        return {"data": {"nodes": [*({"id": i} for i in ids), None]}, "extensions": {"cost": COST}}

    shop = Shop(coded("MAX_COST_EXCEEDED"), found("a", "b"), found("c", "d"), found("e"))
    nodes = ask(shop, "refunds_by_ids", list("abcde"))
    assert [node["id"] for node in nodes] == list("abcde")
    asked = [json.loads(request.content)["variables"]["ids"] for request in shop.asked]
    assert asked == [list("abcde"), list("ab"), list("cd"), list("e")]
