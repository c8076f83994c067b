"""``xsight backup FOLDER``: the database, people's data sealed, analysts' notebooks; while everything runs.

::

    FOLDER/
      20261122T213000Z/      one backup, copied wherever you like
        backup.json          what is in it: revision, stores, rows and digests of tables, checksums of files
        database/            pg_dump's, without the tables that name people, keys, sessions
        sealed/<tenant id>   those tables, each row under its person's own key
        homes.tar.gz         analysts' notebooks
      person-keys/           the keys, written anew by each backup: who was erased has none. Keep one copy only

Not in it: ``secrets`` (copy that folder once, apart: without it nobody reads the Shopify tokens or the keys), and what
is made anew: ledgers, caches, logs, sessions, the Hub's state.
"""

import asyncio
import base64
import hashlib
import json
import shutil
import tarfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ops.config import Config
from ops.dumps import dump
from ops.home import Home
from ops.processes import app_dsn
from ops.serving import with_database
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.crypto import Keyring
from xsight_core.db import copies, migrate
from xsight_core.services import sealed_copy
from xsight_core.tenancy import Tenancy

__all__ = ["FORMAT", "KEYS", "MANIFEST", "checksum", "fingerprints", "make"]

FORMAT: Final = 1
MANIFEST: Final = "backup.json"
KEYS: Final = "person-keys"


def make(config: Config, folder: str, *, keep: int | None) -> int:
    """Write a backup into ``folder``; of those there, the newest ``keep`` stay."""
    root = Path(folder).absolute()
    if root.is_relative_to(config.home.path):
        raise Trouble(
            f"{root} lies inside the state folder it would save", "name a folder elsewhere"
        )

    async def work(admin_dsn: str) -> None:
        await asyncio.to_thread(_make, config, admin_dsn, root, keep)

    return with_database(config, work)


def fingerprints(keyring: str) -> dict[str, str]:
    """A word for each key of a ring that tells whether it is the same key, and nothing of it."""
    parts = [part.strip().partition(":") for part in keyring.split(",")]
    return {
        name: hashlib.sha256(b"xsight backup" + base64.b64decode(key)).hexdigest()[:16]
        for name, _, key in parts
    }


def checksum(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _make(config: Config, admin_dsn: str, root: Path, keep: int | None) -> None:
    begun = time.monotonic()
    vault = Vault(config.home.secrets)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    made, making = root / stamp, root / f"{stamp}.making"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in root.glob("*.making"):
            shutil.rmtree(left)
        making.mkdir(mode=0o700)
        facts = _copy_database(vault, admin_dsn, making)
        _pack_homes(config.home, making / "homes.tar.gz")
        _write_keys(vault, admin_dsn, root, facts["tenants"])
        facts["files"] = {
            path.relative_to(making).as_posix(): checksum(path)
            for path in sorted(making.rglob("*"))
            if path.is_file()
        }
        (making / MANIFEST).write_text(json.dumps(facts, indent=1))
        making.rename(made)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise Trouble(
            f"the backup could not be written: {error.strerror} ({error.filename})",
            "see to the disk or the rights of the folder, and run it again",
        ) from error
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    for old in _backups(root)[keep:] if keep else []:
        shutil.rmtree(old)
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    rows = sum(table["rows"] for table in facts["tables"].values())
    print(f"  {made}\n  {len(facts['tenants'])} stores, {rows} rows, {size / 1e6:.1f} MB", end="")
    print(f" in {time.monotonic() - begun:.1f} s")
    print(f"  Beside it, written anew each time: {root / KEYS}")
    print(f"  Not in it: {config.home.secrets}. Copy that folder once, and keep it apart.")


def _copy_database(vault: Vault, admin_dsn: str, making: Path) -> dict[str, Any]:
    """Dump and sealed rows of one moment, and what they hold."""
    tenancy = Tenancy(app_dsn(vault, admin_dsn))
    with copies.frozen(admin_dsn) as (connection, moment):
        if not copies.sees_everything(connection):
            raise Trouble(
                "row-level security hides stores' rows from this log-in",
                "give it the attribute BYPASSRLS, use your provider's backups, or `xsight export` each store",
            )
        revision = copies.revision(connection)
        if revision != migrate.known_revisions()[0]:
            raise Trouble(
                f"the database is at revision {revision}, not at this version's", "xsight migrate"
            )
        dump(admin_dsn, making / "database", snapshot=moment, without=copies.NOT_DUMPED)
        tenants = copies.stored_tenants(connection)
        (making / "sealed").mkdir()
        sealed = {
            str(tenant.id): sealed_copy.write_copy(
                tenancy, tenant.id, making / "sealed" / str(tenant.id), snapshot=moment
            )
            for tenant in tenants
        }
        tables = {
            name: {"columns": found.columns, "rows": found.rows, "digest": found.digest}
            for name, found in copies.all_rows(connection).items()
        }
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(),
        "version": version("xsight"),
        "revision": revision,
        "keyring": fingerprints(vault.keyring("keyring")),
        "tenants": [
            {"id": str(one.id), "slug": one.slug, "name": one.name, "sealed": sealed[str(one.id)]}
            for one in tenants
        ],
        "tables": tables,
    }


def _write_keys(vault: Vault, admin_dsn: str, root: Path, tenants: list[dict[str, Any]]) -> None:
    """The keys there are now, in the place of those of the last backup."""
    tenancy = Tenancy(app_dsn(vault, admin_dsn))
    keyring = Keyring.parse(vault.keyring("keyring"))
    known, fresh, old = root / KEYS, root / f"{KEYS}.making", root / f"{KEYS}.old.making"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    for tenant in (UUID(one["id"]) for one in tenants):
        sealed_copy.write_keys(tenancy, tenant, keyring, fresh / str(tenant))
    if known.exists():
        known.rename(old)
    fresh.rename(known)
    shutil.rmtree(old, ignore_errors=True)


def _pack_homes(home: Home, file: Path) -> None:
    """Regular files and folders only: sockets and pipes are of servers that ran then."""
    with tarfile.open(file, "w:gz", compresslevel=1) as packed:
        packed.add(home.path / "homes", "homes", filter=_ordinary)
    file.chmod(0o600)


def _ordinary(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return member if member.isreg() or member.isdir() else None


def _backups(root: Path) -> list[Path]:
    return sorted((p.parent for p in root.glob(f"*/{MANIFEST}")), reverse=True)
