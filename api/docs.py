"""``/api/docs``: the schema as a page, rendered here. The usual viewers load themselves from other sites."""

import json
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get

from api.rights import Right
from api.schema import describe
from api.views import render

__all__ = ["handlers"]

VERBS: Final = ("get", "post", "put", "patch", "delete")
ERRORS: Final = (
    ("not_logged_in", 401, "No session, or one that has ended."),
    ("bad_signature", 401, "A webhook whose signature does not belong to its body."),
    ("forbidden", 403, "The role in this store does not include it."),
    ("cross_site", 403, "`Origin` is not that of this site."),
    ("csrf", 403, "`X-CSRF-Token` is missing or stale; take it from `/api/auth/me`."),
    ("not_found", 404, "Not there, or not yours: the two are never told apart."),
    ("conflict", 409, "The request is right, the state is not; e.g. no store is connected."),
    ("not_enough_data", 409, "Too little history to say anything."),
    ("malformed_text", 400, "Text that is not valid UTF-8."),
    ("malformed_body", 400, "The body is not what it says it is."),
    ("invalid_input", 422, "`field` names what to mend."),
    ("invalid_rule", 422, "A segment’s rule: `field` is the place in it, as `rules[2].value`."),
    ("invalid_query", 422, "A query in Shopify’s language; the message names line and column."),
    ("rule_too_slow", 400, "The database needs over two seconds for a rule: ask for less at once."),
    ("request_timeout", 408, "The body did not come in time."),
    ("request_entity_too_large", 413, "The body is longer than is taken here."),
    (
        "too_many_attempts",
        429,
        "Too many wrong passwords or sign-ups; wait for `Retry-After` seconds.",
    ),
    ("too_many_requests", 429, "Above this caller's share; wait for `Retry-After` seconds."),
    ("shopify_error", 502, "Shopify refused; the detail says why."),
    ("shopify_token_revoked", 409, "The store has to be connected again."),
    ("shopify_throttled", 503, "Shopify asks for patience; try again after `Retry-After` seconds."),
    ("unavailable", 503, "Try again after `Retry-After` seconds."),
    ("internal", 500, "Ours; the request id finds it in the log."),
)


@get("/api/docs", opt={"right": Right.PUBLIC}, include_in_schema=False, sync_to_thread=False)
def api_docs(request: Request[Any, Any, Any]) -> Response[str]:
    """Every route with its parameters, body and answer."""
    schema = describe(request.app)
    return render("docs.html", status=HTTPStatus.OK, groups=_groups(schema), errors=ERRORS)


def _groups(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by tag."""
    schemas = schema.get("components", {}).get("schemas", {})
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in sorted(schema["paths"].items()):
        for verb in VERBS:
            if operation := item.get(verb):
                tag = (operation.get("tags") or ["Other"])[0]
                groups.setdefault(tag, []).append(_operation(path, verb, operation, schemas))
    return groups


def _operation(
    path: str, verb: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    return {
        "path": path,
        "verb": verb,
        "says": operation.get("description") or operation.get("summary") or "",
        "parameters": [
            _parameter(parameter, schemas) for parameter in operation.get("parameters", ())
        ],
        "body": _example(_content(operation.get("requestBody") or {}), schemas),
        "answers": [
            (status, _example(_content(answer), schemas))
            for status, answer in operation.get("responses", {}).items()
            if status.startswith("2")
        ],
    }


def _parameter(parameter: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _resolve(parameter.get("schema", {}), schemas)
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "kind": _kind(schema, schemas),
        "says": parameter.get("description") or schema.get("description") or "",
        "default": schema.get("default"),
    }


def _content(part: dict[str, Any]) -> dict[str, Any] | None:
    for content in part.get("content", {}).values():
        return content.get("schema")
    return None


def _example(schema: dict[str, Any] | None, schemas: dict[str, Any]) -> str:
    """What it looks like, with types for values."""
    if not schema:
        return ""
    shape = _shape(schema, schemas, depth=0)
    return "" if shape in ({}, "null") else json.dumps(shape, indent=2, ensure_ascii=False)


def _shape(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    schema = _resolve(schema, schemas)
    options = [s for s in schema.get("oneOf", schema.get("anyOf", [])) if s.get("type") != "null"]
    if options:
        shape = _shape(options[0], schemas, depth)
        return f"{shape} | null" if isinstance(shape, str) else shape
    if "properties" in schema and depth < 4:  # noqa: PLR2004 - deep enough for every answer there is
        return {
            name: _shape(part, schemas, depth + 1) for name, part in schema["properties"].items()
        }
    if schema.get("type") == "array" and depth < 4:  # noqa: PLR2004
        return [_shape(schema.get("items", {}), schemas, depth + 1)]
    return _kind(schema, schemas)


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A type in a word or two."""
    schema = _resolve(schema, schemas)
    options = schema.get("oneOf", schema.get("anyOf", []))
    if options:
        return " | ".join(dict.fromkeys(_kind(option, schemas) for option in options))
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    return str(schema.get("format") or schema.get("type", "any"))


def _resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    return schemas.get(reference.rpartition("/")[2], {}) if reference else schema


handlers = [api_docs]
