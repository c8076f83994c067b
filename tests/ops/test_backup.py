"""A backup brought back into another installation equals the first: counts, sums, digests, names, notebooks."""

import asyncio
import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from ops import backup, restore
from ops.config import Config
from ops.trouble import Trouble
from ops.vault import Vault
from tests.support.postgres import PASSWORDS
from tests.support.rows import fill_all_tables
from tests.support.shops import add_orders, random_orders, set_shop
from tests.support.tenants import add_tenant
from xsight_core.db.lint import findings
from xsight_core.services.audit import verify_tenant
from xsight_core.tenancy import Tenancy

BOOKS = (
    "SELECT tenant_id, count(*), sum(net_minor), sum(gross), max(processed_at) FROM xsight.orders GROUP BY 1",
    "SELECT tenant_id, count(*), md5(string_agg(email, ',' ORDER BY customer_id)) FROM xsight.customer_pii GROUP BY 1",
    "SELECT tenant_id, count(*), sum(quantity) FROM xsight.order_lines GROUP BY 1",
    "SELECT slug, name FROM control.tenants",
    "SELECT tenant_id, seq, action, hash FROM xsight.audit_events",
)
END = datetime(2026, 3, 1, tzinfo=UTC)


def installation(home: Path, admin_url: str, keyring: str | None = None) -> Config:
    config = Config.read({"XSIGHT_HOME": str(home), "DATABASE_URL": admin_url})
    config.home.make()
    vault = Vault(config.home.secrets)
    for role, password in PASSWORDS.items():
        vault.text(f"role-{role}", lambda password=password: password)
    if keyring:
        vault.text("keyring", lambda: keyring)
    vault.keyring("keyring")
    return config


def name_people(admin_url: str) -> None:
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email, first_name)"
            " SELECT tenant_id, id, 'person.' || id || '@example.com', 'Zoë' FROM xsight.customers"
            " ON CONFLICT DO NOTHING"
        )


def sums(url: str) -> list[tuple]:
    """What a bookkeeper would compare, read without anything of the product's."""
    with psycopg.connect(url) as admin:
        return [sorted(admin.execute(statement).fetchall()) for statement in BOOKS]


@pytest.fixture(scope="module")
def first(cluster, tmp_path_factory):
    """An installation of two stores."""
    with cluster.fresh() as database:
        config = installation(tmp_path_factory.mktemp("first"), database.admin_url)
        for name in ("north", "south"):
            tenant = add_tenant(database.admin_url, name)
            set_shop(database.admin_url, tenant.id)
            add_orders(database.admin_url, tenant.id, random_orders(7, customers=40, end=END))
            name_people(database.admin_url)
            fill_all_tables(database.admin_url, tenant.id)
            work = config.home.path / "homes" / f"{tenant.slug}-0a0a0a0a"
            work.mkdir()
            (work / "study.ipynb").write_text(f"of {name}")
        yield config, database


@pytest.fixture(scope="module")
def made(first, tmp_path_factory) -> Path:
    config, _ = first
    folder = tmp_path_factory.mktemp("backups")
    assert backup.make(config, str(folder), keep=None) == 0
    (found,) = (path.parent for path in folder.glob("*/backup.json"))
    return found


@pytest.fixture
def second(cluster, first, tmp_path):
    """Another, empty installation with the first one's keys."""
    ring = Vault(first[0].home.secrets).keyring("keyring")
    with cluster.fresh("template0") as database:
        yield installation(tmp_path / "second", database.admin_url, ring), database


def test_a_restored_installation_equals_the_first(first, made, second, capsys):
    (_, before), (config, after) = first, second
    assert restore.bring_back(config, str(made), keys=None) == 0, capsys.readouterr()
    assert sums(after.admin_url) == sums(before.admin_url)
    assert findings(after.admin_url) == []
    notebooks = {p.read_text() for p in (config.home.path / "homes").glob("*-0a0a0a0a/study.ipynb")}
    assert notebooks == {"of north", "of south"}
    with psycopg.connect(after.admin_url) as admin:
        assert admin.execute("SELECT max(changed_in) FROM xsight.orders").fetchone() == (0,)
        (tenant,) = admin.execute("SELECT id FROM control.tenants LIMIT 1").fetchone()
        assert admin.execute("SELECT count(*) FROM control.sessions").fetchone() == (0,)

    async def verified():
        tenancy = Tenancy(after.app_url)
        try:
            return await verify_tenant(tenancy, tenant)
        finally:
            await tenancy.close()

    assert asyncio.run(verified()).broken_at is None
    assert restore.bring_back(config, str(made), keys=None) == 1  # never over an installation
    assert "holds an installation already" in capsys.readouterr().err


def test_files_of_a_backup_name_nobody(made):
    files = [path for path in made.parent.rglob("*") if path.is_file()]
    said = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in files
    )
    assert b"#1399" in said  # the search sees rows
    assert b"@example.com" not in said
    assert "Zoë".encode() not in said
    assert {oct(p.stat().st_mode & 0o077) for p in (made.parent, made)} == {"0o0"}


def test_whoever_was_erased_since_stays_erased(first, made, second, tmp_path, capsys):
    (_, database), (config, after) = first, second
    later = tmp_path / "later"
    shutil.copytree(made.parent, later)
    with psycopg.connect(database.admin_url) as admin:
        tenant, customer = admin.execute(
            "SELECT tenant_id, customer_id FROM xsight.orders WHERE customer_id IS NOT NULL ORDER BY 1, 2 LIMIT 1"
        ).fetchone()
        slugs = dict(admin.execute("SELECT id, slug FROM control.tenants").fetchall())
    for keys in (later / "person-keys").iterdir():
        if keys.name == str(tenant):  # the newest backup has no key of theirs
            kept = [
                x
                for x in keys.read_text().splitlines()
                if json.loads(x)[0] != f"customer:{customer}"
            ]
            keys.write_text("\n".join(kept) + "\n")
        else:  # and nothing of the other store
            keys.unlink()
    assert restore.bring_back(config, str(later / made.name), keys=None) == 0, capsys.readouterr()
    with psycopg.connect(after.admin_url) as admin:
        for table, column in (
            ("customer_pii", "customer_id"),
            ("customers", "id"),
            ("orders", "customer_id"),
        ):
            left = admin.execute(
                f"SELECT count(*) FROM xsight.{table} WHERE tenant_id = %s AND {column} = %s",
                [tenant, customer],
            ).fetchone()
            assert left == (0,), table
        assert admin.execute("SELECT slug FROM control.tenants").fetchall() == [(slugs[tenant],)]
        assert admin.execute("SELECT count(DISTINCT tenant_id) FROM xsight.orders").fetchone() == (
            1,
        )


def test_what_cannot_be_restored_says_why(first, made, second, tmp_path):
    config, _ = second
    copy = tmp_path / "copy" / made.name
    shutil.copytree(made, copy)
    with pytest.raises(Trouble, match="person-keys is missing"):
        restore.bring_back(config, str(copy), keys=None)
    (copy / "homes.tar.gz").write_bytes(b"torn")
    with pytest.raises(Trouble, match="missing or damaged"):
        restore.bring_back(config, str(copy), keys=None)
    facts = json.loads((made / "backup.json").read_text())
    (copy / "backup.json").write_text(json.dumps(facts | {"revision": "9999"}))
    with pytest.raises(Trouble, match="newer than this one"):
        restore.bring_back(config, str(copy), keys=None)
    with pytest.raises(Trouble, match="is no backup"):
        restore.bring_back(config, str(tmp_path), keys=None)
    stranger = installation(tmp_path / "stranger", config.database_url or "")
    with pytest.raises(Trouble, match="key k1 of the backup's installation"):
        restore.bring_back(stranger, str(made), keys=None)
    with pytest.raises(Trouble, match="inside the state folder"):
        backup.make(config, str(config.home.path / "logs"), keep=None)


def test_old_backups_go_and_half_made_ones_too(first, tmp_path):
    config, _ = first
    for name in ("20200101T000000Z", "20210101T000000Z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "backup.json").write_text("{}")
    (tmp_path / "20220101T000000Z.making").mkdir()
    assert backup.make(config, str(tmp_path), keep=2) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names[0] == "20210101T000000Z"
    assert names[-1] == "person-keys"
    assert len(names) == 3
