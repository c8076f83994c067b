"""Segments that name other segments: gathered, and refused where one comes back to itself."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from xsight_core.errors import InvalidInput
from xsight_core.segments.operators import Kind
from xsight_core.segments.reading import MOST_RULES, InvalidRule, Problem
from xsight_core.segments.rules import Group, Joined, Rule, walk

__all__ = ["gather", "named"]

_MOST_ALL_TOLD: Final = 5 * MOST_RULES


def named(rule: Group) -> list[tuple[str, str]]:
    """Segments whose rule this one uses, each with the place that names it."""
    found: list[tuple[str, str]] = []
    for one in walk(rule):
        if one.field.kind is Kind.SEGMENT:
            names: Any = one.value
            found += [(name, _place(one, i)) for i, name in enumerate(names)]
    return found


def gather(
    rule: Group, find: Callable[[str], Group | None], own: str | None = None
) -> Mapping[str, Group]:
    """All rules that a rule needs, by segment id.

    Parameters
    ----------
    rule
        The rule in question.
    find
        A segment's rule by id, None where there is no such segment.
    own
        The id under which the rule is saved, if it is: whoever leads back to it goes round in a circle.
    """
    gathered: dict[str, Group] = {}
    _follow(rule, find, gathered, [own] if own else [])
    count = sum(sum(1 for _ in walk(one)) for one in [rule, *gathered.values()])
    if count > _MOST_ALL_TOLD:
        raise _at(
            "rules",
            f"With the segments it names this rule has {count} conditions; {_MOST_ALL_TOLD} is the most.",
        )
    for one in walk(rule):
        if isinstance(one.value, Joined) and not _there(find, one.value.segment):
            raise _at(f"{one.path}.value.segment", "There is no such segment.")
    return gathered


def _follow(
    rule: Group, find: Callable[[str], Group | None], gathered: dict[str, Group], way: list[str]
) -> None:
    for name, place in named(rule):
        if name in way:
            raise _at(
                place, "This segment leads back to itself, through the segments that it names."
            )
        try:
            other = gathered.get(name) or find(name)
        except InvalidInput as wrong:  # saved by a version whose rules cannot be read any more
            raise _at(place, f"The segment it names cannot be read: {wrong}") from wrong
        if other is None:
            raise _at(place, "There is no such segment.")
        gathered[name] = other
        try:
            _follow(other, find, gathered, [*way, name])
        except InvalidRule as wrong:
            raise _at(place, str(wrong)) from wrong


def _there(find: Callable[[str], Group | None], name: str) -> bool:
    try:
        return find(name) is not None
    except InvalidInput:  # its comings and goings are known all the same
        return True


def _place(rule: Rule, i: int) -> str:
    return f"{rule.path}.value[{i}]"


def _at(path: str, message: str) -> InvalidRule:
    return InvalidRule([Problem(path, message)])
