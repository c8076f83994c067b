"""Roles change and members go while all read: nothing fails that should pass, nothing passes that should fail."""

import asyncio
import os
import time
from contextlib import suppress
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest

from tests.api.accounts.test_members import joined
from tests.api.conftest import (  # noqa: F401
    _logging,
    api,
    database,
    house,
    serve,
    settings,
    sim,
    valkey,
    valkey_url,
)
from tests.support.servers import mint

READS, LAB = "/api/v1/tenants/me", "/api/v1/tokens"
ROUNDS = int(os.environ.get("XSIGHT_LOAD_ROUNDS", "2"))  # many in `make chaos`
ENOUGH, WITHIN_S = 3, 60.0


class Readers:
    """Several loops that read one address; each answer with the moments of question and answer."""

    def __init__(self, browser, path: str, count: int = 4) -> None:
        self.seen: list[tuple[float, float, int]] = []
        self._tasks = [asyncio.create_task(self._read(browser, path)) for _ in range(count)]

    async def _read(self, browser, path: str) -> None:
        while True:
            asked = time.monotonic()
            answer = await browser.http.get(path)
            self.seen.append((asked, time.monotonic(), answer.status_code))
            await asyncio.sleep(0.005)

    async def heard(self) -> None:
        """Some answers more, to questions asked from now on."""
        since = time.monotonic()
        async with asyncio.timeout(WITHIN_S):
            while sum(asked > since for asked, _, _ in self.seen) < ENOUGH:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    def between(self, since: float, until: float) -> set[int]:
        """Statuses of what was asked and answered within."""
        return {status for asked, told, status in self.seen if asked > since and told < until}


@pytest.fixture
def unlimited(settings):  # noqa: F811
    """A service that counts nobody's requests."""
    off = dict.fromkeys(("rate_user", "rate_tenant", "rate_address"), 0)
    with serve(settings.model_copy(update=off)) as api:  # noqa: F811
        yield api


async def test_a_right_counts_from_the_answer_that_gave_or_took_it(unlimited) -> None:
    api = unlimited  # noqa: F811
    async with api.member() as ann, joined(api, ann, "bob@example.com", "analyst") as bob:
        person = (await bob.me())["user"]["id"]
        own, theirs, hers = Readers(bob, LAB), Readers(bob, READS), Readers(ann, READS)

        async def all_heard() -> None:
            await asyncio.gather(*(readers.heard() for readers in (own, theirs, hers)))

        moments = [(time.monotonic(), time.monotonic(), 200)]
        await all_heard()
        for _ in range(ROUNDS):
            for role, status in (("viewer", 403), ("analyst", 200)):
                asked = time.monotonic()
                changed = await ann.http.patch(
                    f"/api/v1/members/{person}",
                    json={"role": role},
                    headers={"X-CSRF-Token": (await ann.me())["csrf"]},
                )
                assert changed.status_code == 204, changed.text
                moments.append((asked, time.monotonic(), status))
                await all_heard()
        removing = time.monotonic()
        gone = await ann.http.delete(
            f"/api/v1/members/{person}", headers={"X-CSRF-Token": (await ann.me())["csrf"]}
        )
        removed = time.monotonic()
        assert gone.status_code == 204
        await all_heard()
        end = time.monotonic()
        for readers in (own, theirs, hers):
            await readers.stop()
    for (_, since, status), (until, _, _) in pairwise([*moments, (removing, removed, 0)]):
        assert own.between(since, until) <= {status}
    assert own.between(0, removing) >= {200, 403}
    assert theirs.between(moments[0][1], removing) == {200}
    assert theirs.between(removed, end)
    assert theirs.between(removed, end) <= {401, 403}
    assert hers.between(moments[0][1], end) == {200}
    assert len(own.seen) > 20


async def test_an_open_notebook_is_cut_in_the_same_moment(api, database) -> None:  # noqa: F811
    async with api.member() as ann, joined(api, ann, "lab@example.com", "analyst", pii=True) as bob:
        me = await bob.me()
        tenant = type("Store", (), {"id": me["tenant"]["id"], "slug": me["tenant"]["slug"]})
        server = mint(database, tenant, user=UUID(me["user"]["id"]), pii=True)
        count = "SELECT count(*) FROM xsight.tenant_state"
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as open_one:
            assert await (await open_one.execute(count)).fetchone() == (1,)
            gone = await ann.http.delete(
                f"/api/v1/members/{me['user']['id']}",
                headers={"X-CSRF-Token": (await ann.me())["csrf"]},
            )
            assert gone.status_code == 204
            assert await (await open_one.execute(count)).fetchone() == (0,)
