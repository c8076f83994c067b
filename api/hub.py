"""JupyterHub's REST, as much of it as is needed to have a server running when its page is opened."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx
import structlog

__all__ = ["HubClient", "dashboard_server", "person_server"]

POLL_S: Final = 0.1
SEEN_S: Final = 5.0
"""A server that was ready is not asked after again for so long: one that has ended since is the Hub's to tell."""
DELETE_TRIES: Final = 20
DELETE_PAUSE_S: Final = 0.5

log = structlog.stdlib.get_logger("api.hub")


def dashboard_server(slug: str) -> str:
    """Hub user that runs the tenant's dashboards."""
    return f"t-{slug}"


def person_server(slug: str, user_id: UUID) -> str:
    """Hub user of a person in one tenant, who runs their Lab."""
    return f"{slug}-{user_id.hex[:8]}"


class HubClient:
    """Talks to the Hub with the service token ``xsight-api``. Without an address there is no Hub: nothing is ready."""

    def __init__(self, api_url: str | None, token: str) -> None:
        self._api_url = api_url
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"token {token}"},
            timeout=httpx.Timeout(5, connect=1),
            trust_env=False,
        )
        self._background: set[asyncio.Task[Any]] = set()
        self._seen: dict[str, float] = {}

    def start_soon(self, name: str) -> None:
        """Start the server without waiting for it."""
        self._soon(self.start(name))

    def forget_soon(self, *names: str) -> None:
        """End these persons' servers and everything they were let into, without waiting for it."""
        for name in names:
            self._soon(self.forget(name))

    def stop_soon(self, *names: str) -> None:
        """Stop these servers without waiting for it."""
        for name in names:
            self._soon(self.stop(name))

    async def stop(self, name: str) -> bool:
        """Stop the server, which ends its database role too. Whether the Hub agreed."""
        self._seen.pop(name, None)
        return await self._delete(f"/users/{quote(name)}/server")

    async def forget(self, name: str) -> bool:
        """Remove a person's Hub user: its server stops, its tokens end, at the next log-in it is made anew."""
        self._seen.pop(name, None)
        return await self._delete(f"/users/{quote(name)}")

    def _soon(self, work: Coroutine[Any, Any, bool]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def start(self, name: str) -> bool:
        """Make sure that the user exists and its server is running or starting. Whether the Hub agreed."""
        if self._api_url is None:
            return False
        for attempt in range(2):
            answer = await self._post(f"/users/{quote(name)}/server")
            if answer is None:
                return False
            if answer.status_code == HTTPStatus.NOT_FOUND and attempt == 0:
                await self._post(f"/users/{quote(name)}")
                continue
            # 201 started, 202 starting, 400 it was running or starting already
            agreed = answer.status_code in {201, 202, 400}
            if not agreed:
                log.warning("hub.refused", server=name, status=answer.status_code)
            return agreed
        return False

    async def is_ready(self, name: str) -> bool:
        """Whether the server answers now."""
        if self._api_url is None:
            return False
        try:
            answer = await self._http.get(f"{self._api_url}/users/{quote(name)}")
        except httpx.HTTPError as error:
            log.warning("hub.unreachable", reason=type(error).__name__)
            return False
        if not answer.is_success:
            return False
        servers: dict[str, dict[str, Any]] = answer.json().get("servers") or {}
        return bool(servers.get("", {}).get("ready"))

    async def wait_ready(self, name: str, *, timeout_s: float) -> bool:
        """Start the server if need be and give it a moment."""
        now = asyncio.get_running_loop().time()
        if now - self._seen.get(name, -SEEN_S) < SEEN_S:
            return True
        ready = await self._wait_ready(name, timeout_s=timeout_s)
        if ready:
            self._seen = {one: at for one, at in self._seen.items() if now - at < SEEN_S}
            self._seen[name] = now
        return ready

    async def _wait_ready(self, name: str, *, timeout_s: float) -> bool:
        if await self.is_ready(name):
            return True
        if not await self.start(name):
            return False
        end = asyncio.get_running_loop().time() + timeout_s
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(POLL_S)
            if await self.is_ready(name):
                return True
        return False

    async def is_up(self, *, within_s: float = 1) -> bool:
        """Whether the Hub answers at all. One that is down refuses at once; a busy one may take a while."""
        if self._api_url is None:
            return False
        try:
            return (await self._http.get(f"{self._api_url}/", timeout=within_s)).is_success
        except httpx.HTTPError:
            return False

    async def way_out(self) -> str:
        """Where a browser goes on that has logged out here: through the Hub, which ends its own session.

        A busy Hub is waited for: passed by, it would keep that session for some seconds more.
        """
        return "/hub/logout" if await self.is_up(within_s=15) else "/login?out=1"

    async def close(self) -> None:
        """Stop what is under way."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._http.aclose()

    async def _delete(self, path: str) -> bool:
        """Tried again for a while: while a server starts or stops the Hub refuses."""
        if self._api_url is None:
            return False
        for _ in range(DELETE_TRIES):
            try:
                answer = await self._http.delete(f"{self._api_url}{path}", timeout=30)
            except httpx.HTTPError as error:
                log.warning("hub.unreachable", reason=type(error).__name__)
                return False
            if answer.status_code in {202, 204, 404}:
                return True
            await asyncio.sleep(DELETE_PAUSE_S)
        log.warning("hub.refused", path=path)
        return False

    async def _post(self, path: str) -> httpx.Response | None:
        try:
            return await self._http.post(f"{self._api_url}{path}")
        except httpx.HTTPError as error:
            log.warning("hub.unreachable", reason=type(error).__name__)
            return None
