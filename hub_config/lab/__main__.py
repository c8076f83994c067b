"""``python -m hub_config.lab``: JupyterLab for a Hub user ``<slug>-<user>``, with what it needs and no more."""

import os
from pathlib import Path

from jupyterhub.singleuser.extension import JupyterHubSingleUser

from hub_config.credentials import SOCKET, run_folder, take_token
from hub_config.lab.starters import link_starters
from hub_config.policy import CONTENT_SECURITY_POLICY

CONFIG = Path(__file__).with_name("config")
HEADERS = {"headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY}}
LEAN = ("--ServerApp.jpserver_extensions={'jupyter_lsp': False}",)
NOTHING_LEAVES = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
)


def main() -> None:
    """Serve until the Hub says stop."""
    os.environ["JUPYTER_CONFIG_PATH"] = str(
        CONFIG
    )  # Lab's own settings: no news, no language servers
    link_starters()
    JupyterHubSingleUser.launch_instance(
        [
            f"--ServerApp.sock={run_folder() / SOCKET}",
            "--ServerApp.sock_mode=0600",
            f"--HubOAuth.api_token={take_token()}",  # in memory; the process has other arguments
            f"--HubOAuth.cache_max_age={os.environ.get('JUPYTERHUB_RECHECK_S', '10')}",
            f"--ServerApp.tornado_settings={HEADERS}",
            *LEAN,
            *NOTHING_LEAVES,
        ]
    )


if __name__ == "__main__":
    main()
