"""Each fault that `xsight doctor` explains, brought about."""

import os
import time
from types import SimpleNamespace

import psycopg
import pytest
import redis

from ops import doctor
from ops.checks import machine
from ops.config import Config
from ops.home import ROOT
from ops.ports import any_free
from ops.trouble import Trouble
from tests.support.tenants import add_tenant
from xsight_core.db import migrate

SHOPIFY = {"SHOPIFY_CLIENT_ID": "a", "SHOPIFY_CLIENT_SECRET": "b"}


@pytest.fixture
def configure(tmp_path):
    """A configuration over a state folder of its own."""

    def make(**env: str) -> Config:
        config = Config.read(
            {"XSIGHT_HOME": str(tmp_path / "home"), "XSIGHT_PORT": str(any_free()), **env}
        )
        config.home.make()
        return config

    return make


def finds(config: Config, check: str, words: str) -> None:
    with pytest.raises(Trouble, match=words) as found:
        doctor.CHECKS[check](config)
    assert found.value.remedy


def test_there_are_more_than_twenty_and_a_fresh_folder_has_none_of_them(configure, database):
    config = configure(DATABASE_URL=database.admin_url)
    assert len(doctor.CHECKS) >= 20
    for name in doctor.CHECKS:
        if name not in {"disk", "memory", "sandbox"}:  # this machine's own matter
            doctor.CHECKS[name](config)


@pytest.mark.parametrize(
    ("check", "words", "what"),
    [
        ("Python", r"is not supported", lambda m: m.setattr("sys.version_info", (3, 14, 0))),
        (
            "environments",
            r"\.venv-dash is missing",
            lambda m: m.setattr(machine, "ROOT", ROOT / "docs"),
        ),
        ("proxy", r"proxy is missing", lambda m: m.setattr(machine, "ROOT", ROOT / "docs")),
        ("front end", r"is not built", lambda m: m.setattr(machine, "ROOT", ROOT / "docs")),
        (
            "disk",
            r"0\.5 GB are free",
            lambda m: m.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5e8)),
        ),
        (
            "memory",
            r"0\.1 GB of memory",
            lambda m: m.setattr(machine, "_meminfo", lambda: "MemAvailable: 100000 kB"),
        ),
        (
            "open files",
            r"only 256 files",
            lambda m: m.setattr("resource.getrlimit", lambda _: (256, 256)),
        ),
        ("sandbox", r"bubblewrap", lambda m: m.setattr("ops.sandbox.usable", lambda: False)),
    ],
)
def test_what_the_machine_lacks(configure, monkeypatch, check, words, what):
    config = configure()
    with monkeypatch.context() as changed:
        what(changed)
        finds(config, check, words)


def test_a_port_that_is_taken(configure):
    import socket  # noqa: PLC0415

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        finds(configure(XSIGHT_PORT=str(other.getsockname()[1])), "public port", "is taken")


@pytest.mark.parametrize(
    ("env", "check", "words"),
    [
        ({"XSIGHT_HOST": "0.0.0.0"}, "public address", "without TLS"),
        ({**SHOPIFY, "SHOPIFY_API_VERSION": "2024-10"}, "Shopify's version", "has ended"),
        ({**SHOPIFY, "SHOPIFY_API_VERSION": "latest"}, "Shopify's version", "is none"),
        (SHOPIFY, "Shopify's way in", "cannot reach"),
        ({"XSIGHT_SMTP_URL": "mail.example.com"}, "mail", "no mail server's address"),
        ({"XSIGHT_TRUSTED_PROXIES": "10.0.0.0/8,proxy"}, "trusted proxies", "proxy is no network"),
        (
            {"DATABASE_URL": "postgresql://a:pw@127.0.0.1:1/x"},
            "PostgreSQL",
            "no PostgreSQL answers",
        ),
        ({"REDIS_URL": "redis://:pw@127.0.0.1:1/0"}, "Redis", "no Redis answers"),
    ],
)
def test_settings_that_lead_nowhere(configure, env, check, words):
    finds(configure(**env), check, words)


def test_a_folder_that_is_damaged(configure):
    config = configure()
    data = config.home.path / "postgres" / "data"
    data.mkdir()
    finds(config, "keys", "keyring is gone")
    finds(config, "data folder", "is not a data folder of PostgreSQL")
    (data / "PG_VERSION").write_text("17\n")
    finds(config, "data folder", "was written by PostgreSQL 17")
    ring = config.home.secrets / "keyring"
    ring.touch(0o600)
    ring.write_text("k1:short")
    finds(config, "keys", "is damaged")
    ring.chmod(0o644)
    finds(config, "secrets", "others may read")
    later = time.time() + 7200
    os.utime(config.home.path / "xsight.json", (later, later))
    finds(config, "clock", r"2\.0 h later than now")
    (config.home.path / "logs").rmdir()
    (config.home.path / "logs").touch()
    (config.home.path / "hub").rmdir()
    (config.home.path / "hub").touch()
    finds(config, "state folder", "cannot be written")


def test_a_database_of_another_version(configure, own_database):
    config = configure(DATABASE_URL=own_database.admin_url)
    with psycopg.connect(own_database.admin_url) as admin:
        admin.execute("UPDATE private.alembic_version SET version_num = '9999'")
    finds(config, "schema", "this version does not know")
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(migrate, "known_revisions", lambda: ["99999", "9999"])
        finds(config, "schema", "not 99999")


def test_a_database_that_counts_no_statements(configure, own_database):
    with psycopg.connect(own_database.admin_url, autocommit=True) as admin:
        admin.execute("DROP EXTENSION pg_stat_statements")
    finds(configure(DATABASE_URL=own_database.admin_url), "statements", "not in the audit log")


def test_a_redis_that_forgets(configure, valkey_url):
    with redis.Redis.from_url(valkey_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    finds(configure(REDIS_URL=valkey_url), "Redis", "throws away")


def test_work_that_does_not_get_on(configure, database):
    config = configure(DATABASE_URL=database.admin_url)
    tenant = add_tenant(database.admin_url, "north")
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.jobs (id, tenant_id, kind, key, status, due_at)"
            " VALUES (gen_random_uuid(), %s, 'sync', 'x', 'queued', now() - interval '10 min')",
            [tenant.id],
        )
        admin.execute(
            "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, dead_at) VALUES (%s, 'w', 't', '', now())",
            [tenant.id],
        )
        admin.execute("UPDATE xsight.tenant_state SET connection = 'disconnected'")
    finds(config, "queue", "waiting for 10 minutes")
    finds(config, "webhooks", "1 webhooks")
    finds(config, "stores", tenant.slug)
    lock = config.home.lock()
    config.home.write_state({"services": {"worker": {"ready": False, "restarts": 4}}})
    finds(config, "processes", r"worker is not ready \(restarted 4 times\)")
    os.close(lock)
