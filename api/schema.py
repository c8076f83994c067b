"""The OpenAPI document as it is served: Litestar's, and what holds for every route said at every route.

That is: who may ask (``x-right``, session or token), the problem documents it may answer with, an answer 304 where a
route takes ``If-None-Match``, names of operations by which a client calls them, and an example of every answer.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec
from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from api.examples_made import sample, with_nulls
from api.rights import SCOPES, Right

__all__ = ["Described", "describe"]

VERBS: Final = ("get", "post", "put", "patch", "delete")
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "A failure (RFC 9457). `code` is stable, `field` names what is to be mended.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/api/docs#invalid_input"]},
        "title": {"type": "string", "examples": ["Unprocessable Entity"]},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "examples": [422]},
        "code": {"type": "string", "pattern": "^[a-z_]+$", "examples": ["invalid_input"]},
        "detail": {"type": "string", "examples": ["Sort by one of -net, net."]},
        "field": {"type": "string", "examples": ["sort"]},
        "request_id": {"type": "string", "examples": ["2f1c7d6a0f1b4c8f9d3e5a7b9c1d2e3f"]},
    },
}
REASONS: Final = {
    "401": "Not logged in, or the token is not valid.",
    "403": "The role, or the token's scopes, do not include it.",
    "404": "Not there, or not in this store.",
    "409": "The request is right, the state is not.",
    "422": "Something in the request cannot be used.",
    "429": "Above the caller's share; see `Retry-After`.",
    "default": "Any other failure.",
}
SECURITY: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "xs_api",
        "description": "Of a log-in. Changes also need `Origin` and `X-CSRF-Token`.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of `/api/v1/tokens`.",
    },
}


class Described(JsonRenderPlugin):
    """Serves the document."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        del openapi_schema
        return msgspec.json.encode(describe(request.app))


def describe(app: Litestar) -> dict[str, Any]:
    """The document, made when first asked for."""
    made = app.state.get("described")
    if made is None:
        made = app.state["described"] = _described(app)
    return made


def _described(app: Litestar) -> dict[str, Any]:
    document: dict[str, Any] = _any_of(app.openapi_schema.to_schema())
    components: dict[str, Any] = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = SECURITY
    components["responses"] = {name: _problem(says) for name, says in REASONS.items()}
    taken: set[str] = set()
    for path, verb, handler in _operations(app):
        operation = document["paths"].get(path, {}).get(verb)
        if operation is not None:
            _complete(operation, path, verb, Right(handler.opt["right"]), schemas)
            name = handler.handler_name
            operation["operationId"] = name if name not in taken else f"{name}_{verb}"
            taken.add(operation["operationId"])
    return document


def _operations(app: Litestar) -> Iterator[tuple[str, str, Any]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method.lower() in VERBS:
                    yield route.path_format, method.lower(), handler


def _complete(
    operation: dict[str, Any], path: str, verb: str, right: Right, schemas: dict[str, Any]
) -> None:
    answers: dict[str, Any] = operation["responses"]
    answers.pop("400", None)  # Litestar's own, which nobody gets
    public = right is Right.PUBLIC
    operation["x-right"] = str(right)
    ways: list[dict[str, list[str]]] = [{"session": []}]
    if path.startswith("/api/v1/") and right in SCOPES:
        ways.append({"token": []})
    operation["security"] = [] if public else ways
    codes = ["429", "default"] if public else ["401", "403", "409", "429", "default"]
    if operation.get("parameters") or operation.get("requestBody"):
        codes.append("422")
    if "{" in path:
        codes.append("404")
    for code in codes:
        answers.setdefault(code, {"$ref": f"#/components/responses/{code}"})
    if verb == "get" and path.startswith("/api/v1/"):
        answers.setdefault("304", {"description": "Not modified since the given ETag."})
    for code, answer in answers.items():
        if code.startswith("2"):
            _add_example(answer, schemas)


def _add_example(answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    content = cast("dict[str, Any]", answer.get("content", {})).get("application/json")
    if not content:
        return
    schema = content.get("schema", {})
    for given in content.get("examples", {}).values():
        given["value"] = with_nulls(given["value"], schema, schemas)
    if not content.get("examples"):
        content["example"] = sample(schema, schemas)


def _any_of(part: Any) -> Any:
    """Unions as they are meant: a page of some fields fits the type of a whole page too."""
    if isinstance(part, dict):
        items = cast("dict[str, Any]", part).items()
        return {("anyOf" if key == "oneOf" else key): _any_of(value) for key, value in items}
    if isinstance(part, list):
        return [_any_of(value) for value in cast("list[Any]", part)]
    return part


def _problem(says: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": says, "content": {"application/problem+json": {"schema": schema}}}
