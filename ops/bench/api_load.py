"""The program that asks in ``xsight bench api``: ADDRESS COOKIES REDIS; its last line is the figures as JSON."""

import asyncio
import json
import os
import sys
import time
from datetime import date, timedelta
from random import Random
from typing import Any, Self
from urllib.parse import urlsplit

import redis.asyncio
from websockets.asyncio.client import connect

__all__ = ["main"]

_LAST_DAY = date(2026, 11, 20)
_ONES, _LISTS, _KEPT, _NEW = 300, 300, 400, 48
_AT_ONCE, _SECONDS = 32, 8.0
_OPENING_S = 40.0
_SOCKETS, _MESSAGES, _EVERY_S = 500, 24, 0.5
_SEGMENTS = [
    "champions",
    "loyal",
    "potential_loyalists",
    "new_customers",
    "at_risk",
    "hibernating",
    "lost",
]


class Line:
    """A kept connection that asks one thing after another: HTTP/1.1, as little as it takes."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        cookie = f"xs_api={cookies['xs_api']}"
        self._head = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n\r\n".encode()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(
            self._host, self._port, limit=2**24
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def get(self, path: str) -> tuple[int, bytes]:
        self._writer.write(b"GET " + path.encode() + self._head)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return int(head[9:12]), await self._reader.readexactly(length)


async def main(url: str, cookies: dict[str, str], broker: str) -> None:
    rng = Random(20261122)  # noqa: S311 - a seeded order of questions
    async with Line(url, cookies) as line:
        ids = await _warm_up(line)
    await asyncio.sleep(_OPENING_S)
    _say("warm")
    async with Line(url, cookies) as line:  # the server hangs up on who is silent for so long
        lists = await _times(line, [_list(rng) for _ in range(_LISTS)])
        ones = await _times(line, [f"/api/v1/customers/{rng.choice(ids)}" for _ in range(_ONES)])
        kept = _questions()
        for path in kept:
            await _ask(line, path)
        cached = await _times(line, [kept[n % len(kept)] for n in range(_KEPT)])
        uncached = await _times(line, [_new_question(rng, n) for n in range(_NEW)])
    for name, times in (
        ("lists", lists),
        ("ones", ones),
        ("cached", cached),
        ("uncached", uncached),
    ):
        worst = sorted(times, key=lambda one: -one[1])[:6]
        half = sorted(ms for _, ms in times)[len(times) // 2]
        _say(f"{name}: median {half:.1f}, worst {[(path, round(ms, 1)) for path, ms in worst]}")
    rate = await _rate(url, cookies, kept)
    _say(f"{rate:.0f} reads/s")
    late = await _sockets(url, cookies, broker)
    figures = {
        "customers_p95_ms": _share(lists, 0.95),
        "customer_360_p95_ms": _share(ones, 0.95),
        "cached_p95_ms": _share(cached, 0.95),
        "uncached_p95_ms": _share(uncached, 0.95),
        "cached_reads_per_s": rate,
        "ws_clients": _SOCKETS,
        "ws_p99_ms": sorted(late)[int(len(late) * 0.99)],
    }
    print(json.dumps(figures))


async def _warm_up(line: Line) -> list[int]:
    """The first of each kind opens files and connections; customers from all over."""
    ids: list[int] = []
    for path in ("/api/v1/customers?limit=250", "/api/v1/customers?limit=250&sort=id"):
        ids += [item["id"] for item in json.loads(await _ask(line, path))["items"]]
    for path in _questions():
        await _ask(line, path)
    await _ask(
        line, "/api/v1/customers?country=CA&orders_min=7"
    )  # opens the columns that totals are counted on
    return ids


def _list(rng: Random) -> str:
    """A filter as people set it: a segment, a country, money, orders, days; every total is counted for it."""
    filters = [
        lambda: f"segment={rng.choice(_SEGMENTS)}",
        lambda: f"country={rng.choice(['US', 'DE', 'FR', 'GB'])}",
        lambda: f"orders_min={rng.choice([2, 3, 5])}",
        lambda: f"net_min={rng.choice([10_000, 50_000, 100_000])}",
        lambda: f"ordered_since={_LAST_DAY - timedelta(days=rng.choice([30, 90, 180]))}",
        lambda: "tag=vip",
    ]
    chosen = "&".join(make() for make in rng.sample(filters, rng.choice([1, 1, 2])))
    return f"/api/v1/customers?{chosen}&sort=-net&limit=50"


def _questions() -> list[str]:
    return [
        "/api/v1/tenants/me/stats",
        "/api/v1/analytics/rfm",
        "/api/v1/analytics/churn",
        "/api/v1/analytics/clv",
        "/api/v1/analytics/revenue",
        "/api/v1/analytics/cohorts?grain=quarter",
        "/api/v1/analytics/metrics/net_sales?by=month",
        "/api/v1/analytics/metrics/orders?by=month",
    ]


def _new_question(rng: Random, n: int) -> str:
    """One that nobody has asked."""
    day = _LAST_DAY - timedelta(days=30 + 7 * n)
    since = _LAST_DAY - timedelta(days=rng.randint(60, 800) + n)
    return [
        f"/api/v1/analytics/rfm?as_of={day}",
        f"/api/v1/analytics/cohorts?as_of={day}",
        f"/api/v1/analytics/metrics/net_sales?by=day&since={since}",
        f"/api/v1/analytics/metrics/aov?by=week&since={since}",
    ][n % 4]


async def _ask(line: Line, path: str) -> bytes:
    status, body = await line.get(path)
    if status != 200:  # noqa: PLR2004
        raise SystemExit(f"{path}: {status} {body[:500]!r}")
    return body


async def _times(line: Line, paths: list[str]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for path in paths:
        started = time.perf_counter()
        await _ask(line, path)
        found.append((path, (time.perf_counter() - started) * 1e3))
    return found


async def _rate(url: str, cookies: dict[str, str], paths: list[str]) -> float:
    """Answers a second to so many who ask at once."""
    until = time.perf_counter() + _SECONDS
    done = 0

    async def reader(n: int) -> None:
        nonlocal done
        async with Line(url, cookies) as line:
            while time.perf_counter() < until:
                await _ask(line, paths[n % len(paths)])
                n += 1
                done += 1

    await asyncio.gather(*(reader(n) for n in range(_AT_ONCE)))
    return done / _SECONDS


async def _sockets(url: str, cookies: dict[str, str], broker: str) -> list[float]:
    """How late each client hears of each progress, in milliseconds."""
    late: list[float] = []
    tenant = os.environ["XSIGHT_BENCH_TENANT"]
    ready = asyncio.Semaphore(0)
    turn = asyncio.Semaphore(20)

    async def follow() -> None:
        async with turn:
            socket = await connect(
                url.replace("http", "ws", 1) + "/ws/sync",
                origin=url,  # pyright: ignore[reportArgumentType]
                additional_headers={"Cookie": f"xs_ws={cookies['xs_ws']}"},
                proxy=None,
                compression=None,
            )
            await socket.recv()
        ready.release()
        async with socket:
            heard = 0
            while heard < _MESSAGES:
                message = json.loads(await socket.recv())
                if "sent" in message:
                    late.append((time.time() - message["sent"]) * 1e3)
                    heard = message["percent"]

    clients = [asyncio.create_task(follow()) for _ in range(_SOCKETS)]
    for _ in clients:
        await ready.acquire()
    async with redis.asyncio.Redis.from_url(broker) as client:
        for n in range(1, _MESSAGES + 1):
            message: dict[str, Any] = {"type": "sync:progress", "run": "bench", "percent": n}
            body = json.dumps(message | {"sent": time.time()})
            await client.publish(f"xsight:progress:{tenant}", body)
            await asyncio.sleep(_EVERY_S)
    await asyncio.wait_for(asyncio.gather(*clients), 30)
    _say(f"websockets: {len(late)} of {_SOCKETS * _MESSAGES} messages heard")
    return late


def _share(times: list[tuple[str, float]], share: float) -> float:
    return sorted(ms for _, ms in times)[int(len(times) * share)]


def _say(text: str) -> None:
    sys.stderr.write(f"bench api: {text}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]))
