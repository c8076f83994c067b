"""What a field is: the record that language, schema, builder, both back ends, docs and tests are fed from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement

from xsight_core.segments.operators import Kind

__all__ = ["Basis", "Example", "Field"]


@dataclass(frozen=True)
class Basis:
    """What a rule's words depend on: the shop's day, its time zone, the decimals of its currency.

    ``missing`` names data this shop has none of (see ``Field.needs``): asking for it is refused, because the answer
    would be an empty segment that looks like a finding.
    """

    today: int
    zone: str = "UTC"
    exponent: int = 2
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Example:
    """A rule of the documentation, executed by its test."""

    operator: str
    value: Any


@dataclass(frozen=True)
class Field:
    """One thing that can be asked.

    Attributes
    ----------
    sql
        Its expression over the rows of its scope (``sources.py``); null where there is no value. Dates are day numbers,
        money is in minor units.
    column
        Its column in the ledger; None: only the database knows, and the masks ask it.
    personal
        Names a person: asks for the right to personal data.
    needs
        Data that not every shop has.
    """

    name: str
    label: str
    kind: Kind
    group: str
    doc: str
    sql: Callable[[Any], ColumnElement[Any]]
    example: Example
    column: str | None = None
    values: tuple[str, ...] = ()
    personal: bool = False
    needs: str = ""
    scope: Literal["customer", "order", "line"] = "customer"
    aggregated: bool = False  # an event may sum it
