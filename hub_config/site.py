"""What all servers of this Hub share: the walls around them and the doors through these."""

import asyncio
import logging
from pathlib import Path

from jupyterhub.spawner import SpawnException

from hub_config.reaper import reap_for_ever
from hub_config.relay import door_out
from hub_config.roles import Minter
from hub_config.sandbox import find_bubblewrap
from hub_config.settings import HubSettings

__all__ = ["Site"]

log = logging.getLogger(__name__)

NO_SANDBOX = """
**********************************************************************************************
  NO SANDBOX: %s.
  Notebooks and dashboards run with the rights of this Hub, so servers of ONE TENANT ONLY are
  started at a time; others are refused. Install bubblewrap to lift this.
**********************************************************************************************"""


class Site:
    """Made once, when the Hub reads its configuration."""

    def __init__(self, settings: HubSettings) -> None:
        self.settings = settings
        self.minter = Minter(settings.spawner_database_url.get_secret_value())
        self.bubblewrap = None if settings.sandbox == "none" else find_bubblewrap()
        self._tenants: dict[str, str] = {}
        self._doors: dict[Path, asyncio.Server] = {}
        self._lock = asyncio.Lock()
        self._reaper: asyncio.Task[None] | None = None
        if self.bubblewrap is None:
            if settings.sandbox == "bwrap":
                raise RuntimeError(
                    "XSIGHT_SANDBOX=bwrap, but bubblewrap cannot make a sandbox here"
                )
            why = "it is off (XSIGHT_SANDBOX=none)"
            if settings.sandbox == "auto":
                why = "bubblewrap is missing or may not make one here"
            log.warning(NO_SANDBOX, why)
        settings.sockets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.homes_dir.mkdir(parents=True, exist_ok=True)

    def enter(self, server: str, slug: str) -> None:
        """Note that ``server`` of this tenant starts. Without a sandbox, refuse a second tenant."""
        others = {s for name, s in self._tenants.items() if name != server}
        if self.bubblewrap is None and others - {slug}:
            raise SpawnException(
                "This installation has no sandbox (bubblewrap), so it runs servers of one store at a time, "
                "and another store's is running. Try again when it is idle, or install bubblewrap.",
                reason="no-sandbox",
                status_code=409,
            )
        self._tenants[server] = slug

    def watch(self) -> None:
        """From the first server on, end what notebooks leave running in the database."""
        if self._reaper is None or self._reaper.done():
            self._reaper = asyncio.get_running_loop().create_task(reap_for_ever(self.minter))

    def leave(self, server: str) -> None:
        """Note that ``server`` has stopped."""
        self._tenants.pop(server, None)

    async def hub_socket(self) -> Path:
        """Unix socket that leads to the Hub's own port, made when the first server needs it."""
        return await self._door("hub.sock", "127.0.0.1", self.settings.hub_port)

    async def postgres_folder(self) -> Path:
        """Folder with PostgreSQL's unix socket: its own, or a door to the external server's port."""
        if self.settings.pg_socket_dir:
            return Path(self.settings.pg_socket_dir)
        minter = self.minter
        if minter.host.startswith("/"):
            return Path(minter.host)
        folder = self.settings.sockets_dir / "pg"
        folder.mkdir(exist_ok=True)
        socket = await self._door(f"pg/.s.PGSQL.{minter.port}", minter.host, minter.port)
        return socket.parent

    async def _door(self, name: str, host: str, port: int) -> Path:
        socket = self.settings.sockets_dir / name
        async with self._lock:
            if socket not in self._doors:
                self._doors[socket] = await door_out(socket, host, port)
        return socket
