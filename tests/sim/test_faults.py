"""Each fault of the plan strikes as often as it says, and looks as it does at Shopify."""

import json

import httpx
import pytest

COUNT = "{ ordersCount(limit: null) { count } }"
ORDERS = """{ orders { edges { node { id name totalPriceSet { shopMoney { amount } }
  lineItems { edges { node { id } } } } } } }"""
SWEEP = "{ orders(first: 5, sortKey: UPDATED_AT, reverse: true) { nodes { id updatedAt } } }"


def file_of(client, **faults):
    """Status and lines of a bulk operation under a fault plan."""
    client.act("faults", **faults)
    started = client.start_bulk(ORDERS)["bulkOperation"]
    operation = client.wait_for_bulk(started["id"])
    url = operation["url"] or operation["partialDataUrl"]
    return operation, (client.http.get(url).text.splitlines() if url else [])


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("server_errors", 500),
        ("unavailable", 503),
        ("too_many_requests", 429),
        ("unauthorized", 401),
    ],
)
def test_statuses(client, fault, status):
    client.act("faults", **{fault: 2})
    assert [client.post(COUNT).status_code for _ in range(3)] == [status, status, 200]


def test_a_web_page_and_a_cut(client):
    client.act("faults", html_answers=1, cut_answers=1)
    page = client.post(COUNT)
    assert page.headers["content-type"].startswith("text/html")
    assert page.status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(COUNT)
    assert client.post(COUNT).json()["data"]


def test_versions_and_deprecation_are_said_in_headers(client):
    client.act("faults", deprecated="https://shopify.dev/x", oldest_version="2026-10")
    answer = client.post(COUNT, version="2026-07")
    assert answer.headers["x-shopify-api-version"] == "2026-10"
    assert answer.headers["x-shopify-api-deprecated-reason"] == "https://shopify.dev/x"
    client.act("faults", shown_version="2027-01")
    assert client.post(COUNT).headers["x-shopify-api-version"] == "2027-01"


def test_dear_queries(client):
    client.act("faults", cost_factor=200)
    (error,) = client.post(COUNT).json()["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_rows_move_while_they_are_paged(client):
    client.act("faults", touch_every=1)
    newest = {json.dumps(client.ask(SWEEP)["orders"]["nodes"]) for _ in range(6)}
    assert len(newest) > 1


def test_fractions_stay_fractions(client):
    shown = client.act("faults", latency_s=0.01, webhook_drop=0.25)["faults"]
    assert (shown["latency_s"], shown["webhook_drop"]) == (0.01, 0.25)


def test_random_faults_strike_their_share(client):
    client.act("faults", random_faults=0.5, seed=3)
    good = 0
    for _ in range(60):
        try:
            answer = client.post(COUNT)
            good += "json" in answer.headers["content-type"] and "data" in answer.json()
        except httpx.RemoteProtocolError:
            pass
    assert 15 <= good <= 45


def test_ends_of_bulk_operations(client):
    whole, lines = file_of(client)
    assert whole["status"] == "COMPLETED"
    assert len(lines) == int(whole["objectCount"])
    for fault, status in (
        ("bulk_failures", "FAILED"),
        ("bulk_cancels", "CANCELED"),
        ("bulk_expiries", "EXPIRED"),
    ):
        operation, _ = file_of(client, **{fault: 1})
        assert operation["status"] == status
        assert (operation["url"] is None) == (status != "CANCELED")
    client.act("faults", bulk_refusals=1)
    (error,) = client.start_bulk(ORDERS)["userErrors"]
    assert error["code"] == "OPERATION_IN_PROGRESS"
    client.act("faults", lost_bulk=1)
    started = client.start_bulk(ORDERS)["bulkOperation"]["id"]
    assert client.bulk(started) is None
    assert client.wait_for_bulk(started)["status"] == "COMPLETED"


def test_files_that_are_wrong_inside(client):
    whole, lines = file_of(client)
    _, scattered = file_of(client, scattered_files=1)
    assert scattered != lines
    assert sorted(scattered) == sorted(lines)
    operation, doubled = file_of(client, duplicated_lines=3)
    assert len(doubled) == len(lines) + 3 == int(operation["objectCount"])
    assert set(doubled) == set(lines)
    _, malformed = file_of(client, malformed_lines=2)
    assert len(set(malformed) - set(lines)) == 2
    _, extra = file_of(client, bad_lines=["<html>", '{"id": 7}'])
    assert set(extra) - set(lines) == {"<html>", '{"id": 7}'}
    again, after = file_of(client)
    assert after == lines
    assert again["objectCount"] == whole["objectCount"]


def beginning(client, url):
    """What comes of a download that is cut."""
    got = b""
    with client.http.stream("GET", url, headers={"accept-encoding": "identity"}) as answer:
        try:
            for piece in answer.iter_raw():
                got += piece
        except httpx.RemoteProtocolError:
            return got
    raise AssertionError("it came whole")


def test_downloads_that_break_off_go_on_by_range(client):
    client.act("faults", cut_downloads=1, html_downloads=1, expired_urls=1)
    operation = client.wait_for_bulk(client.start_bulk(ORDERS)["bulkOperation"]["id"])
    url = operation["url"]
    assert client.http.get(url).status_code == 400
    assert "html" in client.http.get(url).headers["content-type"]
    got = beginning(client, url)
    rest = client.http.get(url, headers={"range": f"bytes={len(got)}-"})
    assert rest.status_code == 206
    assert got + rest.content == client.http.get(url).content
    first, second = (client.http.get(url, headers={"accept-encoding": "gzip"}) for _ in range(2))
    assert first.headers["content-encoding"] == "gzip"
    assert first.content == second.content == got + rest.content


def test_an_object_is_broken_in_pages_and_files_until_it_is_mended(client):
    (order,) = client.ask("{ orders(first: 1) { nodes { id } } }")["orders"]["nodes"]
    page = "{ orders(first: 1) { nodes { id name totalPriceSet { shopMoney { amount } } } } }"
    sound = client.ask(page)["orders"]["nodes"][0]
    client.act(
        "spoil",
        id=order["id"],
        values={"totalPriceSet.shopMoney.amount": "12,50"},
        missing=["name"],
    )
    broken = client.ask(page)["orders"]["nodes"][0]
    assert broken == {"id": order["id"], "totalPriceSet": {"shopMoney": {"amount": "12,50"}}}
    _, lines = file_of(client)
    (line,) = [line for line in lines if order["id"] == json.loads(line)["id"]]
    assert json.loads(line)["totalPriceSet"]["shopMoney"]["amount"] == "12,50"
    assert "name" not in json.loads(line)
    client.act("mend")
    assert client.ask(page)["orders"]["nodes"][0] == sound


def test_persons_are_hidden_from_an_app_that_may_not_see_them(client):
    asked = (
        "{ customers(first: 2) { nodes { id firstName defaultEmailAddress { emailAddress } } } }"
    )
    assert all(node["firstName"] for node in client.ask(asked)["customers"]["nodes"])
    client.act("persons", allowed=False)
    assert not any(node["firstName"] for node in client.ask(asked)["customers"]["nodes"])
    client.act("persons", allowed=True)
    assert all(node["firstName"] for node in client.ask(asked)["customers"]["nodes"])


def test_a_shop_moves_and_is_the_same(client):
    asked = "{ shop { id myshopifyDomain } }"
    before = client.ask(asked)["shop"]
    client.act("rename", domain="moved.myshopify.com")
    old, client.shop = client.shop, "moved.myshopify.com"
    after = client.ask(asked)["shop"]
    assert after == {"id": before["id"], "myshopifyDomain": "moved.myshopify.com"}
    client.shop = old
    assert client.ask(asked)["shop"] == after


def test_what_was_asked_is_kept(client):
    client.ask("query Named { shop { id } }")
    seen = client.http.get(f"/shops/{client.shop}/_sim/requests").json()
    assert seen["requests"][-1]["operation"] == "Named"
    assert seen["asked"] == seen["requests"][-1]["number"]
    ids = client.http.get(f"/shops/{client.shop}/_sim/ids").json()
    assert len(ids["orders"]) == int(client.ask(COUNT)["ordersCount"]["count"])
    assert client.http.get(f"/shops/{client.shop}/_sim/nothing").status_code == 404
