"""How a server is started: what it is, what it sees, its command line and its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import UUID

from hub_config.sandbox import command, interpreter_folders

__all__ = ["HUB_API_URL", "PROJECT", "Places", "Plan", "command_line", "environment", "inside"]

PROJECT: Final = Path(__file__).resolve().parent.parent
"""Folder that holds the packages which servers import."""
PACKAGES: Final = ("xsight_core", "xsight_ui", "hub_config", "notebooks")

KEEP: Final = ("JUPYTERHUB_", "LANG", "LC_")
"""Of what the Hub would hand on. Its secrets have other names, and the server's own token goes by file."""
TOKENS: Final = frozenset({"JUPYTERHUB_API_TOKEN", "JUPYTERHUB_CRYPT_KEY"})

HUB_SOCKET: Final = "/run/xsight-hub.sock"
HUB_API_URL: Final = f"http+unix://{quote(HUB_SOCKET, safe='')}/hub/api"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a Hub user's server is. Only Labs have a user and a home that stays."""

    module: str
    python: Path
    slug: str
    user_id: UUID | None = None
    pii: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: on the machine, or as a sandboxed server sees them."""

    run: Path
    postgres: Path
    home: Path
    ledger: Path | None
    packages: Path = PROJECT


def inside(places: Places) -> Places:
    """The same places as seen from a sandbox: the same for every server, so nothing tells of the machine."""
    return Places(
        run=Path("/run/xsight"),
        postgres=Path("/run/postgresql"),
        home=Path("/home/analyst"),
        ledger=Path("/srv/ledger") if places.ledger else None,
        packages=Path("/opt/xsight"),
    )


def command_line(
    plan: Plan, places: Places, *, bubblewrap: Path | None, hub_socket: Path | None
) -> list[str]:
    """The server's command, in a sandbox where there is a bubblewrap."""
    run = [str(plan.python.absolute()), "-m", plan.module]
    if bubblewrap is None or hub_socket is None:
        return run
    seen = inside(places)
    read_only = {folder: str(folder) for folder in interpreter_folders(plan.python)}
    for name in PACKAGES:
        if (places.packages / name).is_dir():
            read_only[places.packages / name] = f"{seen.packages}/{name}"
    read_only[places.postgres] = str(seen.postgres)
    read_only[hub_socket] = HUB_SOCKET
    if places.ledger:
        read_only[places.ledger] = str(seen.ledger)
    writable = {places.run: str(seen.run), places.home: str(seen.home)}
    return command(bubblewrap, run, read_only=read_only, writable=writable, chdir=str(seen.home))


def environment(
    plan: Plan, seen: Places, hub: Mapping[str, str], *, tenant_id: UUID | None
) -> dict[str, str]:
    """All that the server's process gets. ``hub`` is what JupyterHub would have given."""
    kept = {k: v for k, v in hub.items() if k.startswith(KEEP) and k not in TOKENS}
    ours = {
        "PATH": f"{plan.python.absolute().parent}:/usr/bin:/bin",
        "HOME": str(seen.home),
        "USER": "analyst",
        "SHELL": "/bin/bash",
        "PYTHONPATH": str(seen.packages),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "XSIGHT_RUN": str(seen.run),
        "XSIGHT_DSN_FILE": f"{seen.run}/dsn",
        "XSIGHT_TENANT": plan.slug,
    }
    if tenant_id:
        ours["XSIGHT_TENANT_ID"] = str(tenant_id)
    if seen.ledger:
        ours["XSIGHT_LEDGER_DIR"] = str(seen.ledger)
    return kept | ours
