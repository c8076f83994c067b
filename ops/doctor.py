"""``xsight doctor``: what could keep XSight from running here, each with its remedy."""

import os
import shutil
import sys
from collections.abc import Callable

from ops import sandbox
from ops.config import Config
from ops.external import check_database, check_redis
from ops.home import ROOT
from ops.ports import require_free
from ops.trouble import Trouble

__all__ = ["examine"]

_FREE_BYTES = 2_000_000_000


def examine(config: Config) -> int:
    """Run every check; the exit code is 1 when one of them failed."""
    checks: tuple[tuple[str, Callable[[Config], None]], ...] = (
        ("Python", _python),
        ("environments", _environments),
        ("proxy", _proxy),
        ("front end", _frontend),
        ("state folder", _home),
        ("disk", _disk),
        ("public port", _port),
        ("PostgreSQL", _database),
        ("Redis", _redis),
        ("sandbox", _sandbox),
    )
    failed = 0
    for name, check in checks:
        try:
            check(config)
        except Trouble as trouble:
            failed += 1
            print(f"  ✗ {name:<13} {trouble}")
        else:
            print(f"  ✓ {name}")
    print("All is well." if not failed else f"{failed} of {len(checks)} checks failed.")
    return 1 if failed else 0


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


def _home(config: Config) -> None:
    config.home.make()


def _disk(config: Config) -> None:
    free = shutil.disk_usage(config.home.path if config.home.path.exists() else ROOT).free
    if free < _FREE_BYTES:
        raise Trouble(f"only {free / 1e9:.1f} GB are free", "free some, or move XSIGHT_HOME")


def _port(config: Config) -> None:
    if not config.home.locked():
        require_free(config.port, config.host)


def _database(config: Config) -> None:
    if config.database_url:
        check_database(config.database_url)


def _redis(config: Config) -> None:
    if config.redis_url:
        check_redis(config.redis_url)


def _sandbox(config: Config) -> None:
    if config.sandbox == "none" or not sandbox.usable():
        found = "is not allowed to work" if shutil.which("bwrap") else "is missing"
        who = "as root: " if os.geteuid() else ""
        raise Trouble(
            f"bubblewrap {found}: notebooks of one tenant only, unprotected",
            f"{who}apt install bubblewrap, and allow unprivileged user namespaces",
        )
