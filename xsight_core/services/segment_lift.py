"""What acting on a segment brought in: later orders and net sales of who was treated and who was held out."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.analytics import day_of
from xsight_core.analytics.lift import Difference, difference, sample_size
from xsight_core.db import segment_actions as rows
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.segments import Group, read_rule
from xsight_core.segments.bits import unpacked
from xsight_core.segments.facts import total
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Asked, Books
from xsight_core.tenancy import Tenancy

__all__ = ["Arm", "LiftView", "Measure", "SampleSize", "lift_of", "size_needed"]

_EVERYBODY: Any = {
    "combinator": "and",
    "rules": [{"field": "orders_count", "operator": ">=", "value": 0}],
}


class Measure(msgspec.Struct, frozen=True):
    """A mean per customer in both arms; ``lift`` is the difference, ``low`` and ``high`` its 95 % interval.

    ``low`` and ``high`` are ``null`` where an arm has fewer than two customers.
    """

    treated: float
    held: float
    lift: float
    low: float | None
    high: float | None


class Arm(msgspec.Struct, frozen=True):
    """An arm: who was in it, and what they did since."""

    customers: int
    orders: int
    net_minor: int


class LiftView(msgspec.Struct, frozen=True):
    """Both arms since the day of an action (that day not counted), and the difference per customer."""

    since: date
    until: date
    treated: Arm
    held: Arm
    orders: Measure
    net_minor: Measure


class SampleSize(msgspec.Struct, frozen=True):
    """What a hold-out could show. ``needed`` customers see ``effect_minor`` each with a power of 80 % at 5 %.

    ``smallest_minor`` is the effect that the segment's own size shows so.
    """

    customers: int
    mean_minor: float
    deviation_minor: float
    effect_minor: float
    needed: int
    smallest_minor: float
    enough: bool


async def lift_of(
    tenancy: Tenancy, books: Books, ledgers: Ledgers, tenant_id: UUID, action: UUID
) -> LiftView:
    """What came of an action so far."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_action(session, action)
    if found is None:
        raise NotFound("There is no such action.")
    if not found["held"]:
        raise Conflict("Nobody was held out of this action: there is nothing to compare it with.")
    since = int(found["day"])

    def told(asked: Asked) -> LiftView:
        orders, net, before = _since(asked, since + 1)
        arms = [unpacked(bytes(found[name]), len(orders)) for name in ("treated", "held")]
        treated, held = (arm[: len(orders)] for arm in arms)
        return LiftView(
            day_of(since),
            day_of(asked.book.basis.today),
            _arm(treated, orders, net),
            _arm(held, orders, net),
            _measure(difference(orders[treated], orders[held], (before[treated], before[held]))),
            _measure(difference(net[treated], net[held], (before[treated], before[held]))),
        )

    return await books.ask(ledgers, tenant_id, [read_rule(_EVERYBODY)], told, personal=False)


async def size_needed(
    books: Books,
    ledgers: Ledgers,
    tenant_id: UUID,
    tree: Group,
    *,
    held_out: float,
    days: int,
    effect_minor: float | None,
    personal: bool,
) -> SampleSize:
    """How large a segment has to be; without an effect, for a tenth of what its customers spend in so many days."""
    if not 0 < held_out < 1:
        raise InvalidInput("held_out", "A share between 0 and 1 is held out.")

    def told(asked: Asked) -> SampleSize:
        members = asked.masks.customers(tree)
        _, net, _ = _since(asked, asked.book.basis.today - days + 1)
        spent = net[members]
        if len(spent) < 2 or not spent.any():  # noqa: PLR2004 - no spread without two
            raise Conflict("Its customers spent nothing in that time: there is no spread to go by.")
        mean, deviation = float(spent.mean()), float(spent.std(ddof=1))
        effect = effect_minor or mean / 10
        needed = sample_size(deviation, effect, held_out)
        count = len(spent)
        smallest = effect * float(np.sqrt(needed / count))
        return SampleSize(count, mean, deviation, effect, needed, smallest, count >= needed)

    return await books.ask(ledgers, tenant_id, [tree], told, personal=personal)


def _since(asked: Asked, day: int) -> tuple[Any, Any, Any]:
    """Counted orders and net sales of each customer from a day on, and net sales before."""
    orders = asked.book.facts.counted
    first = int(np.searchsorted(orders.day, day, side="left"))
    customer, size = orders.customer[first:], len(asked.book)
    net = total(customer, orders.net_minor[first:], size)
    before = total(orders.customer[:first], orders.net_minor[:first], size)
    return np.bincount(customer, minlength=size), net, before


def _arm(arm: Any, orders: Any, net: Any) -> Arm:
    return Arm(int(arm.sum()), int(orders[arm].sum()), int(net[arm].sum()))


def _measure(found: Difference) -> Measure:
    return Measure(found.treated, found.held, found.lift, found.low, found.high)
