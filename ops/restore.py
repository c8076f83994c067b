"""``xsight restore BACKUP``: a backup into an installation that holds nothing yet. Whole, or not at all.

The dump is loaded into a database of its own, held against the backup's digests, and takes the place of the empty one
at the end: what an interrupted run leaves is dropped by the next. Who was erased since (their key is gone) is erased
from the rest as well; a store that was deleted since goes again.
"""

import asyncio
import json
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict

from ops.backup import FORMAT, KEYS, MANIFEST, checksum, fingerprints
from ops.config import Config
from ops.dumps import at_database, load
from ops.processes import app_dsn, migration_env
from ops.serving import with_database
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.crypto import Keyring
from xsight_core.db import copies, migrate, roles
from xsight_core.errors import XsightError
from xsight_core.services import sealed_copy
from xsight_core.services.tenants import remove_tenant
from xsight_core.tenancy import Tenancy

__all__ = ["bring_back"]

_URLS = {
    roles.APP: "XSIGHT_DATABASE_URL",
    roles.INGEST: "XSIGHT_INGEST_DATABASE_URL",
    roles.SPAWNER: "XSIGHT_SPAWNER_DATABASE_URL",
}


@dataclass(frozen=True)
class _Copy:
    """A backup that was found whole, and what is needed to read it."""

    folder: Path
    keys: Path
    facts: dict[str, Any]


def bring_back(config: Config, backup: str, *, keys: str | None) -> int:
    """Restore; ``keys`` is the folder of people's keys, by default the one beside the backup."""
    folder = Path(backup).absolute()
    copy = _Copy(folder, Path(keys or folder.parent / KEYS).absolute(), _read(folder))
    _examine(copy)
    vault = Vault(config.home.secrets)
    _require_keyring(config, vault, copy)
    if config.home.locked():
        raise Trouble(f"XSight is running on {config.home.path}", "stop it: `xsight down`")

    async def work(admin_dsn: str) -> None:
        await asyncio.to_thread(_restore, config, vault, admin_dsn, copy)

    return with_database(config, work)


def _read(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        raise Trouble(
            f"{folder} is no backup: {MANIFEST} is missing or broken",
            "name a folder that `xsight backup` has made",
        ) from None
    if facts["format"] != FORMAT or facts["revision"] not in migrate.known_revisions():
        raise Trouble(
            f"{folder} was written by XSight {facts['version']}, which is newer than this one",
            "install that version, or a newer one",
        )
    return facts


def _examine(copy: _Copy) -> None:
    for name, expected in copy.facts["files"].items():
        file = copy.folder / name
        if not file.is_file() or checksum(file) != expected:
            raise Trouble(f"{file} is missing or damaged", "fetch the backup again, or use another")
    if not copy.keys.is_dir():
        raise Trouble(
            f"{copy.keys} is missing: nobody's name or address can be read without it",
            f"put the folder {KEYS} of the newest backup there, or name it with --keys",
        )


def _require_keyring(config: Config, vault: Vault, copy: _Copy) -> None:
    ring = vault.known("keyring")
    known = fingerprints(ring) if ring else {}
    missing = [name for name, word in copy.facts["keyring"].items() if known.get(name) != word]
    if missing:
        raise Trouble(
            f"key {', '.join(missing)} of the backup's installation is not in {config.home.secrets}",
            f"copy that installation's folder `secrets` to {config.home.secrets} first",
        )


def _restore(config: Config, vault: Vault, admin_dsn: str, copy: _Copy) -> None:
    begun = time.monotonic()
    name = str(conninfo_to_dict(admin_dsn)["dbname"])
    if copies.holds_installation(admin_dsn):
        raise Trouble(
            f"database {name} holds an installation already",
            "restore into an empty state folder (XSIGHT_HOME) or an empty database (DATABASE_URL)",
        )
    server, beside = at_database(admin_dsn, "postgres"), f"{name}_restoring"
    target = at_database(admin_dsn, beside)
    passwords = _passwords(vault, admin_dsn)
    copies.make_database(server, beside)
    try:
        migrate.make_roles(target, passwords)
        load(target, copy.folder / "database", "pre-data")
        load(target, copy.folder / "database", "data")
        copies.renew_changes(target)
        load(target, copy.folder / "database", "post-data")
        _say(begun, "the database is loaded")
        _compare(target, copy, sealed=False)
        _say(begun, "every row is as it was")
        migrate.upgrade(target, passwords)
        gone = _bring_people(vault, target, copy)
        if len(gone) == len(copy.facts["tenants"]) and not any(gone.values()):
            _compare(target, copy, sealed=True)
        _say(begun, "people's data are opened")
        _forget(config, vault, target, copy, gone)
        copies.take_place(server, beside, name)
    except XsightError as error:
        raise Trouble(f"the backup cannot be restored: {error}", "nothing was changed") from error
    finally:
        copies.drop_database(server, beside)
    with tarfile.open(copy.folder / "homes.tar.gz") as packed:
        packed.extractall(config.home.path, filter="data")
    _say(begun, f"restored {len(copy.facts['tenants'])} stores as of {copy.facts['made_at'][:19]}")
    print("  Start it with `xsight up`. Everybody logs in anew.")


def _bring_people(vault: Vault, target: str, copy: _Copy) -> dict[UUID, tuple[str, ...]]:
    """Keys, then rows; who could not be opened, by tenant."""
    tenancy = Tenancy(app_dsn(vault, target))
    keyring = Keyring.parse(vault.keyring("keyring"))
    gone: dict[UUID, tuple[str, ...]] = {}
    for tenant in _kept(copy):
        sealed_copy.read_keys(tenancy, tenant, keyring, copy.keys / str(tenant))
        sealed = copy.folder / "sealed" / str(tenant)
        gone[tenant] = sealed_copy.read_copy(tenancy, tenant, sealed).forgotten
    return gone


def _compare(target: str, copy: _Copy, *, sealed: bool) -> None:
    """Count and digest of every table, in the columns it had then."""
    tables = {
        name: told["columns"]
        for name, told in copy.facts["tables"].items()
        if (name in copies.NOT_DUMPED) == sealed
    }
    with copies.frozen(target) as (connection, _):
        found = copies.all_rows(connection, tables)
    for name, rows in found.items():
        told = copy.facts["tables"][name]
        if (rows.rows, rows.digest) != (told["rows"], told["digest"]):
            raise Trouble(
                f"{name} came back with {rows.rows} rows that differ from the backup's {told['rows']}",
                "the backup is damaged: use another; nothing was changed",
            )


def _forget(
    config: Config, vault: Vault, target: str, copy: _Copy, gone: dict[UUID, tuple[str, ...]]
) -> None:
    tenancy = Tenancy(app_dsn(vault, target))
    people = sum(
        sealed_copy.forget_again(tenancy, tenant, subjects)
        for tenant, subjects in gone.items()
        if subjects
    )
    if people:
        print(f"  {people} people were erased after this backup: they are erased again")
    for tenant in copy.facts["tenants"]:
        if UUID(tenant["id"]) not in gone:
            remove_tenant(tenancy, UUID(tenant["id"]), tenant["slug"], config.home.path)
            print(f"  store {tenant['slug']} was deleted after this backup: it is deleted again")


def _kept(copy: _Copy) -> list[UUID]:
    """Tenants that are still there: the newest backup has written their keys."""
    known = {path.name for path in copy.keys.iterdir()}
    return [UUID(one["id"]) for one in copy.facts["tenants"] if one["id"] in known]


def _passwords(vault: Vault, admin_dsn: str) -> dict[str, str]:
    env = migration_env(vault, admin_dsn)
    return {role: str(conninfo_to_dict(env[url])["password"]) for role, url in _URLS.items()}


def _say(begun: float, what: str) -> None:
    print(f"  {time.monotonic() - begun:6.1f} s  {what}", flush=True)
