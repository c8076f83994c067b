"""Connecting a shop at the simulator, and every way in which the return from there is not the right one."""

import hashlib
import hmac
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx


async def consent(ann, shop: str) -> str:
    """From the form to Shopify and its yes: the address that Shopify sends the browser back to."""
    start = await ann.get(f"/auth?shop={shop}")
    assert start.status_code == 303, start.text
    async with httpx.AsyncClient(trust_env=False) as shopify:
        yes = await shopify.get(start.headers["location"])
    assert yes.status_code in {302, 303}, yes.text
    return yes.headers["location"]


def signed(query: dict[str, str], secret: str) -> str:
    message = "&".join(f"{key}={query[key]}" for key in sorted(query) if key != "hmac")
    digest = hmac.digest(secret.encode(), message.encode(), hashlib.sha256).hex()
    return urlencode(query | {"hmac": digest})


async def test_from_the_form_to_a_connected_store(api, sim) -> None:
    async with api.member() as ann:
        back = await consent(ann, sim.shop)
        assert back.startswith(f"{api.url}/auth/callback?")
        done = await ann.get(back)
        assert done.headers["location"] == "/app/overview", done.text
        store = (await ann.get("/api/v1/tenants/me")).json()
        assert store["shop"]["domain"] == sim.shop
        assert store["shop"]["connection"] == "connected"
        assert "is connected" in (await ann.get("/connect")).text
        again = await ann.get(back)
        assert again.status_code == 403  # the same return works once


async def test_the_state_is_sent_to_the_callback_only(api, sim) -> None:
    async with api.member() as ann:
        await ann.get(f"/auth?shop={sim.shop}")
        assert "xs_state" in ann.cookies("/auth/callback")
        assert "xs_state" not in ann.cookies("/auth/oauth/authorize")


async def test_a_return_that_is_not_this_browsers_is_refused(api, sim) -> None:
    async with api.member() as ann, api.member("eve@example.com") as eve:
        back = await consent(ann, sim.shop)
        assert (await eve.get(back)).status_code == 403  # no cookie
        state = dict(parse_qsl(urlsplit(back).query))["state"]
        cookie = f"xs_auth={eve.cookies('/auth')['xs_auth']}; xs_state={state}"
        answer = await eve.get(back, headers={"Cookie": cookie})
        assert answer.status_code == 403  # another log-in
        assert (await eve.get("/api/v1/tenants/me")).json()["shop"]["connection"] == "none"


FORGERIES = {
    "flipped": lambda q: urlencode(q | {"hmac": "0" * 64}),
    "no hex": lambda q: urlencode(q | {"hmac": "zz"}),
    "none": lambda q: urlencode({k: v for k, v in q.items() if k != "hmac"}),
    "code": lambda q: urlencode(q | {"code": "other"}),
    "shop": lambda q: urlencode(q | {"shop": "evil.myshopify.com"}),
    "twice": lambda q: urlencode(q) + "&shop=evil.myshopify.com",
    "other key": lambda q: signed(q, "another secret"),
}


async def test_a_return_that_shopify_did_not_sign_is_refused(api, sim) -> None:
    async with api.member() as ann:
        for name, forge in FORGERIES.items():
            query = dict(parse_qsl(urlsplit(await consent(ann, sim.shop)).query))
            answer = await ann.get(f"/auth/callback?{forge(query)}")
            assert answer.status_code in {403, 422}, (name, answer.text)
        assert (await ann.get("/api/v1/tenants/me")).json()["shop"]["connection"] == "none"


async def test_a_signed_return_of_another_time_state_or_shop_is_refused(api, sim) -> None:
    changes = [
        {"timestamp": "1"},
        {"timestamp": "x"},
        {"state": "x"},
        {"shop": "other.myshopify.com"},
        {"code": ""},
    ]
    async with api.member() as ann:
        for change in changes:
            query = dict(parse_qsl(urlsplit(await consent(ann, sim.shop)).query)) | change
            answer = await ann.get(f"/auth/callback?{signed(query, sim.client_secret)}")
            assert answer.status_code == 403, (change, answer.text)


NO_SHOPS = [
    "",
    "evil.example",
    "evil.example/.myshopify.com",
    "a.myshopify.com@evil.example",
    "a.myshopify.com:8080",
    "a.myshopify.com.",
    "a.myshopify.com\n.evil.example",
    "ä.myshopify.com",
    "127.0.0.1",
    "//evil.example",
    "a.b.myshopify.com",
    "javascript:alert(1)",
]


async def test_the_browser_is_only_sent_to_shops(api) -> None:
    async with api.member() as ann:
        for shop in NO_SHOPS:
            answer = await ann.get("/auth", params={"shop": shop})
            assert answer.status_code == 422, shop
            assert answer.json()["field"] == "shop"


async def test_an_install_from_shopify_begins_with_its_signature(api, sim) -> None:
    query = {"shop": sim.shop, "timestamp": str(int(time.time()))}
    async with api.browser() as browser:
        good = await browser.get(f"/auth/install?{signed(query, sim.client_secret)}")
        assert good.headers["location"] == f"/auth?shop={sim.shop}"
        bad = await browser.get(f"/auth/install?{signed(query, 'no')}")
        assert bad.status_code == 403


async def test_a_shop_belongs_to_one_account(api, sim) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        await ann.get(await consent(ann, sim.shop))
        answer = await bob.get(await consent(bob, sim.shop))
        assert answer.status_code == 409
        page = await bob.get(
            await consent(bob, sim.shop), headers={"Accept": "text/html,application/xhtml+xml"}
        )
        assert page.status_code == 409
        assert "another account" in page.text
