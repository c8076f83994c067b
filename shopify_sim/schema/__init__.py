"""Shopify's Admin API schema, one per version, with the access scope every type and field needs.

The files come from npm ``@shopify/dev-mcp`` (ISC, see LICENSE beside this file).
"""

import gc
import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from graphql import GraphQLSchema, build_client_schema

__all__ = ["LATEST", "VERSIONS", "Access", "AdminSchema", "load", "served_version"]

VERSIONS = ("2026-07", "2026-10")
LATEST = VERSIONS[-1]


@dataclass(frozen=True)
class Access:
    """What a type or field asks of the token: one of ``scopes``, and Shopify's words for it."""

    scopes: frozenset[str]
    wording: str


@dataclass(frozen=True, eq=False)
class AdminSchema:
    """One API version: types, required access, and the accepted fields of each search box."""

    version: str
    graphql: GraphQLSchema
    access: dict[tuple[str, str], Access]

    def search_fields(self, root_field: str) -> dict[str, frozenset[str] | None]:
        """Field name -> accepted values (None: any), from the description of its ``query`` argument."""
        return _search_fields(self, root_field)


def served_version(asked: str) -> str | None:
    """Version that answers a request for ``asked``: an old one falls forward to the oldest served."""
    if asked == "unstable":
        return LATEST
    if not re.fullmatch(r"\d{4}-\d{2}", asked) or asked > LATEST:
        return None
    return next(version for version in VERSIONS if version >= asked)


@cache
def load(version: str) -> AdminSchema:
    """Read the schema of a served version (about 0.3 s and 65 MB, once a process)."""
    raw = gzip.decompress((Path(__file__).parent / f"admin_{version}.json.gz").read_bytes())
    collecting = gc.isenabled()
    gc.disable()  # a third of the time goes into collections that find nothing
    try:
        document = orjson.loads(raw)
        schema = build_client_schema(document["data"], assume_valid=True)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
    access = {
        (item["typeName"], item.get("fieldName", "")): Access(
            frozenset(item["offlineScopes"]), item["requiredAccess"]
        )
        for item in document["offline_scopes"]["items"]
        if item["offlineScopes"]
    }
    return AdminSchema(version, schema, access)


@cache
def _search_fields(schema: AdminSchema, root_field: str) -> dict[str, frozenset[str] | None]:
    query_type = schema.graphql.query_type
    argument = query_type.fields[root_field].args.get("query") if query_type else None
    text = argument.description or "" if argument else ""
    found: dict[str, frozenset[str] | None] = {}
    for line in re.sub(r"\n(?!\|)", " ", text).splitlines():  # table rows, unwrapped
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        name, kind, *rest = [*cells, ""]
        if not kind or not re.fullmatch(r"[\w.{}]+", name) or kind == "type":
            continue
        accepted = frozenset(re.findall(r"`(\w+)`", rest[1])) if len(rest) > 1 else frozenset()
        found[name] = accepted if kind == "string" and accepted else None
    return found
