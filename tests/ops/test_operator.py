"""What the operator's commands say of the audit log and of mail that waits."""

import asyncio
import json

import psycopg
import pytest

from ops import audit, letters
from ops.config import Config
from ops.trouble import Trouble
from ops.vault import Vault
from tests.support.postgres import Database
from tests.support.tenants import add_tenant
from xsight_core.crypto import Keyring
from xsight_core.services.audit import SYSTEM, export_events, record
from xsight_core.services.mail import Letter, Post
from xsight_core.tenancy import Tenancy


@pytest.fixture
def config(tmp_path, database: Database) -> Config:
    """An installation whose application's password is the database's."""
    config = Config.read({"XSIGHT_HOME": str(tmp_path), "DATABASE_URL": database.admin_url})
    config.home.make()
    password = psycopg.conninfo.conninfo_to_dict(database.app_url)["password"]
    Vault(config.home.secrets).text("role-xsight_app", lambda: str(password))
    return config


def run(database, work):
    async def go():
        tenancy = Tenancy(database.app_url)
        try:
            return await work(tenancy)
        finally:
            await tenancy.close()

    return asyncio.run(go())


def test_a_whole_log_verifies_and_a_broken_one_is_named(config, database, tmp_path, capsys) -> None:
    north = add_tenant(database.admin_url, "north")

    async def write(tenancy):
        async with tenancy.scope(north.id) as session:
            for action in ("a", "b", "c"):
                await record(session, north.id, SYSTEM, action)
        return [line async for line in export_events(tenancy, north.id)]

    lines = run(database, write)
    assert audit.check(config, None, file=None, expect=None) == 0
    head = capsys.readouterr().out.split(f"{north.slug}")[1].split("head ")[1].split()[0]
    assert head.startswith("3:")
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(lines))
    assert audit.check(config, None, file=str(file), expect=head) == 0
    changed = json.loads(lines[1]) | {"action": "nothing happened"}
    file.write_bytes(lines[0] + json.dumps(changed).encode() + b"\n" + lines[2])
    assert audit.check(config, None, file=str(file), expect=None) == 1
    assert "BROKEN at event 2" in capsys.readouterr().out
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM xsight.audit_events WHERE seq = 3")
    assert audit.check(config, north.slug, file=None, expect=None) == 0
    assert audit.check(config, north.slug, file=None, expect=head) == 1
    for bad in ({"slug": "nosuch", "file": None}, {"slug": None, "file": str(tmp_path)}):
        with pytest.raises(Trouble):
            audit.check(config, bad["slug"], file=bad["file"], expect=None)
    with pytest.raises(Trouble, match="head"):
        audit.check(config, None, file=None, expect="3")


def test_mail_that_waits_is_shown_with_its_link(config, database, capsys) -> None:
    keyring = Keyring.parse(Vault(config.home.secrets).keyring("keyring"))
    assert letters.show(config) == 0
    assert "no mail waits" in capsys.readouterr().out
    letter = Letter("Join", "Hello", "come in", "Go", "http://127.0.0.1/invitation?code=x", "-")

    async def put(tenancy):
        from datetime import timedelta  # noqa: PLC0415

        async with tenancy.control() as session:
            post = Post(keyring, sends=False)
            await post.put(session, "bob@example.com", letter, lifetime=timedelta(hours=1))

    run(database, put)
    assert letters.show(config) == 0
    told = capsys.readouterr().out
    assert "bob@example.com" in told
    assert letter.link in told
