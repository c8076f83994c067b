# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Shopify's eleven RFM groups beside ours.

Shopify scores R, F and M in fifths within the shop and tells the groups apart by R and FM = (F + M) / 2; it publishes
names and descriptions of the groups, not their cells. **The cells here are ours**, chosen to fit those descriptions
(``CustomerRfmGroup`` of the Admin API, 2025-10); where the shop's own ``rfmGroup`` is known, ``agreement`` says how
well they do.
"""

from dataclasses import dataclass

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.rfm import Rfm, scores

__all__ = ["SHOPIFY_GROUPS", "Agreement", "agreement", "shopify_groups"]

SHOPIFY_GROUPS = (
    "CHAMPIONS",
    "LOYAL",
    "ACTIVE",
    "NEW",
    "PROMISING",
    "NEEDS_ATTENTION",
    "ALMOST_LOST",
    "PREVIOUSLY_LOYAL",
    "AT_RISK",
    "DORMANT",
    "PROSPECTS",
)
"""``PROSPECTS`` have not ordered yet, so no buyer is one."""

# One row per R from 1 to 5, one letter per F + M from 2 to 10 (FM from 1 to 5 in halves).
_LETTERS = dict(zip("CLANPEMVRD", SHOPIFY_GROUPS, strict=False))
_CELLS = ("DDDDRRRVV", "DDMMRRRVV", "MMMEEELLL", "PPPAAALLL", "NNNAAACCC")


def _table() -> Int:
    table = np.full((6, 11), -1, np.int8)
    for row, letters in enumerate(_CELLS, start=1):
        table[row, 2:] = [SHOPIFY_GROUPS.index(_LETTERS[letter]) for letter in letters]
    return table


_CODE = _table()


def shopify_groups(rfm: Rfm) -> Int:
    """Of each buyer a position in ``SHOPIFY_GROUPS``, from fifths of all three as Shopify has them."""
    buyers = rfm.buyers
    r = scores(-buyers.recency_days)
    f, m = scores(buyers.orders), scores(buyers.net_minor)
    return _CODE[r, f + m]


@dataclass(frozen=True, eq=False)
class Agreement:
    """How two groupings of the same customers agree.

    ``share`` of the customers stand in the same group; ``kappa`` (Cohen 1960) is what of that is not chance:
    (share - expected) / (1 - expected); None where there is nothing to compare. ``table`` counts customers: rows
    Shopify's, columns ours.
    """

    customers: int
    share: float | None
    kappa: float | None
    table: "pd.DataFrame"


def agreement(ours: Int, theirs: Int) -> Agreement:
    """Compare codes of ``SHOPIFY_GROUPS``; customers whose group is unknown (-1) on either side are left out."""
    known = (ours >= 0) & (theirs >= 0)
    n = len(SHOPIFY_GROUPS)
    cells = np.bincount(theirs[known] * n + ours[known].astype(np.int64), minlength=n * n)
    cells = cells.reshape(n, n)
    names = pd.Index(SHOPIFY_GROUPS)
    table = pd.DataFrame(cells, index=names.rename("shopify"), columns=names.rename("ours"))
    total = int(cells.sum())
    if total == 0:
        return Agreement(0, None, None, table)
    share = float(np.trace(cells)) / total
    expected = float((cells.sum(axis=0) * cells.sum(axis=1)).sum()) / total**2
    kappa = (share - expected) / (1 - expected) if expected < 1 else None
    return Agreement(total, share, kappa, table)
