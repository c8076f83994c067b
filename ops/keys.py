"""``xsight keys rotate``: a new key first in the ring, and every stored token sealed with it.

Old keys stay in the ring: a backup may hold what they sealed. Running processes read the ring anew
when they meet a key they do not know.
"""

import subprocess
import sys

from ops import postgres
from ops.config import Config
from ops.home import ROOT
from ops.processes import base_env, keys_env
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = ["rotate"]


def rotate(config: Config) -> int:
    """Add a key and re-wrap; the database must run."""
    if not (config.database_url or config.home.locked()):
        raise Trouble("the database does not run", "start it with `xsight up` and rotate then")
    vault = Vault(config.home.secrets)
    admin_dsn = config.database_url or postgres.embedded(config.home, vault, base_env())[1]
    name = vault.add_key("keyring")
    done = subprocess.run(
        [sys.executable, "-m", "ops.rewrap"],
        cwd=ROOT,
        env=base_env() | keys_env(vault, admin_dsn),
        check=False,
    )
    print(f"The newest key is {name}.")
    return done.returncode
