"""What a page costs, and how a document that cannot be read is answered."""

import pytest

from shopify_sim.cost import page_weight
from shopify_sim.schema import load
from shopify_sim.wording import check


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
    _, (error,) = check(load("2026-10").graphql, "{\n  shop {\n    id")
    assert error["extensions"] == {"code": "PARSE_ERROR"}
    assert error["message"].startswith("syntax error, unexpected end of file at [3, ")
