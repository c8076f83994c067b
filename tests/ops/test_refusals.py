"""What `xsight up` will not do: one clear line with the remedy, an exit code, no traceback, no password."""

import re
import secrets
import shutil
import socket
import subprocess
import sys

import psycopg
import pytest

from ops.ports import any_free
from tests.support.stack import ROOT, new_home, operator_env, processes_naming

PASSWORD = "very-secret-password"


@pytest.fixture
def home():
    home = new_home()
    yield home
    shutil.rmtree(home)


def up(home, port=None, **settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", "up"],
        env=operator_env(home, port or any_free(), **settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_refused(done, *words: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert re.match(r"xsight: .+\. Remedy: .+\.$", lines[0])
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_a_taken_port(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = up(home, port)
    assert_refused(done, f"port {port} is taken", f"XSIGHT_PORT={port + 1}")
    assert list(processes_naming(str(home))) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"XSIGHT_PORT": "eighty"}, "XSIGHT_PORT=eighty is no port"),
        ({"XSIGHT_SANDBOX": "docker"}, "write one of auto, bwrap, none"),
        ({"XSIGHT_LOG_LEVEL": "loud"}, "write one of DEBUG, INFO, WARNING"),
        ({"XSIGHT_PUBLIC_URL": "xsight.example.com"}, "write it as https://"),
        ({"SHOPIFY_CLIENT_ID": "abc"}, "not both SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET"),
    ],
)
def test_a_setting_that_cannot_be_meant(home, settings, words):
    assert_refused(up(home, **settings), words)


def test_a_database_that_does_not_answer(home):
    url = f"postgresql://admin:{PASSWORD}@127.0.0.1:{any_free()}/xsight"
    assert_refused(up(home, DATABASE_URL=url), "no PostgreSQL answers at 127.0.0.1:")


def test_a_database_that_refuses_the_password(home, database):
    url = database.url("postgres", PASSWORD)
    assert_refused(up(home, DATABASE_URL=url), "refuses user postgres", "check user and password")


def test_a_database_that_is_not_there(home, cluster):
    url = cluster.database("nowhere").admin_url
    assert_refused(up(home, DATABASE_URL=url), "no database nowhere", "createdb nowhere")


@pytest.fixture
def modest(database):
    """A log-in without rights."""
    name = f"modest_{secrets.token_hex(4)}"
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"DROP OWNED BY {name}")
        admin.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("may_connect", [True, False])
def test_a_database_user_who_lacks_the_right(home, database, modest, may_connect):
    if may_connect:
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute(f"GRANT CONNECT ON DATABASE {database.name} TO {modest}")
    done = up(home, DATABASE_URL=database.url(modest, PASSWORD))
    assert_refused(done, "may not create roles", f"ALTER ROLE {modest} CREATEROLE")


def test_an_address_that_is_none(home):
    url = f"mysql//{PASSWORD}"
    assert_refused(up(home, DATABASE_URL=url), "DATABASE_URL is not a PostgreSQL address")


def test_a_redis_that_does_not_answer(home):
    url = f"redis://:{PASSWORD}@127.0.0.1:{any_free()}/0"
    assert_refused(up(home, REDIS_URL=url), "no Redis answers at 127.0.0.1:")


def test_a_redis_that_refuses_the_password(home, valkey_url):
    wrong = re.sub(r":[^:@]+@", f":{PASSWORD}@", valkey_url)
    assert_refused(up(home, REDIS_URL=wrong), "refuses the password")


def test_a_folder_that_holds_something_else(home):
    (home / "holiday.jpg").touch()
    assert_refused(up(home), "is not a state folder of XSight: it holds holiday.jpg", "XSIGHT_HOME")


def test_a_data_folder_of_somebody_else(home):
    (home / "postgres").mkdir()
    (home / "postgres" / "holiday.jpg").touch()
    assert_refused(up(home), "postgres is not a data folder of XSight")


def test_a_data_folder_of_another_version(home):
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    assert_refused(up(home), "was written by PostgreSQL 16, this is PostgreSQL 18")


def test_a_folder_that_may_not_be_written(home, ordinary_user):
    locked = home / "locked"
    locked.mkdir(mode=0o555)
    done = subprocess.run(
        [*ordinary_user, sys.executable, "-m", "ops", "up"],
        env=operator_env(locked, any_free()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert_refused(done, "cannot be written by user", "XSIGHT_HOME")
