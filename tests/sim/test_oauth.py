"""OAuth as an app sees it: form, signed callback, pairs that rotate, scopes, uninstall."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from shopify_app import ShopifyApp

from shopify_sim.config import AppConfig, ShopConfig, SimConfig

REDIRECT = "http://127.0.0.1:9/auth/callback"
CONFIG = SimConfig(
    shops=(ShopConfig("oauth.myshopify.com", "generated:20"),),
    apps=(AppConfig("client", "secret", "http://127.0.0.1:9/"),),
    grantable=frozenset({"read_orders", "read_customers", "read_products"}),
)


def authorize(client, **changes):
    query = {
        "client_id": "client",
        "scope": "read_orders,read_customers,read_all_orders",
        "redirect_uri": REDIRECT,
        "state": "state-1",
    } | changes
    return f"/shops/{client.shop}/admin/oauth/authorize", query


def install(client):
    """Click through to the callback's query."""
    path, query = authorize(client)
    answer = client.http.post(path, params=query, data={"decision": "install"})
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def token(client, **body):
    given = {"client_id": "client", "client_secret": "secret"} | body
    return client.http.post(f"/shops/{client.shop}/admin/oauth/access_token", json=given)


def test_the_form_and_the_signed_callback(opened):
    with opened(CONFIG) as (_, client):
        path, query = authorize(client)
        page = client.http.get(path, params=query)
        assert page.status_code == 200
        assert "Install app" in page.text
        assert "read_all_orders" in page.text
        back = install(client)
        assert back["state"] == "state-1"
        assert back["shop"] == client.shop
        assert set(back) == {"code", "hmac", "host", "shop", "state", "timestamp"}
        assert base64.b64decode(back["host"] + "==") == f"{client.shop}/admin".encode()
        message = "&".join(f"{key}={back[key]}" for key in sorted(back) if key != "hmac")
        assert hmac.new(b"secret", message.encode(), hashlib.sha256).hexdigest() == back["hmac"]


def test_wrong_requests_are_refused(opened):
    with opened(CONFIG) as (_, client):
        for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}):
            path, query = authorize(client, **changes)
            assert client.http.get(path, params=query).status_code == 400
        path, query = authorize(client)
        cancelled = client.http.post(path, params=query, data={"decision": "cancel"})
        assert "code" not in parse_qs(urlsplit(cancelled.headers["location"]).query)
        assert token(client, code="made-up").status_code == 400
        assert token(client, code=install(client)["code"], client_secret="wrong").status_code == 401


def test_a_code_is_good_once_and_grants_what_can_be_granted(opened):
    with opened(CONFIG) as (_, client):
        code = install(client)["code"]
        pair = token(client, code=code, expiring="1").json()
        assert pair["scope"] == "read_customers,read_orders"
        assert pair["expires_in"] == 3600
        assert pair["refresh_token_expires_in"] == 90 * 86_400
        assert token(client, code=code).status_code == 400
        client.token = pair["access_token"]
        installed = client.ask("{ currentAppInstallation { accessScopes { handle } } }")
        handles = [s["handle"] for s in installed["currentAppInstallation"]["accessScopes"]]
        assert handles == ["read_customers", "read_orders"]


def test_a_code_dies_after_a_minute(opened):
    with opened(CONFIG) as (_, client):
        code = install(client)["code"]
        client.act("clock", seconds=61)
        assert token(client, code=code).status_code == 400


def test_refreshing_rotates_and_can_be_repeated_until_the_new_pair_is_used(opened):
    with opened(CONFIG) as (_, client):
        first = token(client, code=install(client)["code"], expiring="1").json()
        client.token = first["access_token"]
        assert client.post("{ shop { id } }").status_code == 200
        client.act("clock", seconds=3601)
        assert client.post("{ shop { id } }").status_code == 401
        refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        lost = token(client, **refresh).json()
        second = token(client, **refresh).json()  # the answer got lost: the same token again
        assert len({first["access_token"], lost["access_token"], second["access_token"]}) == 3
        client.token = second["access_token"]
        assert client.post("{ shop { id } }").status_code == 200
        assert token(client, **refresh).status_code == 400  # its replacement was used
        client.token = lost["access_token"]
        assert client.post("{ shop { id } }").status_code == 401


def test_uninstalling_voids_everything(opened):
    with opened(CONFIG) as (_, client):
        pair = token(client, code=install(client)["code"], expiring="1").json()
        client.token = pair["access_token"]
        answer = client.ask("mutation { appUninstall { app { id } userErrors { message } } }")
        assert answer["appUninstall"]["userErrors"] == []
        assert client.post("{ shop { id } }").status_code == 401
        refresh = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        assert token(client, **refresh).status_code == 400


def test_the_official_client_refreshes(opened):
    with opened(CONFIG) as (_, client):
        pair = token(client, code=install(client)["code"], expiring="1").json()
        client.act("clock", seconds=3601)

        def to_simulator(request):
            path = f"/shops/{request.url.host}{request.url.path}"
            headers = {"content-type": request.headers["content-type"]}
            return client.http.request(
                request.method, path, content=request.content, headers=headers
            )

        app = ShopifyApp(client_id="client", client_secret="secret")
        known = {
            "shop": client.shop.removesuffix(".myshopify.com"),
            "refresh_token": pair["refresh_token"],
            "expires": "2020-01-01T00:00:00Z",
            "refresh_token_expires": "2099-01-01T00:00:00Z",
            "access_mode": "offline",
        }
        http = httpx.Client(transport=httpx.MockTransport(to_simulator))
        result = app.refresh_token_exchanged_access_token(known, http_client=http)
        assert result.ok, result.log
        client.token = result.access_token.token
        assert client.post("{ shop { id } }").status_code == 200


def test_auto_approval_for_demos(opened):
    config = SimConfig(shops=CONFIG.shops, apps=CONFIG.apps, auto_approve=True)
    with opened(config) as (_, client):
        path, query = authorize(client)
        assert client.http.get(path, params=query).status_code == 302
