"""The machine: what XSight needs of it."""

import os
import resource
import shutil
import sys
from pathlib import Path

from ops import sandbox
from ops.config import Config, loopback_of
from ops.home import ROOT
from ops.ports import require_free
from ops.trouble import Trouble

__all__ = ["CHECKS"]

_FREE_BYTES = 2_000_000_000
_MEMORY_BYTES = 1_000_000_000
_OPEN_FILES = 1024


def _python(_: Config) -> None:
    if not (3, 11) <= sys.version_info < (3, 14):
        raise Trouble(
            f"Python {sys.version.split()[0]} is not supported", "run `make install` with 3.11–3.13"
        )


def _environments(_: Config) -> None:
    for name in (".venv-dash", ".venv-lab"):
        if not (ROOT / name / "bin" / "python").exists():
            raise Trouble(f"{name} is missing", "run `make install`")


def _proxy(_: Config) -> None:
    if not (ROOT / "ops/proxy/node_modules/configurable-http-proxy").is_dir():
        raise Trouble("configurable-http-proxy is missing", "run `make install`")


def _frontend(_: Config) -> None:
    if not (ROOT / "xsight_ui/static/manifest.json").exists():
        raise Trouble("the front end is not built", "run `make install`")


def _disk(config: Config) -> None:
    free = shutil.disk_usage(config.home.path if config.home.path.exists() else ROOT).free
    if free < _FREE_BYTES:
        raise Trouble(
            f"only {free / 1e9:.1f} GB are free; a full disk stops the database",
            "free some, or move XSIGHT_HOME",
        )


def _memory(_: Config) -> None:
    told = dict(line.split(":", 1) for line in _meminfo().splitlines())
    free = int(told["MemAvailable"].split()[0]) * 1024
    if free < _MEMORY_BYTES:
        raise Trouble(
            f"only {free / 1e9:.1f} GB of memory are free: processes will be ended by the system",
            "end other programs, or give the machine 4 GB or more",
        )


def _meminfo() -> str:
    return Path("/proc/meminfo").read_text()


def _open_files(_: Config) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= allowed < _OPEN_FILES:
        raise Trouble(
            f"a process may open only {allowed} files: browsers and servers will be refused",
            f"ulimit -n {_OPEN_FILES * 4}, or LimitNOFILE={_OPEN_FILES * 4} in the service",
        )


def _port(config: Config) -> None:
    if not config.home.locked():
        require_free(config.port, config.host)


def _address(config: Config) -> None:
    clear = config.public_url.startswith("http://")
    if (clear and loopback_of(config.host) != "127.0.0.1") or (clear and config.host == "0.0.0.0"):  # noqa: S104
        raise Trouble(
            f"{config.public_url} is open to others without TLS: passwords travel in clear text",
            "put a TLS proxy in front, leave XSIGHT_HOST out, and set XSIGHT_PUBLIC_URL=https://…",
        )


def _sandbox(config: Config) -> None:
    if config.sandbox == "none" or not sandbox.usable():
        found = "is not allowed to work" if shutil.which("bwrap") else "is missing"
        who = "as root: " if os.geteuid() else ""
        raise Trouble(
            f"bubblewrap {found}: notebooks of one tenant only, unprotected",
            f"{who}apt install bubblewrap, and allow unprivileged user namespaces",
        )


CHECKS = {
    "Python": _python,
    "environments": _environments,
    "proxy": _proxy,
    "front end": _frontend,
    "disk": _disk,
    "memory": _memory,
    "open files": _open_files,
    "public port": _port,
    "public address": _address,
    "sandbox": _sandbox,
}
