"""Segments: any question about customers as a rule, answered from the ledger or by one SQL statement."""

from xsight_core.segments.fields import Basis
from xsight_core.segments.reading import InvalidRule, Problem, read_rule
from xsight_core.segments.registry import CUSTOMER, LINE, ORDER
from xsight_core.segments.rules import Group, Rule, document
from xsight_core.segments.sql import customers_of, shown

__all__ = [
    "CUSTOMER",
    "LINE",
    "ORDER",
    "Basis",
    "Group",
    "InvalidRule",
    "Problem",
    "Rule",
    "customers_of",
    "document",
    "read_rule",
    "shown",
]
