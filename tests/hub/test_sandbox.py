"""What an analyst's code can reach: run in a kernel of a real Lab, in its sandbox."""

import socket
import sys
import time
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.hub.installation import PLANTED
from tests.hub.visitor import run_in_kernel
from tests.support.stack import ROOT

pytestmark = pytest.mark.xdist_group("hub")

# What everybody has who has XSight, wherever it is checked out: a gigabyte of programs.
PROGRAMS = [str(ROOT), sys.base_prefix]


@pytest.fixture(scope="module")
def ana(hub, north):
    """An analyst of north, without the right to personal data, in their Lab."""
    visitor = hub.visitor(hub.person("Ana", "analyst", north))
    began = time.perf_counter()
    visitor.open_lab()
    print(f"Lab opened in {time.perf_counter() - began:.1f} s")
    visitor.base = f"/user/{visitor.member.hub_name}"
    visitor.kernel = visitor.start_kernel()
    return visitor


@pytest.fixture
async def run(ana):
    """Runs code in the Lab's kernel and returns what it prints."""
    async with ana.socket(f"{ana.base}/api/kernels/{ana.kernel}/channels") as channels:

        async def run(code: str) -> str:
            return await run_in_kernel(channels, code)

        yield run


async def test_the_environment_is_an_allow_list(run, hub):
    names = set((await run("import os; print(*os.environ)")).split())
    ours = {
        n for n in names if n.startswith(("XSIGHT", "DATABASE", "REDIS", "SHOPIFY", "CONFIGPROXY"))
    }
    assert ours == {
        *("XSIGHT_RUN", "XSIGHT_DSN_FILE", "XSIGHT_TENANT"),
        *("XSIGHT_TENANT_ID", "XSIGHT_LEDGER_DIR"),
    }
    assert not {
        n for n in names if "TOKEN" in n or "SECRET" in n or "CRYPT" in n or "PASSWORD" in n
    }


async def test_no_secret_is_in_any_environment_or_file(run, hub):
    planted = [PLANTED, hub.api_token, hub.env["JUPYTERHUB_CRYPT_KEY"], "a-client-secret-of-a-test"]
    code = f"""
import os, pathlib
found = b""
for file in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try: found += file.read_bytes()
    except OSError: pass
for root in ("/run", "/home", "/srv", "/tmp", "/etc"):
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if os.path.join(folder, name) not in {PROGRAMS!r}]
        for name in files:
            file = pathlib.Path(folder, name)
            try: found += file.read_bytes() if file.is_file() else b""
            except OSError: pass
print(found.decode(errors="replace"))
"""
    seen = await run(code)
    assert "XSIGHT_TENANT=" in seen
    assert [secret for secret in planted if secret in seen] == []
    assert "JUPYTERHUB_API_TOKEN" not in seen


async def test_the_server_s_token_is_gone_and_its_memory_is_closed(run, hub, ana):
    assert not (hub.home / "run" / "servers" / ana.member.hub_name / "token").exists()
    assert "Permission" in await run("open(f'/proc/{__import__(\"os\").getppid()}/mem', 'rb')")


async def test_it_sees_its_own_processes_only(run):
    code = "import os; print(sum(name.isdigit() for name in os.listdir('/proc')))"
    assert int(await run(code)) <= 5  # bubblewrap, the server, kernels


async def test_it_sees_its_own_home_only(run, hub, ana):
    (hub.home / "homes" / "south000000-00000000").mkdir(exist_ok=True)
    assert await run("import os; print(*os.listdir('/home'), os.path.expanduser('~'))") == (
        "analyst /home/analyst"
    )
    for path in (hub.home, hub.home / "secrets", hub.home / "homes", hub.home / "hub"):
        assert await run(f"import os; print(os.path.exists({str(path)!r}))") == "False"
    await run("open('kept.txt', 'w').write('kept')")
    assert (hub.home / "homes" / ana.member.hub_name / "kept.txt").read_text() == "kept"


@pytest.mark.parametrize(
    "path",
    ["/usr/x", "/opt/xsight/xsight_core/x.py", "/srv/ledger/x", "/run/postgresql/x", "starters/x"],
)
async def test_what_is_shared_is_read_only(run, path):
    code = f"import os\ntry: open({path!r}, 'w')\nexcept OSError as e: print(e.errno)"
    assert await run(code) in {"30", "2"}  # EROFS; ENOENT where there are no starters


async def test_no_port_of_the_machine_and_no_network(run, hub, hub_database):
    with socket.create_server(("127.0.0.1", 0)) as open_port:
        ports = [
            *(hub.hub_port, hub.port, hub.provider.port, hub.proxy_api_port, hub_database.port),
            open_port.getsockname()[1],
        ]
        code = (
            "import socket\n"
            f"for address in [*(('127.0.0.1', p) for p in {ports}), ('1.1.1.1', 443)]:\n"
            "  try: socket.create_connection(address, 2); print('reached', address)\n"
            "  except OSError as e: pass"
        )
        assert await run(code) == ""
    assert (
        await run("import os; print(os.listdir('/sys') if os.path.exists('/sys') else [])") == "[]"
    )


async def test_the_hub_answers_through_its_door_but_gives_nothing_away(run):
    code = """
import socket
def ask(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/run/xsight-hub.sock")
        s.sendall(f"GET {path} HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n".encode())
        return s.recv(100).split()[1].decode()
print(ask("/hub/api/users"), ask("/hub/api/user"), ask("/hub/health"))
"""
    assert await run(code) == "403 403 200"


async def test_the_database_shows_this_tenant_and_writes_nothing(
    run, hub, hub_database, north, south
):
    with psycopg.connect(hub_database.admin_url) as admin:
        for tenant in (north, south):
            admin.execute(
                "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at)"
                " VALUES (%s, 1, 1, now(), now())",
                [tenant.id],
            )
            admin.execute(
                "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email)"
                " VALUES (%s, 1, 'a@example.com')",
                [tenant.id],
            )
    connect = (
        "import os, psycopg\n"
        "def ask(sql):\n"
        "  with psycopg.connect(open(os.environ['XSIGHT_DSN_FILE']).read()) as c:\n"
        "    try: return c.execute(sql).fetchall()\n"
        "    except psycopg.Error as e: return type(e).__name__\n"
    )
    await run(connect)
    assert await run("print(ask('select tenant_id::text from xsight.customers'))") == (
        f"[('{north.id}',)]"
    )
    assert await run("print(ask('select email from xsight.customer_pii'))") == "[]"  # no PII right
    refused = "InsufficientPrivilege"
    assert await run("print(ask('select * from control.sessions'))") == refused
    assert await run("print(ask('select * from xsight.shop_tokens'))") == refused
    assert await run("print(ask('delete from xsight.customers'))") in {
        refused,
        "ReadOnlySqlTransaction",
    }


async def test_the_role_is_the_server_s_own(hub, ana):
    (row,) = [row for row in hub.server_roles() if row[1] == ana.member.hub_name]
    assert row[0].startswith("nb_")
    assert row[2] is False


async def test_the_library_is_at_hand(run, north):
    assert await run("import xsight_core as xs; shop = xs.connect(); print(shop)") != ""
    assert "ModuleNotFoundError" not in await run("import xsight_core as xs; xs.connect()")
    assert "ModuleNotFoundError" in await run("import api")


async def test_files_beyond_reason_are_refused(run):
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_CORE)[0], r.getrlimit(r.RLIMIT_NOFILE)[1])"
    assert await run(code) == "0 4096"


def test_logging_out_stops_the_lab_and_ends_at_the_log_in_page(hub, ana):
    saved = httpx.Cookies(ana.http.cookies)
    ana.member.logged_in = False  # the API ends its session first
    time.sleep(1.1)  # and the Hub would ask it again
    assert urlsplit(str(ana.get("/hub/logout").url)).path == "/login"
    assert not hub.servers(ana.member.hub_name)
    assert ana.member.hub_name not in {row[1] for row in hub.server_roles()}
    with httpx.Client(base_url=hub.url, cookies=saved) as thief:
        assert thief.get(f"{ana.base}/lab").status_code == 302
