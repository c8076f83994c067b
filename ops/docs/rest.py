"""REST, from the OpenAPI document that the API serves."""

import base64
from typing import Any, Final

from api.app import create_app
from api.schema import describe
from xsight_core.settings import Settings

__all__ = ["document", "page"]

_VERBS: Final = ("get", "post", "put", "patch", "delete")


def document() -> dict[str, Any]:
    """OpenAPI; nothing is connected to."""
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1:1/none",
            "redis_url": "redis://127.0.0.1:1/0",
            "keyring": "docs:" + base64.b64encode(bytes(32)).decode(),
        }
    )
    return describe(create_app(settings))


def page() -> str:
    """Operations by tag."""
    by_tag: dict[str, list[str]] = {}
    for path, verbs in document()["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                tag = (verbs[verb].get("tags") or ["Other"])[0]
                by_tag.setdefault(tag, []).extend(_operation(verb.upper(), path, verbs[verb]))
    lines = [
        "# REST",
        "",
        "Made from the OpenAPI document, which an installation serves at `/api/docs` with an example of every answer.",
        "How to log in, lists, failures and exports: [REST, websocket, client](../api.md).",
    ]
    for tag in sorted(by_tag):
        lines += ["", f"## {tag}", "", *by_tag[tag]]
    return "\n".join(lines) + "\n"


def _operation(verb: str, path: str, said: dict[str, Any]) -> list[str]:
    words = " ".join(str(said.get("description") or said.get("summary") or "").split())
    lines = [
        f"### `{verb} {path}`",
        "",
        words,
        "",
        f"Right: `{said.get('x-right', 'public')}`.",
        "",
    ]
    parameters = [one for one in said.get("parameters", []) if one.get("in") in {"query", "path"}]
    if parameters:
        lines += ["| parameter | in | kind | |", "|---|---|---|---|"]
        lines += [
            f"| `{one['name']}` | {one['in']} | {_kind(one.get('schema', {}))} | {_cell(one)} |"
            for one in parameters
        ]
        lines.append("")
    return lines


def _cell(parameter: dict[str, Any]) -> str:
    return " ".join(str(parameter.get("description") or "").split()).replace("|", "\\|")


def _kind(schema: dict[str, Any]) -> str:
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        kinds = [_kind(one) for one in options if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "any")
