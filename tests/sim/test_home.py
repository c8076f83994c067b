"""A simulator that is started again goes on where it stopped."""

from datetime import UTC, datetime, timedelta

from shopify_sim.config import AppConfig, ShopConfig, SimConfig

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDERS = "{ orders(first: 50, sortKey: ID) { nodes { id processedAt updatedAt } } }"


def config(home, now=None, source="generated:40"):
    app = AppConfig("app", "secret", token="token")
    shops = (ShopConfig("again.myshopify.com", source),)
    return SimConfig(shops=shops, apps=(app,), home=home, now=now)


def test_dates_and_deeds_stay(opened, tmp_path):
    with opened(config(tmp_path, NOW)) as (_, client):
        order = client.act("create_order", amount="5.00")["id"]
        client.act("refund", order=order)
        before, truth = client.ask(ORDERS), client.truth()
    with opened(config(tmp_path, NOW)) as (_, client):
        assert client.ask(ORDERS) == before
        assert client.truth() == truth
        shown = client.ask(
            "query ($id: ID!) { order(id: $id) { displayFinancialStatus } }", id=order
        )
        assert shown["order"]["displayFinancialStatus"] == "REFUNDED"


def test_subscriptions_stay(opened, tmp_path):
    create = """mutation { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {
      uri: "https://app.example.com/hooks" }) { webhookSubscription { id } } }"""
    listed = "{ webhookSubscriptions(first: 5) { nodes { id topic uri } } }"
    with opened(config(tmp_path, NOW)) as (_, client):
        client.ask(create)
        before = client.ask(listed)
    with opened(config(tmp_path, NOW)) as (_, client):
        assert client.ask(listed) == before
        assert before["webhookSubscriptions"]["nodes"]


def test_the_next_day_has_the_same_past(opened, tmp_path):
    with opened(config(tmp_path, NOW, "cdnow")) as (_, client):
        before = client.ask(ORDERS)
    with opened(config(tmp_path, NOW + timedelta(30), "cdnow")) as (_, client):
        assert client.ask(ORDERS) == before


def test_tokens_stay_and_the_file_is_private(opened, tmp_path):
    redirect = "http://127.0.0.1:9/"
    app = AppConfig("app", "secret", redirect)
    shops = (ShopConfig("again.myshopify.com", "generated:40"),)
    kept = SimConfig(shops=shops, apps=(app,), home=tmp_path, auto_approve=True)
    with opened(kept) as (_, client):
        query = {"client_id": "app", "scope": "read_orders", "redirect_uri": redirect, "state": "s"}
        back = client.http.get(f"/shops/{client.shop}/admin/oauth/authorize", params=query)
        code = back.headers["location"].partition("code=")[2].partition("&")[0]
        given = {"client_id": "app", "client_secret": "secret", "code": code, "expiring": "1"}
        pair = client.http.post(f"/shops/{client.shop}/admin/oauth/access_token", json=given).json()
    with opened(kept) as (_, client):
        client.token = pair["access_token"]
        assert client.ask("{ shop { id } }")
    (file,) = tmp_path.glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_source_starts_anew(opened, tmp_path):
    with opened(config(tmp_path, NOW)) as (_, client):
        client.act("create_order")
    with opened(config(tmp_path, NOW, "generated:10")) as (_, client):
        assert client.truth()["customers"] < 20


def test_a_shop_is_founded_when_first_asked_for_and_stays(opened, tmp_path):
    app = AppConfig("app", "secret", token="token")
    shops = (ShopConfig("again.myshopify.com", "generated:40"),)
    some = SimConfig(
        shops=shops, apps=(app,), home=tmp_path, now=NOW, on_demand={"try-": "generated:20"}
    )
    with opened(some) as (_, client):
        assert client.http.get("/shops/other.myshopify.com/_sim/truth").status_code == 404
        assert client.http.get("/shops/try-..%2f.myshopify.com/_sim/truth").status_code == 404
        founded = client.http.get("/shops/try-me.myshopify.com/_sim/truth").json()
        assert founded["customers"] >= 20
    with opened(some) as (_, client):
        assert "try-me.myshopify.com" in client.http.get("/health").json()["shops"]
        assert client.http.get("/shops/try-me.myshopify.com/_sim/truth").json() == founded
