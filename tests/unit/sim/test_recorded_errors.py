"""Wordings and prices against answers recorded from real shops (a reduced set; see recorded_README.md)."""

import json
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse

from shopify_sim.cost import Cost, page_weight
from shopify_sim.schema import load
from shopify_sim.variables import check_variables
from shopify_sim.wording import check

HERE = Path(__file__).parent
ERRORS = json.loads((HERE / "recorded_errors.json").read_text())
COSTS = json.loads((HERE / "recorded_costs.json").read_text())
SCHEMA = load("2026-10").graphql


def operation(document):
    return next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))


@pytest.mark.parametrize("recorded", ERRORS, ids=lambda r: r["error"]["message"][:60])
def test_errors_in_shopifys_words(recorded):
    document, found = check(SCHEMA, recorded["query"])
    if not found:
        found = check_variables(SCHEMA, operation(document), recorded["variables"])
    assert recorded["error"] in found


@pytest.mark.parametrize("recorded", COSTS, ids=lambda r: str(r["requestedQueryCost"]))
def test_requested_cost(recorded):
    document = parse(recorded["query"])
    cost = Cost(SCHEMA, document, operation(document), recorded["variables"] or {})
    assert cost.requested() == recorded["requestedQueryCost"]


@pytest.mark.parametrize(
    ("size", "weight"),
    [
        (0, 0),
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (12, 4),
        (20, 5),
        (33, 6),
        (54, 7),
        (148, 9),
        (250, 11),
    ],
)
def test_weight_of_a_page(size, weight):
    assert page_weight(size) == weight


def test_a_syntax_error():
    _, (error,) = check(SCHEMA, "{\n  shop {\n    id")
    assert error["extensions"] == {"code": "PARSE_ERROR"}
    assert error["message"].startswith("syntax error, unexpected end of file at [3, ")
