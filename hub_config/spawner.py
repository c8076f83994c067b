"""Starts tenants' dashboard servers and analysts' Labs, each in a sandbox with a database role of its own."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from jupyterhub.spawner import LocalProcessSpawner, SpawnException
from jupyterhub.utils import url_path_join

from hub_config.credentials import SOCKET
from hub_config.identity import DASHBOARDS_PREFIX, Person
from hub_config.launch import HUB_API_URL, Places, Plan, command_line, environment, inside
from hub_config.relay import door_in, port_of
from hub_config.roles import MintedRole
from hub_config.sandbox import limit_resources
from hub_config.site import Site

__all__ = ["ServerSpawner"]


class ServerSpawner(LocalProcessSpawner):
    """A process in bubblewrap. Servers end with the Hub; a role that a crash leaves is dropped at its start."""

    site: ClassVar[Site]
    """Set by the composition root: traitlets would copy a configured value for every server."""

    _door: asyncio.Server | None = None
    _role: MintedRole | None = None
    _places: Places
    _plan: Plan

    async def start(self) -> tuple[str, int]:
        """Mint the role, lay out what the server sees, start it; returns where the proxy reaches it."""
        plan, folder, name = await self._make_plan(), self._run_folder, self.user.name
        self.site.enter(name, plan.slug)
        self.site.watch()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        postgres = await self.site.postgres_folder()
        role = self._role = await self._mint(plan, postgres)
        self._plan, self._places = plan, self._find_places(plan, postgres, role)
        _write_secret(folder / "dsn", role.dsn)
        _write_secret(folder / "token", self.api_token)
        bubblewrap = self.site.bubblewrap
        socket = await self.site.hub_socket() if bubblewrap else None
        self.cmd = command_line(plan, self._places, bubblewrap=bubblewrap, hub_socket=socket)
        self.args = []
        self.ip, self.port = (
            "localhost",
            8888,
        )  # jupyter_server takes a socket only beside its default port
        await super().start()
        await self._wait_for(folder / SOCKET)
        self._door = await door_in(folder / SOCKET)
        return "127.0.0.1", port_of(self._door)

    def get_env(self) -> dict[str, str]:
        """The server's whole environment: an allow-list of the Hub's, and ours."""
        seen, hub = self._places, super().get_env()
        if self.site.bubblewrap is not None:
            seen = inside(seen)
            hub["JUPYTERHUB_API_URL"] = HUB_API_URL
            activity = url_path_join(HUB_API_URL, "users", self.user.escaped_name, "activity")
            hub["JUPYTERHUB_ACTIVITY_URL"] = activity
        tenant_id = self._role.tenant_id if self._role else None
        return environment(self._plan, seen, hub, tenant_id=tenant_id)

    async def run_post_stop_hook(self) -> None:
        """However the server ended: close its door, drop its role, remove its secrets."""
        if self._door is not None:
            self._door.close()
            self._door = None
        role, self._role = self._role, None
        if role is not None:
            try:
                await self.site.minter.drop(role.name)
            except psycopg.Error:  # it ends at its date, or when the Hub starts again
                self.log.exception("Database role %s was not dropped", role.name)
        shutil.rmtree(self._run_folder, ignore_errors=True)
        self.site.leave(self.user.name)

    def get_state(self) -> dict[str, Any]:
        """Nothing: a process id kept over a restart of the Hub would name some other process."""
        return {}

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """A Hub user has no unix account to take anything from."""
        return env

    def make_preexec_fn(self, name: str) -> Callable[[], None]:  # noqa: ARG002 - JupyterHub names it
        """Limits, instead of a change of the unix account."""
        return limit_resources

    async def _wait_for(self, socket: Path) -> None:
        """Until the server listens. JupyterHub alone would look for a dead one until its time is up."""
        while not socket.exists():  # noqa: ASYNC240 - a look at a name in memory
            if await self.poll() is not None:
                why = "The server ended while it started; the Hub's log has its last words."
                raise SpawnException(why, reason="died", status_code=500)
            await asyncio.sleep(0.05)

    async def _make_plan(self) -> Plan:
        settings, name = self.site.settings, self.user.name
        if name.startswith(DASHBOARDS_PREFIX):
            slug = name.removeprefix(DASHBOARDS_PREFIX)
            return Plan("hub_config.dashboards", settings.dash_python, slug)
        state = await self.user.get_auth_state() or {}
        try:
            person = Person.from_claims(state.get("oauth_user") or {})
        except ValueError:
            raise SpawnException("Log in again.", reason="claims", status_code=403) from None
        member = person.current
        if person.hub_name != name or not member.has_lab:
            why = "Your role in this store has no Lab."
            raise SpawnException(why, reason="role", status_code=403)
        return Plan("hub_config.lab", settings.lab_python, member.slug, person.id, member.pii)

    async def _mint(self, plan: Plan, postgres: Path) -> MintedRole:
        places = Places(run=self._run_folder, postgres=postgres, home=self._run_folder, ledger=None)
        seen = inside(places) if self.site.bubblewrap else places
        try:
            return await self.site.minter.mint(
                plan.slug,
                user_id=plan.user_id,
                pii=plan.pii,
                server=self.user.name,
                socket_dir=str(seen.postgres),
            )
        except (psycopg.errors.NoDataFound, psycopg.errors.InsufficientPrivilege) as error:
            why = f"Refused: {error.diag.message_primary}."
            raise SpawnException(why, reason="refused", status_code=403) from None

    def _find_places(self, plan: Plan, postgres: Path, role: MintedRole) -> Places:
        """Where things are on this machine; folders that a server needs are made."""
        settings = self.site.settings
        home = (
            self._run_folder / "home"
            if plan.user_id is None
            else settings.homes_dir / self.user.name
        )
        home.mkdir(mode=0o700, exist_ok=True)
        ledger = None
        if role.tenant_id is not None:
            ledger = settings.home.resolve() / "ledger" / str(role.tenant_id)
            ledger.mkdir(parents=True, exist_ok=True)
        return Places(run=self._run_folder, postgres=postgres, home=home, ledger=ledger)

    @property
    def _run_folder(self) -> Path:
        return self.site.settings.sockets_dir / self.user.name


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
