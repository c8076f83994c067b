"""A value that fits a JSON schema: the example of an answer that nobody has written one for."""

from typing import Any, Final, cast

__all__ = ["sample", "with_nulls"]

_DEEPEST: Final = 6
_TEXTS: Final = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T09:30:00Z",
    "uuid": "7f0d3c52-4f0e-4a3c-9a44-0d9c8f1b2a6e",
    "decimal": "19.99",
    "uri": "https://xsight.example/",
    "binary": "",
}
_NAMED: Final[dict[str, Any]] = {
    "email": "ann@example.com",
    "name": "Ann Lee",
    "currency": "USD",
    "country": "US",
    "timezone": "Europe/Berlin",
    "next_cursor": None,
    "code": "conflict",
}


def sample(schema: dict[str, Any], schemas: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """An example; ``name`` is the field that it is of."""
    schema = _resolved(schema, schemas)
    for given in ("const", "default", "example"):
        if given in schema:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    options = cast("list[dict[str, Any]]", schema.get("oneOf") or schema.get("anyOf") or [])
    if options:
        resolved = [_resolved(option, schemas) for option in options]
        filled = [option for option in resolved if option.get("type") != "null"]
        if len(filled) < len(options) and (depth >= _DEEPEST or _NAMED.get(name, "") is None):
            return None
        return sample(filled[0], schemas, name, depth) if filled else None
    return _typed(schema, schemas, name, depth)


def with_nulls(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The example with the nulls that its way into the document has cost it."""
    schema = _resolved(schema, schemas)
    options = cast("list[dict[str, Any]]", schema.get("anyOf", []))
    kind = "object" if isinstance(value, dict) else "array"
    fits = [one for one in (_resolved(o, schemas) for o in options) if one.get("type") == kind]
    schema = fits[0] if fits else schema
    if isinstance(value, dict):
        parts = cast("dict[str, dict[str, Any]]", schema.get("properties", {}))
        given = cast("dict[str, Any]", value)
        missing = {name: None for name in schema.get("required", []) if name not in given}
        return missing | {
            key: with_nulls(inner, parts.get(key, {}), schemas) for key, inner in given.items()
        }
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [with_nulls(item, schema.get("items", {}), schemas) for item in items]
    return value


def _typed(  # noqa: PLR0911 - one a type
    schema: dict[str, Any], schemas: dict[str, Any], name: str, depth: int
) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = cast("list[str]", kind)
        kind = next((one for one in kinds if one != "null"), "null")
    match kind:
        case "object" | None:
            parts = cast("dict[str, dict[str, Any]]", schema.get("properties", {}))
            return {key: sample(part, schemas, key, depth + 1) for key, part in parts.items()}
        case "array":
            items = cast("dict[str, Any]", schema.get("items", {}))
            few = 0 if depth >= _DEEPEST else max(1, schema.get("minItems", 1))
            return [sample(items, schemas, name, depth + 1) for _ in range(few)]
        case "string":
            text = _TEXTS.get(schema.get("format", ""), _NAMED.get(name) or "text")
            return text[: schema.get("maxLength", 200)]
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return max(0.5, schema.get("minimum", 0.5))
        case "boolean":
            return False
        case _:
            return None


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    return schemas.get(reference.rpartition("/")[2], {}) if reference else schema
