"""The simulator against answers recorded from real shops.

The recordings are not part of this repository. Point XSIGHT_SHOPIFY_RECORDINGS at a folder of them, or keep one named
`shared/shopify/recordings` beside the checkout; without them only the reduced set is compared, and the test says so.
"""

import json
import os
from pathlib import Path

import pytest

from shopify_sim.bulk.rules import user_errors
from shopify_sim.cost import Cost
from shopify_sim.graphql import _operation
from shopify_sim.schema import load
from shopify_sim.wording import check

BESIDE = Path(__file__).parents[3] / "shared" / "shopify" / "recordings"
FOLDER = Path(os.environ.get("XSIGHT_SHOPIFY_RECORDINGS", BESIDE))
PRICES = FOLDER.parent / "cost_samples.json"
ERRORS = FOLDER.parents[1] / "prototypes" / "shopify_sim" / "error_shapes.json"
SCHEMA = load("2026-10").graphql
REDUCED = [  # recorded: the query of a bulk operation, and what is wrong with it
    ("{ shop { id } }", "Bulk queries must contain at least one connection."),
    ("", "Invalid bulk query: syntax error, unexpected end of file"),
    (
        "#graphql\n{\n  products {\n    edges {\n      node {\n        id\n      }\n    }\n  }\n}",
        None,
    ),
]


def exchanges(node):
    """Everything in a recording that has a query and its answer."""
    if isinstance(node, dict):
        if isinstance(node.get("query"), str) and isinstance(node.get("response"), dict):
            yield node
        for inner in node.values():
            yield from exchanges(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from exchanges(inner)


def recorded():
    found = [
        exchange
        for path in sorted(FOLDER.glob("*.json"))
        for exchange in exchanges(json.loads(path.read_text()))
    ]
    if not found:
        print(f"no recordings in {FOLDER.name}/: only the reduced set is compared")
    return found


def samples(path):
    if not path.exists():
        print(f"no {path.name}: nothing to compare")
        return []
    return json.loads(path.read_text())


def bulk_queries():
    yield from REDUCED
    for exchange in recorded():
        payload = (exchange["response"].get("data") or {}).get("bulkOperationRunQuery")
        text = (exchange.get("variables") or {}).get("query")
        if payload and text is not None:
            errors = [e for e in payload["userErrors"] if e.get("code") != "OPERATION_IN_PROGRESS"]
            yield text, errors[0]["message"] if errors else None


def test_user_errors_of_bulk_queries():
    compared = 0
    for text, message in bulk_queries():
        found = user_errors(SCHEMA, text)
        assert (found[0]["message"] if found else None) == message, text
        compared += 1
    assert compared >= len(REDUCED)


def test_no_recorded_answer_is_refused_and_its_price_is_met():
    wrong, compared = [], 0
    for exchange in recorded():
        document, errors = check(SCHEMA, exchange["query"])
        if errors or document is None:
            assert exchange["response"].get("errors"), (exchange["query"], errors)
            continue
        cost = (exchange["response"].get("extensions") or {}).get("cost")
        variables = exchange.get("variables") or {}
        if cost is None:
            continue
        own = Cost(SCHEMA, document, _operation(document, None), variables).requested()
        compared += 1
        if own != cost["requestedQueryCost"]:
            wrong.append((own, cost["requestedQueryCost"]))
    assert len(wrong) <= compared * 0.05, wrong


@pytest.mark.parametrize("shape", ["OPERATION_IN_PROGRESS"])
def test_recorded_code_is_the_one_we_give(shape):
    codes = {
        error.get("code")
        for exchange in recorded()
        for payload in [(exchange["response"].get("data") or {}).get("bulkOperationRunQuery")]
        if payload
        for error in payload["userErrors"]
    }
    assert not codes or shape in codes


def test_prices_of_recorded_queries():
    wrong, compared = [], 0
    for sample in samples(PRICES):
        document, errors = check(SCHEMA, sample["query"])
        if errors or document is None or "__schema" in sample["query"]:
            continue  # written for another version, or priced by a rule that is not known
        compared += 1
        own = Cost(SCHEMA, document, _operation(document, None), sample["variables"] or {})
        if own.requested() != sample["requestedQueryCost"]:
            wrong.append((own.requested(), sample["requestedQueryCost"]))
    assert len(wrong) <= compared * 0.03, wrong


def test_errors_in_shopifys_words():
    """The recording stores a query trimmed, so places in it may have moved; the words may not."""
    unlike, compared = [], 0
    for sample in (one for one in samples(ERRORS) if one["query"]):
        _, found = check(SCHEMA, sample["query"])
        code = sample["error"].get("extensions", {}).get("code", "")
        if not found or not code[:1].islower():
            continue  # found at run time, or valid in this version
        compared += 1
        if sample["error"]["message"] not in {error["message"] for error in found}:
            unlike.append((sample["error"]["message"], [error["message"] for error in found]))
    assert len(unlike) <= compared * 0.35, unlike
