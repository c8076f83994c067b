"""Ends what notebooks leave running. A session may lift its own time-outs; nobody lifts this one."""

import asyncio
import logging
from datetime import timedelta

import psycopg

from hub_config.roles import Minter

__all__ = ["EVERY", "LONGEST", "reap_for_ever"]

log = logging.getLogger(__name__)

LONGEST = timedelta(seconds=75)
"""Age at which a notebook's transaction is ended: its default time-out is 60 s, which it may lift."""
EVERY = timedelta(seconds=10)


async def reap_for_ever(
    minter: Minter, *, longest: timedelta = LONGEST, every: timedelta = EVERY
) -> None:
    """Look for transactions that are too old, and roles past their date, until cancelled."""
    while True:
        try:
            ended = await minter.reap(longest)
        except psycopg.Error as error:  # the database is away: so is what would be ended
            log.warning("Notebooks' statements were not looked after: %s", type(error).__name__)
        else:
            if ended:
                log.warning("Ended %d notebook transactions or roles that were too old", ended)
        await asyncio.sleep(every.total_seconds())
