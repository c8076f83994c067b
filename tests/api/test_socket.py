"""The progress websocket: who may open it, what it says, and how it ends."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import psycopg
import pytest
import redis.asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

FAR_S = 60


@pytest.fixture
async def progress(valkey_url):
    """Publishes as the worker does."""
    async with redis.asyncio.Redis.from_url(valkey_url) as client:

        async def publish(tenant_id, **message) -> None:
            await client.publish(f"xsight:progress:{tenant_id}", json.dumps(message))

        yield publish


@asynccontextmanager
async def socket(browser, *, origin: str | None = "own", cookie: str | None = None, **more):
    url = browser.api.url.replace("http://", "ws://") + "/ws/sync"
    pairs = browser.cookies("/ws/sync")
    cookie = cookie if cookie is not None else "; ".join(f"{k}={v}" for k, v in pairs.items())
    async with connect(
        url,
        origin=browser.api.url if origin == "own" else origin,
        additional_headers={"Cookie": cookie} if cookie else {},
        proxy=None,
        **more,
    ) as opened:
        yield opened


async def receive(opened) -> dict:
    async with asyncio.timeout(FAR_S):
        return json.loads(await opened.recv())


async def test_it_says_what_is_under_way_and_then_what_happens(api, progress, database) -> None:
    async with api.member() as ann:
        tenant, run = await ann.tenant_id(), str(uuid4())
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO xsight.sync_runs (tenant_id, id, kind, status) VALUES (%s, %s, 'full', 'running')",
                [tenant, run],
            )
        async with socket(ann) as opened:
            first = await receive(opened)
            assert first["type"] == "sync:active"
            assert [r["run"] for r in first["runs"]] == [run]
            await progress(tenant, type="sync:progress", run=run, percent=10)
            assert (await receive(opened))["percent"] == 10
            await opened.send(json.dumps({"type": "sync:status", "run": run}))
            answer = await receive(opened)
            assert (answer["type"], answer["run"]) == ("sync:progress", run)
            with psycopg.connect(database.admin_url) as admin:
                admin.execute(
                    "UPDATE xsight.sync_runs SET status = 'cancelled' WHERE id = %s", [run]
                )
            await opened.send(json.dumps({"type": "sync:status", "run": run}))
            answer = await receive(opened)
            assert (answer["type"], answer["status"]) == ("sync:failed", "cancelled")
            await progress(tenant, type="sync:update", data_version=2)
            assert (await receive(opened))["type"] == "sync:update"
        async with socket(ann) as again:  # a reconnect begins with the state
            assert (await receive(again))["runs"] == []


async def test_a_foreign_origin_is_refused_before_it_is_open(api) -> None:
    port = api.url.rsplit(":", 1)[1]
    origins = [
        None,
        "null",
        "https://evil.example",
        f"{api.url}.evil.example",
        f"http://evil:{port}",
        f"http://localhost:{port}",
        api.url.replace("http:", "https:"),
    ]
    async with api.member() as ann:
        for origin in origins:
            with pytest.raises(InvalidStatus) as refused:
                async with socket(ann, origin=origin):
                    pass
            assert refused.value.response.status_code == 403, origin


async def test_without_the_sockets_own_cookie_it_stays_shut(api) -> None:
    async with api.member() as ann:
        wrong = f"xs_ws={ann.cookies('/api')['xs_api']}"
        for cookie in ("", "xs_ws=x", wrong):
            with pytest.raises(InvalidStatus):
                async with socket(ann, cookie=cookie):
                    pass


async def test_another_stores_progress_is_not_heard(api, progress) -> None:
    async with (
        api.member() as ann,
        api.member("bob@example.com") as bob,
        socket(ann) as hers,
        socket(bob) as his,
    ):
        await receive(hers)
        await receive(his)
        await progress(await bob.tenant_id(), type="sync:progress", run="b")
        await progress(await ann.tenant_id(), type="sync:progress", run="a")
        assert (await receive(hers))["run"] == "a"
        assert (await receive(his))["run"] == "b"


async def test_what_is_not_understood_is_answered_and_not_fatal(api) -> None:
    async with api.member() as ann, socket(ann) as opened:
        await receive(opened)
        for text in ("", "{", "[]", '{"type":"x"}', "[" * 3000, '{"type":"sync:status","run":"x"}'):
            await opened.send(text)
            answer = await receive(opened)
            assert answer["type"] == "sync:error", text
            assert answer["error"]["code"] == "invalid_input"
        await opened.send(json.dumps({"type": "sync:status", "run": str(uuid4())}))
        assert (await receive(opened))["error"]["code"] == "not_found"


async def test_sockets_that_leave_are_forgotten(api) -> None:
    rooms = api.app.state["resources"].rooms
    async with api.member() as ann:
        async with socket(ann) as one, socket(ann) as two:
            await receive(one)
            await receive(two)
            assert rooms.sockets == 2
        async with asyncio.timeout(FAR_S):
            while rooms.sockets:
                await asyncio.sleep(0.01)


async def test_the_service_stops_at_once_with_open_sockets(own_api) -> None:
    loop = asyncio.get_running_loop()
    async with own_api.member() as ann, socket(ann) as opened:
        await receive(opened)
        begun = loop.time()
        own_api.server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            await receive(opened)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in {1001, 1012}
        assert loop.time() - begun < 5


async def test_progress_comes_back_after_redis_was_away(api, progress, valkey_url) -> None:
    async with api.member() as ann, socket(ann) as opened:
        await receive(opened)
        tenant = await ann.tenant_id()
        async with redis.asyncio.Redis.from_url(valkey_url) as client:
            await client.client_kill_filter(_type="pubsub")

        async def keep_publishing() -> None:
            while True:
                await progress(tenant, type="sync:progress", run="again")
                await asyncio.sleep(0.05)

        publishing = asyncio.create_task(keep_publishing())
        assert (await receive(opened))["run"] == "again"
        publishing.cancel()


async def test_a_log_out_elsewhere_closes_it(api, monkeypatch) -> None:
    monkeypatch.setattr("api.sync_socket.RECHECK_S", 0.05)
    async with api.member() as ann, socket(ann) as opened:
        await receive(opened)
        await ann.post("/api/auth/logout")
        with pytest.raises(ConnectionClosed) as closed:
            await receive(opened)
    assert closed.value.rcvd.code == 4401


async def test_a_slow_client_holds_nobody_up_and_gets_the_latest_state(api, progress) -> None:
    """It does not read while megabytes are said; then it hears how things stand, not how they came to."""
    last, padding = 400, "x" * 50_000
    async with api.member() as ann, socket(ann) as fast, socket(ann, max_queue=1) as slow:
        await receive(fast)
        await receive(slow)
        tenant = await ann.tenant_id()

        async def read_on() -> int:
            while (message := await receive(fast)).get("percent") != last:
                assert message["type"] == "sync:progress"
            return message["percent"]

        reading = asyncio.create_task(read_on())
        for n in range(1, last + 1):
            await progress(tenant, type="sync:progress", run="r", percent=n, padding=padding)
        assert await reading == last
        heard = []
        while not heard or heard[-1] != last:
            heard.append((await receive(slow))["percent"])
        assert heard == sorted(heard)
        assert len(heard) < last


async def test_many_watch_one_store_and_each_hears(api, progress) -> None:
    async with api.member() as ann, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(socket(ann)) for _ in range(60)]
        for opened in sockets:
            assert (await receive(opened))["type"] == "sync:active"
        assert api.app.state["resources"].rooms.sockets == 60
        await progress(await ann.tenant_id(), type="sync:update", data_version=7)
        heard = await asyncio.gather(*(receive(opened) for opened in sockets))
        assert {message["data_version"] for message in heard} == {7}


async def test_who_comes_back_finds_the_state_as_it_is_now(api, database) -> None:
    async with api.member() as ann:
        tenant, run = await ann.tenant_id(), str(uuid4())
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO xsight.sync_runs (tenant_id, id, kind, status, progress) "
                "VALUES (%s, %s, 'full', 'running', %s)",
                [tenant, run, json.dumps({"percent": 10.0})],
            )
        for percent in (10.0, 70.0):
            with psycopg.connect(database.admin_url) as admin:
                admin.execute(
                    "UPDATE xsight.sync_runs SET progress = %s", [json.dumps({"percent": percent})]
                )
            async with socket(ann) as opened:
                (state,) = (await receive(opened))["runs"]
                assert (state["run"], state["percent"]) == (run, percent)
