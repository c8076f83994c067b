"""``python -m hub_config``: drop what a crash left behind, then become JupyterHub."""

import os
import shutil
import signal
import sys
from pathlib import Path

import psycopg

from hub_config.roles import Minter
from hub_config.settings import HubSettings


def main() -> None:
    """Ends with one clear line where the database does not answer; otherwise never returns."""
    settings = HubSettings()  # pyright: ignore[reportCallIssue]
    try:
        Minter(settings.spawner_database_url.get_secret_value()).drop_leftovers()
    except psycopg.Error as error:
        sys.exit(f"XSIGHT_SPAWNER_DATABASE_URL: {error}")
    shutil.rmtree(settings.sockets_dir, ignore_errors=True)
    # A shell's `cmd &` leaves SIGINT ignored; the Hub's services would inherit that and never stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    config = Path(__file__).with_name("jupyterhub_config.py")
    root = str(config.parent.parent)
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH")) if p)
    command = [sys.executable, "-m", "jupyterhub", "--config", str(config), "--upgrade-db"]
    os.execve(sys.executable, command, os.environ | {"PYTHONPATH": path})  # noqa: S606


if __name__ == "__main__":
    main()
