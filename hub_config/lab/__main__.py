"""``python -m hub_config.lab``: JupyterLab for a Hub user ``<slug>-<user>``, with what it needs and no more."""

import os
import sys

# jsonschema compiles a grammar for this optional format check on import: 1.6 s of a start, for nothing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from jupyterhub.singleuser.extension import JupyterHubSingleUser

from hub_config.credentials import SOCKET, run_folder, take_token
from hub_config.lab.starters import link_starters

LEAN = ("--ServerApp.jpserver_extensions={'jupyter_lsp': False}",)
NOTHING_LEAVES = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
)


def main() -> None:
    """Serve until the Hub says stop."""
    link_starters()
    JupyterHubSingleUser.launch_instance(
        [
            f"--ServerApp.sock={run_folder() / SOCKET}",
            "--ServerApp.sock_mode=0600",
            f"--HubOAuth.api_token={take_token()}",  # in memory; the process has other arguments
            f"--HubOAuth.cache_max_age={os.environ.get('JUPYTERHUB_RECHECK_S', '10')}",
            *LEAN,
            *NOTHING_LEAVES,
        ]
    )


if __name__ == "__main__":
    main()
