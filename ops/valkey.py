"""The embedded Valkey as a service of the stack: a doorbell behind a password."""

from functools import partial

from ops.embedded import valkey_command
from ops.home import Home
from ops.probes import valkey_answers
from ops.service import Service
from ops.vault import Vault

__all__ = ["embedded"]


def embedded(home: Home, vault: Vault, env: dict[str, str], port: int) -> tuple[Service, str]:
    """The service and its address. The password stands in a file of mode 600, not on a command line."""
    password = vault.text("valkey")
    folder = home.path / "valkey"
    command = valkey_command(folder / "valkey.conf", data_dir=folder, port=port, password=password)
    service = Service(
        name="valkey",
        command=tuple(command),
        env=env,
        ready=partial(valkey_answers, port, password),
        folder=folder,
    )
    return service, f"redis://:{password}@127.0.0.1:{port}/0"
