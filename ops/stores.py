"""What an operator does with one store: export, import, suspend, delete."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from ops.config import Config
from ops.processes import app_dsn
from ops.serving import with_database
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.db.archive import LEFT_BEHIND
from xsight_core.errors import XsightError
from xsight_core.services import archive, tenants
from xsight_core.tenancy import Tenancy

__all__ = ["bring_in", "delete", "export", "suspend"]


def export(config: Config, slug: str, file: str) -> int:
    """Write a store into a file."""

    async def work(tenancy: Tenancy) -> None:
        await _known(tenancy, slug)
        rows = await archive.export_tenant(tenancy, slug, Path(file), home=config.home.path)
        print(f"  {file}: {rows} rows. It names the store's customers: keep it as you keep them.")
        print("  Not in it:")
        for table, why in LEFT_BEHIND.items():
            print(f"    {table.partition('.')[2]:<19} {why}")

    return _do(config, work)


def bring_in(config: Config, file: str, owner: str | None) -> int:
    """Bring a store in from a file."""

    async def work(tenancy: Tenancy) -> None:
        path = Path(file)
        arrived = await archive.import_tenant(tenancy, path, home=config.home.path, owner=owner)
        print(f"  store {arrived.slug}: {arrived.rows} rows, {len(arrived.members)} members")
        for stranger in arrived.strangers:
            print(f"  {stranger} has no account here: invite them")
        print("  Connect the store to Shopify again; its next sync brings what has changed since.")

    return _do(config, work)


def suspend(config: Config, slug: str, *, suspended: bool) -> int:
    """Keep everybody out of a store, or let them in again."""

    async def work(tenancy: Tenancy) -> None:
        await tenants.suspend(tenancy, await _known(tenancy, slug), suspended=suspended)
        print(f"  store {slug} is {'suspended: its data stay' if suspended else 'open again'}")

    return _do(config, work)


def delete(config: Config, slug: str) -> int:
    """Delete a suspended store for good."""

    async def work(tenancy: Tenancy) -> None:
        tenant = await _known(tenancy, slug)
        done = await tenants.delete_tenant(tenancy, tenant, home=config.home.path)
        print(f"  store {slug} is gone: {sum(done.values())} rows. Its audit log stays.")
        print(
            "  Backups that hold it open no name of its customers after the next `xsight backup`."
        )

    return _do(config, work)


async def _known(tenancy: Tenancy, slug: str) -> UUID:
    known = await tenants.all_tenants(tenancy)
    if slug not in known:
        raise Trouble(f"there is no store {slug}", f"name one of: {', '.join(sorted(known))}")
    return known[slug]


def _do(config: Config, work: Callable[[Tenancy], Awaitable[None]]) -> int:
    async def with_tenancy(admin_dsn: str) -> None:
        tenancy = Tenancy(app_dsn(Vault(config.home.secrets), admin_dsn), pool_size=2)
        try:
            await work(tenancy)
        except XsightError as error:
            raise Trouble(str(error).rstrip("."), "mend that; nothing was changed") from error
        finally:
            await tenancy.close()

    return with_database(config, with_tenancy)
