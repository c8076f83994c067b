"""The Hub in compose: our configuration, with a container instead of a sandbox. Not run: see deploy/README.md."""

import os
import shutil
from pathlib import Path
from uuid import UUID

from dockerspawner import DockerSpawner

from hub_config import launch, spawner

# On the volume `servers`, which each container sees its own folder of.
SERVERS = Path("/var/lib/xsight/servers")
HOMES = Path("/var/lib/xsight/homes")
INSIDE = launch.Places(
    run=Path("/run/xsight"),
    postgres=Path("/run/postgresql"),
    home=Path("/home/analyst"),
    ledger=Path("/srv/ledger"),
    packages=Path("/opt/xsight"),
)
VERSION = os.environ["XSIGHT_VERSION"]
IMAGES = {
    "hub_config.dashboards": f"xsight-dash:{VERSION}",
    "hub_config.lab": f"xsight-lab:{VERSION}",
}


class ContainerSpawner(DockerSpawner):
    """One container a server: read-only, without privileges, on a network that leads to the Hub only.

    PostgreSQL is reached by its socket on a shared volume, under the server's own role.
    """

    _role: spawner.MintedRole | None = None

    async def start(self) -> tuple[str, int]:
        """Mint the role, lay out the server's folder, start its container."""
        plan = await spawner.ServerSpawner._make_plan(self)  # noqa: SLF001
        self.site.watch()
        role = self._role = await self.site.minter.mint(
            plan.slug,
            user_id=plan.user_id,
            pii=plan.pii,
            server=self.user.name,
            socket_dir=str(INSIDE.postgres),
        )
        folder = self._folder()
        # read by uid 1000, which we may not give them to; a container sees no folder but its own
        folder.mkdir(parents=True)
        for name, text in (("dsn", role.dsn), ("token", self.api_token)):
            (folder / name).write_text(text)
        if plan.user_id:
            home = HOMES / self.user.name
            home.mkdir(exist_ok=True)
            home.chmod(0o777)
        self.image = IMAGES[plan.module]
        self.environment = launch.environment(
            plan, INSIDE, super().get_env(), tenant_id=role.tenant_id
        )
        self.mounts = [
            _mount("servers", self.user.name, INSIDE.run),
            _mount("pg-socket", "", INSIDE.postgres),
            *self._ledger(role.tenant_id),
            *([_mount("homes", self.user.name, INSIDE.home, write=True)] if plan.user_id else []),
        ]
        return await super().start()

    async def run_post_stop_hook(self) -> None:
        """Drop the role and its secrets."""
        if self._role is not None:
            await self.site.minter.drop(self._role.name)
        shutil.rmtree(self._folder(), ignore_errors=True)

    def _folder(self) -> Path:
        return SERVERS / self.user.name

    @staticmethod
    def _ledger(tenant_id: UUID | None) -> list[dict[str, object]]:
        return [_mount("ledger", str(tenant_id), INSIDE.ledger)] if tenant_id else []


def _mount(volume: str, part: str, at: Path | None, *, write: bool = False) -> dict[str, object]:
    """A part of a volume; the engine (API 1.45) makes nothing, so the folder has to be there."""
    return {
        "Type": "volume",
        "Source": f"xsight_{volume}",
        "Target": str(at),
        "ReadOnly": not write,
        "VolumeOptions": {"Subpath": part} if part else {},
    }


c = get_config()
load_subconfig(str(Path(spawner.__file__).with_name("jupyterhub_config.py")))
ContainerSpawner.site = spawner.ServerSpawner.site
c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{os.environ['XSIGHT_HUB_PORT']}"
c.JupyterHub.hub_connect_url = f"http://hub:{os.environ['XSIGHT_HUB_PORT']}"
c.Proxy.extra_routes = {"/user/": c.JupyterHub.hub_connect_url}  # of servers that do not run
# not as `cookie_secret_file`: the Hub refuses a file that others may read, and secrets are mounted so
c.JupyterHub.cookie_secret = bytes.fromhex(
    Path(os.environ["XSIGHT_HUB_COOKIE_SECRET_FILE"]).read_text()
)
c.JupyterHub.spawner_class = ContainerSpawner
c.DockerSpawner.network_name = "xsight_notebooks"
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.remove = True
c.DockerSpawner.mem_limit = "2G"
c.DockerSpawner.cpu_limit = 2
c.DockerSpawner.extra_host_config = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "read_only": True,
    "pids_limit": 512,
    "tmpfs": {"/tmp": "size=512m"},  # noqa: S108  # the container's own
}
