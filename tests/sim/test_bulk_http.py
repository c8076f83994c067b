"""Bulk operations over HTTP: run, poll, download, cancel, and everything that goes wrong."""

import gzip
import json

import httpx
import pytest

ORDERS = "{ orders { edges { node { id name lineItems { edges { node { id quantity } } } } } } }"


def run(client, query=ORDERS):
    started = client.start_bulk(query)
    assert started["userErrors"] == []
    assert started["bulkOperation"] | {"id": ""} == {
        "id": "",
        "status": "CREATED",
        "objectCount": "0",
        "url": None,
    }
    return client.wait_for_bulk(started["bulkOperation"]["id"])


def test_run_poll_download(client):
    done = run(client)
    assert done["status"] == "COMPLETED"
    assert done["errorCode"] is None
    answer = httpx.get(done["url"])  # no token: the address is the key
    assert answer.headers["content-type"] == "application/jsonl"
    assert 'filename="bulk-' in answer.headers["content-disposition"]
    rows = [json.loads(line) for line in answer.text.splitlines()]
    truth = client.truth()
    assert int(done["rootObjectCount"]) == truth["orders_stored"]
    assert int(done["objectCount"]) == len(rows) == truth["orders_stored"] + truth["lines"]
    assert int(done["fileSize"]) == len(answer.content)


def test_ranges_and_gzip(client):
    url = run(client)["url"]
    whole = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in whole.headers
    part = httpx.get(url, headers={"Range": "bytes=100-299"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-299/{len(whole.content)}"
    assert part.content == whole.content[100:300]
    rest = httpx.get(url, headers={"Range": f"bytes={len(whole.content) - 10}-"})
    assert rest.content == whole.content[-10:]
    beyond = httpx.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join(packed.iter_raw())
    assert gzip.decompress(raw) == whole.content


def test_an_address_dies_after_a_week_and_cannot_be_forged(client):
    url = run(client)["url"]
    assert httpx.get(url.replace("Signature=", "Signature=0")).status_code == 400
    client.act("clock", days=7, seconds=1)
    assert httpx.get(url).status_code == 400


def test_five_at_once_then_cancelled(client):
    client.act("faults", bulk_latency_s=60)
    ids = [client.start_bulk(ORDERS)["bulkOperation"]["id"] for _ in range(5)]
    sixth = client.start_bulk(ORDERS)
    assert sixth["bulkOperation"] is None
    (error,) = sixth["userErrors"]
    words = "A bulk query operation for this app and shop is already in progress: "
    assert error == {
        "field": None,
        "message": words + ", ".join(ids) + ".",
        "code": "OPERATION_IN_PROGRESS",
    }
    cancel = """mutation ($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status }
      userErrors { field message } } }"""
    for gid in ids:
        assert (
            client.ask(cancel, id=gid)["bulkOperationCancel"]["bulkOperation"]["status"]
            == "CANCELING"
        )
    done = [client.wait_for_bulk(gid) for gid in ids]
    assert {operation["status"] for operation in done} == {"CANCELED"}
    assert all(operation["completedAt"] is None for operation in done)
    late = client.ask(cancel, id=ids[0])["bulkOperationCancel"]
    message = "A bulk operation cannot be canceled when it is canceled"
    assert late["userErrors"] == [{"field": None, "message": message}]
    unknown = client.ask(cancel, id="gid://shopify/BulkOperation/1")["bulkOperationCancel"]
    assert unknown["userErrors"] == [{"field": ["id"], "message": "Bulk operation does not exist"}]
    listed = client.ask('{ bulkOperations(first: 10, query: "status:canceled") { nodes { id } } }')
    assert {node["id"] for node in listed["bulkOperations"]["nodes"]} == set(ids)


def test_a_failed_operation_leaves_a_partial_file(client):
    client.act("faults", bulk_failures=1)
    done = run(client)
    assert (done["status"], done["errorCode"], done["url"]) == (
        "FAILED",
        "INTERNAL_SERVER_ERROR",
        None,
    )
    assert httpx.get(done["partialDataUrl"]).text
    assert run(client)["status"] == "COMPLETED"


def test_a_truncated_file_breaks_off_without_a_word(client):
    client.act("faults", truncated_files=1)
    done = run(client)
    content = httpx.get(done["url"]).content
    assert done["status"] == "COMPLETED"
    assert len(content) < int(done["fileSize"])
    assert len(content.splitlines()) < int(done["objectCount"])


def test_an_expired_address_by_plan(client):
    done = run(client)
    client.act("faults", expired_urls=1)
    assert httpx.get(done["url"]).status_code == 400
    assert httpx.get(done["url"]).status_code == 200


def test_nothing_found_is_no_file(client):
    done = run(client, '{ orders(query: "id:1") { edges { node { id } } } }')
    assert (done["status"], done["objectCount"], done["url"]) == ("COMPLETED", "0", None)


def test_a_scope_that_is_missing_fails_it(client):
    client.act("scopes", scopes=["read_orders"])
    done = run(client, "{ customers { edges { node { id } } } }")
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ shop { id } }", "Bulk queries must contain at least one connection."),
        ("", "Invalid bulk query: syntax error, unexpected end of file"),
        (
            "{ orders { nodes { id } } }",
            "All connection fields in a bulk query must select their contents",
        ),
        (
            "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }",
            "The parent 'node' field",
        ),
        (
            "{ orders { edges { node { id refunds { refundLineItems { edges { node { id } } } } } } } }",
            "Queries that contain a connection field within a list field are not currently supported.",
        ),
        ("#" + "x" * 65_535, "Query is too large (65536 bytes; maximum is 65535 bytes)"),
    ],
)
def test_what_a_bulk_query_may_not_be(client, query, words):
    started = client.start_bulk(query)
    assert started["bulkOperation"] is None
    assert started["userErrors"][0]["code"] == "INVALID"
    assert started["userErrors"][0]["message"].startswith(words)
