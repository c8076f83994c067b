"""Which fields a token may not read, by Shopify's own list of scopes."""

from collections.abc import Callable
from typing import Any

from graphql import get_named_type, is_object_type

from shopify_sim.installation import covers
from shopify_sim.projection import FieldFault
from shopify_sim.schema import Access, AdminSchema

__all__ = ["denier"]

DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"


def denier(schema: AdminSchema, granted: frozenset[str]) -> Callable[[Any, str], FieldFault | None]:
    """Function (type, field) -> ACCESS_DENIED or None."""

    def lacking(kind: str, name: str = "") -> Access | None:
        access = schema.access.get((kind, name))
        if access is None or any(covers(granted, scope) for scope in access.scopes):
            return None
        return access

    def denied(kind: Any, name: str) -> FieldFault | None:
        access = lacking(kind.name, name)
        if access is None and name in kind.fields:
            access = lacking(_shown(get_named_type(kind.fields[name].type)))
        if access is None:
            return None
        text = f"Access denied for {name} field. Required access: {access.wording}"
        extra = {"documentation": DOCUMENTATION, "requiredAccess": access.wording}
        return FieldFault(text, "ACCESS_DENIED", **extra)

    return denied


def _shown(kind: Any) -> str:
    """The type a field is about: of a connection, its nodes."""
    if kind.name.endswith("Connection") and is_object_type(kind) and "nodes" in kind.fields:
        return get_named_type(kind.fields["nodes"].type).name
    return kind.name
