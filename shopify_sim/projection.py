"""What resolvers and the projector share: the table of resolvers, the context of a request, faults of fields."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode

from shopify_sim.wording import locations

__all__ = [
    "REFERENCES",
    "RESOLVERS",
    "Context",
    "FieldFault",
    "NullParent",
    "Read",
    "Resolve",
    "resolver",
]

Read = Callable[[Any, "Context"], Any]
Resolve = Callable[[Any, dict[str, Any], "Context"], Any]
RESOLVERS: dict[tuple[str, str], Resolve] = {}
REFERENCES: set[tuple[str, str]] = set()  # resolved only when more than the stored id is asked


def resolver(kind: str, name: str, *, reference: bool = False) -> Callable[[Resolve], Resolve]:
    """Register the function that answers a field.

    ``reference``: the row holds the id of the other object, which is enough for a selection of ids.
    """

    def add(function: Resolve) -> Resolve:
        RESOLVERS[kind, name] = function
        if reference:
            REFERENCES.add((kind, name))
        return function

    return add


class FieldFault(Exception):
    """A field that cannot be answered; becomes an entry of ``errors``."""

    def __init__(self, message: str, code: str, **extensions: Any) -> None:
        """Keep the code and what else the entry shows."""
        super().__init__(message)
        self.extensions = {"code": code, **extensions}


class NullParent(Exception):
    """A required field has no value."""


@dataclass
class Context:
    """What the resolvers of one request share."""

    shop: Any
    installation: Any
    schema: Any
    now_us: int
    base_url: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)
    search: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, fault: FieldFault, node: FieldNode, path: tuple[str, ...]) -> None:
        """Note a run-time error."""
        where = {"message": str(fault), "locations": locations(node)}
        self.errors.append({**where, "extensions": fault.extensions, "path": list(path)})
