"""Every GraphQL document of the product, held against Shopify's schema of the version it is pinned to."""

from pathlib import Path

import pytest
from graphql import (
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    validate,
    visit,
)

import xsight_core.shopify
from shopify_sim.access import denier
from shopify_sim.bulk.rules import user_errors
from shopify_sim.cost import MAX_COST, Cost
from shopify_sim.schema import VERSIONS, load
from xsight_core.settings import DEFAULT_SCOPES, TAG_SCOPE

FOLDER = Path(xsight_core.shopify.__path__[0]) / "documents"
EVERY = sorted(
    path.relative_to(FOLDER) for path in FOLDER.rglob("*.graphql") if path.parts[-2] not in VERSIONS
)
DOCUMENTS = [path for path in EVERY if path.parts[0] not in VERSIONS]
TWINS = sorted(path.relative_to(FOLDER) for path in FOLDER.glob("20*/**/*.graphql"))
BULK = [path for path in DOCUMENTS if path.parts[0] == "bulk"]


def text_of(path: Path, version: str) -> str:
    """The document as the product sends it at this version: its twin where there is one."""
    twin = FOLDER / version / path
    return (twin if twin.exists() else FOLDER / path).read_text()


def test_there_are_documents():
    assert len(DOCUMENTS) > 15
    assert len(BULK) >= 3
    assert TWINS


def test_a_twin_has_an_original():
    assert all((FOLDER / Path(*twin.parts[1:])).exists() for twin in TWINS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_validates(path, version):
    assert validate(load(version).graphql, parse(text_of(path, version))) == []


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_a_twin_is_needed(twin):
    """Where the newer document validates on the older version too, one is enough."""
    original = (FOLDER / Path(*twin.parts[1:])).read_text()
    assert validate(load(twin.parts[0]).graphql, parse(original)) != []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", BULK, ids=str)
def test_bulk_documents_keep_the_bulk_rules(path, version):
    assert user_errors(load(version).graphql, text_of(path, version)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_the_scopes_the_app_asks_for_cover_every_field(path):
    schema = load("2026-10")
    denied = denier(schema, frozenset([*DEFAULT_SCOPES.split(","), TAG_SCOPE]))
    info, found = TypeInfo(schema.graphql), []

    class Look(Visitor):
        def enter_field(self, node, *_):
            name = node.name.value
            if not name.startswith("__") and (fault := denied(info.get_parent_type(), name)):
                found.append(str(fault))

    visit(parse(text_of(path, "2026-10")), TypeInfoVisitor(info, Look()))
    # a user's right, which Shopify's list cannot tell from a scope
    assert [words for words in found if "read_customer_merge" not in words] == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path not in BULK], ids=str)
def test_a_page_of_twenty_five_is_within_the_cost_of_one_query(path):
    document = parse(text_of(path, "2026-10"))
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    cost = Cost(load("2026-10").graphql, document, operation, {"first": 25})
    assert 0 < cost.requested() <= MAX_COST
