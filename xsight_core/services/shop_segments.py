# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Saved segments and what acting on them brought in, for a notebook."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xsight_core.analytics.lift import difference
from xsight_core.db import frames
from xsight_core.errors import Conflict, NotFound
from xsight_core.segments.bits import unpacked

__all__ = ["lift_frame", "members"]

Fetch = Callable[..., pd.DataFrame]


def members(fetch: Fetch, segment: str) -> pd.Index:
    """Ids of the customers in a saved segment (name or id) as of its last refresh."""
    found = fetch(frames.MEMBERS, {"segment": segment})
    if found.empty:
        raise NotFound(f"There is no segment {segment!r}; shop.saved_segments() lists them.")
    bits = found["bits"].iloc[0]
    if bits is None:
        raise Conflict(f"{segment!r} has not been refreshed yet: its members are not known.")
    return _customers(fetch, bytes(bits))


def lift_frame(fetch: Fetch, orders: Callable[..., pd.DataFrame], action: str) -> pd.DataFrame:
    """Orders and net sales per customer of both arms since an action (its day not counted), and the difference."""
    found = fetch(frames.ARMS, {"action": action})
    if found.empty:
        raise NotFound("There is no such action; shop.actions() lists them.")
    arms = [_customers(fetch, bytes(found[arm].iloc[0])) for arm in ("treated", "held")]
    if not len(arms[1]):
        raise Conflict("Nobody was held out of this action: there is nothing to compare it with.")
    every = orders(["day", "customer_id", "net"])
    is_later = every["day"] > found["day"].iloc[0]
    later = every[is_later].groupby("customer_id")["net"]
    earlier = every[~is_later].groupby("customer_id")["net"].sum()
    sums: dict[str, Any] = {"orders": later.size(), "net": later.sum()}
    rows: dict[str, list[float | None]] = {}
    for name, each in sums.items():
        seen = difference(*_numbers(each, arms), before=_numbers(earlier, arms))
        rows[name] = [seen.treated, seen.held, seen.lift, seen.low, seen.high]
    frame = pd.DataFrame.from_dict(
        rows, orient="index", columns=["treated", "held", "lift", "low", "high"]
    )
    frame.attrs = {"treated": len(arms[0]), "held": len(arms[1]), "since": found["day"].iloc[0]}
    return frame.astype("float64")


def _numbers(each: Any, arms: Sequence[pd.Index]) -> tuple[Any, Any]:
    treated, held = (each.reindex(arm, fill_value=0).to_numpy(np.float64) for arm in arms)
    return treated, held


def _customers(fetch: Fetch, bits: bytes) -> pd.Index:
    known = fetch(frames.ORDINALS)
    ordinal = known["ordinal"].to_numpy(np.int64)
    inside = unpacked(bits, int(ordinal.max(initial=-1)) + 1)[ordinal]
    return pd.Index(known.loc[inside, "customer_id"], name="customer_id")
