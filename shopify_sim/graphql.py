"""The GraphQL endpoint: syntax, static errors, variables, cost, throttle, execution, in Shopify's order."""

import functools
import json
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode

from shopify_sim import listings, mutations, resolvers, shopifyql
from shopify_sim.access import denier
from shopify_sim.cost import MAX_COST, Cost
from shopify_sim.installation import Installation
from shopify_sim.projection import Context, NullParent
from shopify_sim.projector import Plan, compile_plan
from shopify_sim.schema import AdminSchema, load
from shopify_sim.shop import Shop
from shopify_sim.variables import check_variables
from shopify_sim.wording import check

__all__ = ["answer"]

REGISTERED = (
    listings,
    mutations,
    resolvers,
    shopifyql,
)  # importing them fills the projector's table
LIMITS = "https://shopify.dev/api/usage/rate-limits"
CODES = {"THROTTLED": "Throttled", "INTERNAL_SERVER_ERROR": "Something went wrong"}
MAX_ARRAY = 250

Answer = dict[str, Any]  # JSON


def answer(
    shop: Shop, installation: Installation, version: str, body: dict[str, Any], base_url: str
) -> Answer:
    """Answer of one request; HTTP 200 whatever it holds."""
    text, name = body.get("query") or "", body.get("operationName")
    variables: dict[str, Any] = body.get("variables") or {}
    document, errors = _checked(version, text)
    if errors or document is None:
        return {"errors": errors}
    schema, operation = load(version), _operation(document, name)
    if operation is None:
        return {"errors": [{"message": f'No operation named "{name}"'}]}
    errors = check_variables(schema.graphql, operation, variables) or _too_long(variables)
    if errors:
        return {"errors": errors}
    cost = Cost(schema.graphql, document, operation, variables)
    requested = round(cost.requested() * shop.faults.cost_factor)
    refused = _refused(shop, installation, requested)
    if refused is not None:
        return refused
    plan = _plan(version, text, name, json.dumps(variables, sort_keys=True), installation.scopes)
    context = Context(shop, installation, schema, shop.wind(), base_url)
    return _executed(plan, context, cost, requested)


def _refused(shop: Shop, installation: Installation, requested: int) -> Answer | None:
    """Too dear, throttled, or a fault."""
    if requested > MAX_COST:
        return {"errors": [_too_dear(requested)]}
    if shop.faults.strike("throttled") or installation.bucket.available() < requested:
        return _throttled(installation, requested)
    if shop.faults.strike("internal_errors"):
        fault = {"code": "INTERNAL_SERVER_ERROR"}
        return {"errors": [{"message": CODES["INTERNAL_SERVER_ERROR"], "extensions": fault}]}
    return None


def _executed(plan: Plan, context: Context, cost: Cost, requested: int) -> Answer:
    installation = context.installation
    try:
        data: dict[str, Any] | None = plan({}, context)
    except NullParent:
        data = None
    factor = context.shop.faults.cost_factor
    actual = requested if data is None else min(requested, round(cost.actual(data) * factor))
    installation.bucket.take(actual)
    extensions = {"cost": _cost(installation, requested, actual)}
    if context.search:
        extensions |= {"search": context.search}
    errors = {"errors": context.errors} if context.errors else {}
    return {"data": data, **errors, "extensions": extensions}


@functools.lru_cache(512)
def _checked(version: str, text: str) -> tuple[DocumentNode | None, list[Answer]]:
    return check(load(version).graphql, text)


@functools.lru_cache(512)
def _plan(
    version: str, text: str, name: str | None, variables: str, scopes: frozenset[str]
) -> Plan:
    schema: AdminSchema = load(version)
    document, _ = _checked(version, text)
    operation = _operation(document, name) if document else None
    if document is None or operation is None:
        raise ValueError("only checked documents are compiled")
    denied = denier(schema, scopes)
    return compile_plan(schema.graphql, document, operation, json.loads(variables), denied)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The named operation; without a name the first, as Shopify does."""
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and (
            not name or (node.name and node.name.value == name)
        ):
            return node
    return None


def _too_long(variables: dict[str, Any]) -> list[Answer]:
    for value in variables.values():
        if isinstance(value, list) and len(value) > MAX_ARRAY:
            message = (
                f"The input array size of {len(value)} is greater than the maximum allowed of 250."
            )
            return [{"message": message, "extensions": {"code": "MAX_INPUT_SIZE_EXCEEDED"}}]
    return []


def _too_dear(requested: int) -> Answer:
    message = (
        f"Query cost is {requested}, which exceeds the single query max cost limit ({MAX_COST})."
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": requested,
        "maxCost": MAX_COST,
        "documentation": LIMITS,
    }
    return {"message": message, "extensions": extensions}


def _throttled(installation: Installation, requested: int) -> Answer:
    extensions = {"code": "THROTTLED", "documentation": LIMITS}
    error = {"message": CODES["THROTTLED"], "extensions": extensions}
    return {"errors": [error], "extensions": {"cost": _cost(installation, requested, None)}}


def _cost(installation: Installation, requested: int, actual: int | None) -> Answer:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": installation.bucket.status(),
    }
