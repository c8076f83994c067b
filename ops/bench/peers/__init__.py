"""Programs we are compared with, each in an environment of its own, made when first asked for.

They are run, never imported: PyAirbyte and Airbyte's connector (ELv2), tap-shopify (AGPL). Their versions are in
``requirements/peers``.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.home import ROOT
from ops.trouble import Trouble

__all__ = ["environment", "redirected", "run_script"]

_PYTHONS = ("python3.11", "python3.12")
_HERE = Path(__file__).parent


def environment(name: str) -> Path:
    """``bin`` folder of a peer's environment; made anew when its requirements changed."""
    requirements = ROOT / "requirements" / "peers" / f"{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xsight-peers"
    folder = kept / f"{name}-{digest}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = str(ROOT / ".venv" / "bin" / "uv")
        quiet = (uv, "--quiet", "--no-progress")
        try:
            subprocess.run((*quiet, "venv", "--python", _python(), str(folder)), check=True)
            python = str(folder / "bin" / "python")
            install = ("pip", "sync", "--require-hashes", "--python", python, str(requirements))
            subprocess.run((*quiet, *install), check=True)
        except subprocess.CalledProcessError as error:
            raise Trouble(
                f"the environment of {name} cannot be made", "look at what uv said above"
            ) from error
        (folder / "made").touch()
    return folder / "bin"


def _python() -> str:
    """A Python the connectors run on."""
    for name in _PYTHONS:
        found = shutil.which(name)
        if (
            found
            and subprocess.run((found, "-c", ""), check=False, capture_output=True).returncode == 0
        ):
            return found
    raise Trouble(f"none of {', '.join(_PYTHONS)} is on the PATH", "install one of them")


def redirected(simulator: str) -> dict[str, str]:
    """Environment variables under which a peer's requests to Shopify reach the simulator."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "PATH", "TMPDIR") if key in os.environ}
    return kept | {
        "AIRBYTE_NO_UPDATE_CHECK": "1",
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": str(_HERE / "redirect"),
        "XSIGHT_PEER_SIMULATOR": simulator,
    }


def run_script(
    name: str,
    script: str,
    order: Mapping[str, Any],
    simulator: str,
    *,
    under: Sequence[str] = (),
) -> dict[str, Any]:
    """Run one of our scripts in a peer's environment, ``under`` a command; its last line is the result."""
    command = (*under, str(environment(name) / "python"), str(_HERE / script))
    with tempfile.TemporaryDirectory() as folder:  # PyAirbyte leaves its files where it is started
        done = subprocess.run(
            command,
            input=json.dumps(order),
            env=redirected(simulator),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Trouble(f"{name} failed: {done.stderr.strip()[-2000:]}", "run it by hand")
    return json.loads(done.stdout.strip().splitlines()[-1])
