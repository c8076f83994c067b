"""CDNOW: the purchases of 23,570 customers of a music shop, 1997-1998, that ship inside the ``lifetimes`` distribution.

Every transaction is an order, those of one customer on one day too; 80 of them are worth nothing. All dates
move by whole weeks, so weekdays stay, until the last day is the latest that lies wholly in the past.
(``lifetimes.datasets`` itself is not imported: it is broken on current pandas.)
"""

from datetime import datetime, timedelta
from importlib.metadata import files
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from shopify_sim.sources.ledger import Ledger, day_starts, from_ledger, hours
from shopify_sim.tables import Tables

__all__ = ["ZONE", "file", "load", "shift_days"]

ZONE = "America/New_York"
LAST_DAY = np.datetime64("1998-06-30")
SEED = 1997


def file() -> Path:
    """The file in the installed distribution."""
    for path in files("lifetimes") or ():
        if path.name == "CDNOW_master.txt":
            return Path(str(path.locate()))
    raise FileNotFoundError("CDNOW_master.txt is missing: install the distribution lifetimes")


def shift_days(now: datetime) -> int:
    """Days that the purchases move, a multiple of seven."""
    yesterday = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(1)
    return int((np.datetime64(yesterday) - LAST_DAY).astype(int)) // 7 * 7


def load(now: datetime) -> Tables:
    """The shop as it looks at ``now``."""
    with file().open("rb") as lines:
        next(lines)  # the names of the columns
        words = lines.read().split()
    customer = np.array(words[0::4], "S8").astype(np.int64)
    stamp = np.array(words[1::4], "S8").astype(np.int64)
    units = np.array(words[2::4], "S4").astype(np.int64)
    cents = np.array([word.replace(b".", b"") for word in words[3::4]], "S12").astype(np.int64)
    dates = (stamp // 10000 - 1970).astype("M8[Y]").astype("M8[M]") + (stamp // 100 % 100 - 1)
    days = (dates.astype("M8[D]") + (stamp % 100 - 1)).astype(np.int64)
    shift = shift_days(now)
    at = day_starts(days + shift, ZONE) + hours(len(days), SEED)
    tables = from_ledger(
        Ledger(customer - 1, at, cents, units),
        name="CDNOW",
        currency="USD",
        zone=ZONE,
        product="Compact disc",
        place=slice(0, 6),
    )
    tables.truth = {"shift_days": shift}
    return tables
