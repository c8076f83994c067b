"""A whole store in one file, to take along to another installation. All or nothing, and every row compared.

The file is a ZIP: ``store.json`` says what is in it, ``tables/NAME`` are rows, ``audit.jsonl`` is the audit log as
``xsight audit verify --file`` reads it, ``homes/`` analysts' notebooks. It holds the store's personal data in clear
text: whoever has the file has them.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from xsight_core.db import archive as rows
from xsight_core.db import migrate
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.services import tenants
from xsight_core.services.audit import SYSTEM, export_events, record
from xsight_core.tenancy import Tenancy

__all__ = ["Arrived", "export_tenant", "import_tenant"]

_FORMAT: Final = 1
_FACTS: Final = "store.json"
_BLOCK_BYTES: Final = 1 << 18


@dataclass(frozen=True)
class Arrived:
    """What came in. ``strangers`` were members and have no account here."""

    tenant_id: UUID
    slug: str
    rows: int
    members: dict[str, UUID]
    strangers: list[str] = field(default_factory=list[str])


async def export_tenant(tenancy: Tenancy, slug: str, file: Path, *, home: Path) -> int:
    """Write a store as it is at one moment; how many rows."""
    tenant_id = (await tenants.all_tenants(tenancy)).get(slug)
    if tenant_id is None:
        raise NotFound(f"There is no store {slug}.")
    making = file.with_name(f"{file.name}.making")
    try:
        making.touch(mode=0o600)
        with zipfile.ZipFile(making, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            facts = _pack_rows(tenancy, tenant_id, packed)
            with packed.open("audit.jsonl", "w", force_zip64=True) as log:
                async for line in export_events(tenancy, tenant_id):
                    log.write(line)
            for path in _homes(home, slug):
                packed.write(path, path.relative_to(home).as_posix())
            packed.writestr(_FACTS, json.dumps(facts | {"slug": slug}, indent=1))
        making.replace(file)
    finally:
        making.unlink(missing_ok=True)
    async with tenancy.scope(tenant_id) as session:
        count = sum(table["rows"] for table in facts["tables"].values())
        await record(session, tenant_id, SYSTEM, "tenant.exported", rows_seen=count)
    return count


async def import_tenant(
    tenancy: Tenancy, file: Path, *, home: Path, owner: str | None = None
) -> Arrived:
    """Bring a store in. Members with an account here come along; ``owner`` is the address of one more."""
    try:
        with zipfile.ZipFile(file) as packed:
            facts: dict[str, Any] = json.loads(packed.read(_FACTS))
            arrived = _unpack_rows(tenancy, packed, facts, owner)
            _unpack_homes(packed, facts, arrived, home)
    except (OSError, zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise InvalidInput(
            "file", f"{file} is no exported store, or it is damaged: {error}."
        ) from error
    async with tenancy.scope(arrived.tenant_id) as session:
        details = {"exported_at": facts["made_at"], "rows": arrived.rows, "was": facts["slug"]}
        await record(session, arrived.tenant_id, SYSTEM, "tenant.imported", details=details)
    return arrived


def _pack_rows(tenancy: Tenancy, tenant_id: UUID, packed: zipfile.ZipFile) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    with tenancy.connection(tenant_id, snapshot="now") as connection, connection.cursor() as cursor:
        for table in rows.archived_tables():
            columns = rows.tenant_columns(table)
            found = rows.count(cursor, table, columns)
            with packed.open(f"tables/{table}", "w", force_zip64=True) as out:
                for block in rows.read_table(cursor, table, columns):
                    out.write(block)
            tables[table] = {"columns": columns, "rows": found.rows, "digest": found.digest}
        members = rows.members(cursor)
        name = rows.name_of(cursor)
    return {
        "format": _FORMAT,
        "revision": migrate.known_revisions()[0],
        "made_at": datetime.now(UTC).isoformat(),
        "id": str(tenant_id),
        "name": name,
        "members": members,
        "tables": tables,
        "left_behind": rows.LEFT_BEHIND,
    }


def _unpack_rows(
    tenancy: Tenancy, packed: zipfile.ZipFile, facts: dict[str, Any], owner: str | None
) -> Arrived:
    if facts["format"] != _FORMAT or facts["revision"] not in migrate.known_revisions():
        raise InvalidInput("file", "The store was exported by a newer version: install that first.")
    tenant_id, slug = UUID(facts["id"]), facts["slug"]
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        if not rows.add_tenant(connection, tenant_id, slug, facts["name"]):
            slug = tenants.new_slug(facts["name"])
            if not rows.add_tenant(connection, tenant_id, slug, facts["name"]):
                raise Conflict("This store is here already.")
        for table, told in facts["tables"].items():
            with packed.open(f"tables/{table}") as data:
                rows.write_table(cursor, table, told["columns"], _blocks(data))
            found = rows.count(cursor, table, told["columns"])
            if (found.rows, found.digest) != (told["rows"], told["digest"]):
                raise InvalidInput(
                    "file", f"{table} is damaged: {found.rows} of {told['rows']} rows."
                )
        wished = [(one["email"], one["role"], one["pii"]) for one in facts["members"]]
        if owner:
            wished.append((owner, "owner", True))
        members = rows.add_members(cursor, wished)
        if not any(role == "owner" and email in members for email, role, _ in wished):
            raise InvalidInput(
                "owner", "Nobody who owned the store has an account here: name one with --owner."
            )
        rows.settle(cursor)
    strangers = [email for email, _, _ in wished if email not in members]
    return Arrived(
        tenant_id, slug, sum(one["rows"] for one in facts["tables"].values()), members, strangers
    )


def _unpack_homes(
    packed: zipfile.ZipFile, facts: dict[str, Any], arrived: Arrived, home: Path
) -> None:
    """Each analyst's folder under the name that they have here."""
    were = {
        f"{facts['slug']}-{one['user'][:8]}": f"{arrived.slug}-{str(arrived.members[one['email']])[:8]}"
        for one in facts["members"]
        if one["email"] in arrived.members
    }
    for entry in packed.infolist():
        parts = Path(entry.filename).parts
        if entry.is_dir() or parts[0] != "homes" or ".." in parts or len(parts) < 3:  # noqa: PLR2004
            continue
        target = home.joinpath("homes", were.get(parts[1], parts[1]), *parts[2:])
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(entry) as data, target.open("wb") as out:
            for block in _blocks(data):
                out.write(block)


def _blocks(data: IO[bytes]) -> Iterator[bytes]:
    while block := data.read(_BLOCK_BYTES):
        yield block


def _homes(home: Path, slug: str) -> Iterator[Path]:
    """Regular files; a link may lead anywhere."""
    for folder in sorted((home / "homes").glob(f"{slug}-*")):
        yield from (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink())
