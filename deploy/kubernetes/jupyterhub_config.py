"""The Hub on Kubernetes: our configuration, with a pod instead of a sandbox. Not run: see deploy/README.md."""

import base64
import os
from pathlib import Path

from kubespawner import KubeSpawner

from hub_config import launch, spawner

INSIDE = launch.Places(
    run=Path("/run/xsight"),
    postgres=Path("/run/postgresql"),
    home=Path("/home/analyst"),
    ledger=None,
    packages=Path("/opt/xsight"),
)
IMAGES = {"hub_config.dashboards": "xsight-dash", "hub_config.lab": "xsight-lab"}


class PodSpawner(KubeSpawner):
    """One pod a server: not root, read-only, no account of the cluster's, no way but to the Hub and PostgreSQL.

    The server's own secrets are a Secret that belongs to its pod and ends with it.
    """

    _role: spawner.MintedRole | None = None

    async def start(self) -> tuple[str, int]:
        """Mint the role, describe the pod, start it."""
        plan = await spawner.ServerSpawner._make_plan(self)  # noqa: SLF001
        self.site.watch()
        role = self._role = await self.site.minter.mint(
            plan.slug,
            user_id=plan.user_id,
            pii=plan.pii,
            server=self.user.name,
            socket_dir=os.environ.get(
                "XSIGHT_PG_HOST", "postgres"
            ),  # no socket here: a service's name
        )
        self.image = (
            f"{os.environ['XSIGHT_REGISTRY']}/{IMAGES[plan.module]}:{os.environ['XSIGHT_TAG']}"
        )
        self.environment = launch.environment(
            plan, INSIDE, super().get_env(), tenant_id=role.tenant_id
        )
        self.extra_labels = {"xsight/part": "notebook", "xsight/tenant": plan.slug}
        self.secret_name = f"xsight-{self.user.name}"
        self.secret_mount_path = str(INSIDE.run)
        self.secret_data = {
            name: base64.b64encode(text.encode()).decode()
            for name, text in (("dsn", role.dsn), ("token", self.api_token))
        }
        self.storage_pvc_ensure = plan.user_id is not None
        return await super().start()

    async def run_post_stop_hook(self) -> None:
        """Drop the role; the pod's Secret is the cluster's to remove."""
        if self._role is not None:
            await self.site.minter.drop(self._role.name)


c = get_config()
load_subconfig(str(Path(spawner.__file__).with_name("jupyterhub_config.py")))
PodSpawner.site = spawner.ServerSpawner.site
c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{os.environ['XSIGHT_HUB_PORT']}"
c.JupyterHub.hub_connect_url = f"http://hub:{os.environ['XSIGHT_HUB_PORT']}"
# not as `cookie_secret_file`: the Hub refuses a file that a group may read, and secrets are mounted so
c.JupyterHub.cookie_secret = bytes.fromhex(
    Path(os.environ["XSIGHT_HUB_COOKIE_SECRET_FILE"]).read_text()
)
c.Proxy.extra_routes = {"/user/": c.JupyterHub.hub_connect_url}  # of servers that do not run
c.JupyterHub.spawner_class = PodSpawner
c.KubeSpawner.namespace = "xsight-notebooks"
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.service_account = None
c.KubeSpawner.uid = 1000
c.KubeSpawner.gid = 1000
c.KubeSpawner.fs_gid = 1000
c.KubeSpawner.privileged = False
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.container_security_context = {
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
c.KubeSpawner.mem_limit = "2G"
c.KubeSpawner.cpu_limit = 2
c.KubeSpawner.volumes = [{"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}}]
c.KubeSpawner.volume_mounts = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - the pod's own
