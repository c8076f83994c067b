"""A lease ends with its block, whatever the connection does at that moment."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy.exc import InterfaceError

from xsight_core.services import jobs


async def test_a_heartbeat_whose_connection_swallows_the_cancellation_ends_all_the_same(
    monkeypatch,
):
    beating = asyncio.Event()

    async def heartbeat(*_, **__):
        beating.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise InterfaceError("UPDATE", {}, Exception("the connection is lost")) from None
        return True

    monkeypatch.setattr(jobs, "heartbeat", heartbeat)
    job = jobs.ClaimedJob(uuid4(), uuid4(), "sync", "", {}, 1, uuid4())
    async with asyncio.timeout(60):
        async with jobs.leased(None, job, lease=timedelta(seconds=0.03)):
            await beating.wait()
