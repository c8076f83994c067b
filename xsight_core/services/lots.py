"""Who is held out, by lot; plain Python, because exports are promised where no numerical library is."""

import random
from collections.abc import Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import segment_actions as rows
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound

__all__ = ["bits_of", "check_share", "draw_arms", "draw_held", "ordinals_in"]

_STRATA: Final = 10
_LEAST, _MOST = 0.05, 0.2


def check_share(field: str, share: float) -> None:
    """Nobody is held out, or enough to compare with and not more than anybody would spare."""
    if share and not _LEAST <= share <= _MOST:
        raise InvalidInput(field, "Hold out nobody (0), or a share from 0.05 to 0.2.")


def draw_held(value: Sequence[float], share: float, seed: int) -> set[int]:
    """Positions of who is held out: the share of each tenth by value, to one customer, by lot.

    So both arms spent alike before. The same values in the same order with the same seed give the same lot.

    >>> len(draw_held(range(1000), 0.1, seed=7))
    100
    """
    lot, held, carried = random.Random(seed), set[int](), 0.0  # noqa: S311 - to be repeated
    order = iter(sorted(range(len(value)), key=value.__getitem__))
    n = len(value)
    for tenth in range(_STRATA):
        stratum = list(islice(order, n * (tenth + 1) // _STRATA - n * tenth // _STRATA))
        carried += share * len(stratum)  # what one has too little of, the next one gives
        count = min(len(stratum), round(carried))
        carried -= count
        held.update(lot.sample(stratum, count))
    return held


async def draw_arms(
    session: AsyncSession,
    segment_id: UUID,
    *,
    share: float,
    seed: int,
    consented: bool,
    personal: bool,
) -> tuple[list[int], list[int]]:
    """Ordinals of a segment's members, rising: who is treated, who is held out.

    ``consented``: only of who may be written to. ``personal``: whoever acts may see what names a person.
    """
    found = await rows.members_of(session, segment_id)
    if found is None:
        raise NotFound("There is no such segment.")
    asks, bits = found
    if asks and not personal:
        raise Forbidden("Its rule asks what names a person; you may not act on it.")
    if bits is None:
        raise Conflict("Who is in it has not been worked out yet; refresh it first.")
    spent = await rows.spent_by(session, consented=consented)
    members = [ordinal for ordinal in ordinals_in(bits) if ordinal in spent]
    held = draw_held([spent[one] for one in members], share, seed) if share else set[int]()
    return (
        [one for i, one in enumerate(members) if i not in held],
        [members[i] for i in sorted(held)],
    )


def ordinals_in(bits: bytes) -> list[int]:
    """Of the bits that are set.

    >>> ordinals_in(bytes([9, 1]))
    [0, 3, 8]
    """
    return [8 * i + j for i, byte in enumerate(bits) if byte for j in _SET[byte]]


def bits_of(ordinals: Sequence[int]) -> bytes:
    """The other way round; ordinals rise.

    >>> bits_of([0, 3, 8]).hex()
    '0901'
    """
    bits = bytearray(ordinals[-1] // 8 + 1 if ordinals else 0)
    for ordinal in ordinals:
        bits[ordinal >> 3] |= 1 << (ordinal & 7)
    return bytes(bits)


_SET: Final = [[j for j in range(8) if byte >> j & 1] for byte in range(256)]
