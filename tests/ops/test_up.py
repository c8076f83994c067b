"""`xsight up` as an operator lives with it. One real stack, without the demo shops."""

import json
import os
import secrets
import signal
import stat
import time
from pathlib import Path

import httpx
import pytest

from ops.visitor import Visitor
from tests.support.stack import launch, new_home, start_stack

pytestmark = pytest.mark.xdist_group("stack")

PROCESSES = (
    "postgres", "valkey", "sim", "proxy", "api", "worker", "queue", "hub",
)  # fmt: skip
STOOD_UPON = ("postgres", "valkey", "sim", "proxy")
"""What others are connected to, and they go on living when these are killed."""
KILLED = (
    [(name,) for name in PROCESSES]
    if os.environ.get("XSIGHT_KILLED") == "each"  # as `make chaos` does
    else [STOOD_UPON, tuple(name for name in PROCESSES if name not in STOOD_UPON)]
)
# A process of ours, and what only others may know: names of the environment, and secrets by file name.
KEPT_FROM = {
    "proxy": ("XSIGHT_", "SHOPIFY_", "keyring", "role-", "valkey", "hub-api-token"),
    "sim": ("XSIGHT_", "CONFIGPROXY_", "keyring", "role-", "valkey", "hub-"),
    "hub": ("SHOPIFY_", "XSIGHT_REDIS", "XSIGHT_KEYRING", "keyring", "role-xsight_app", "valkey"),
    "api": ("CONFIGPROXY_", "JUPYTERHUB_", "proxy-token", "role-xsight_spawner", "hub-crypt-key"),
    "worker": ("CONFIGPROXY_", "JUPYTERHUB_", "XSIGHT_INGEST", "proxy-token", "hub-client-secret"),
    "queue": ("CONFIGPROXY_", "SHOPIFY_", "XSIGHT_HUB", "XSIGHT_INGEST", "hub-"),
}


def _environment(stack, name: str) -> str:
    pid = stack.state()["services"][name]["pid"]
    return Path(f"/proc/{pid}/environ").read_text().replace("\0", "\n")


def _sign_up(url: str) -> tuple[str, str]:
    email, password = f"{secrets.token_hex(4)}@ops.example", secrets.token_urlsafe(16)
    with Visitor(url) as visitor:
        visitor.sign_up(email=email, password=password, name="Ada", company="Ada's shop")
    return email, password


def test_it_prints_address_and_progress(stack):
    assert f"\n    {stack.url}\n" in stack.output
    for name in PROCESSES:
        assert f"  {name:<10} ready" in stack.output


def test_status_shows_every_process(stack):
    done = stack.xsight("status")
    assert done.returncode == 0, done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        [name, "ready"] for name in PROCESSES
    ]


def test_the_public_address_leads_everywhere(stack):
    with httpx.Client(base_url=stack.url) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 200
        assert client.get("/login").status_code == 200
        assert client.get("/hub/health").status_code == 200


def test_a_second_up_on_the_same_home_is_refused(stack):
    done = stack.xsight("up")
    assert done.returncode == 1
    pid = stack.state()["pid"]
    assert f"XSight is running on {stack.home} already (process {pid})" in done.stderr


@pytest.mark.parametrize("name", KEPT_FROM)
def test_a_process_knows_only_what_its_work_needs(stack, name):
    environment = _environment(stack, name)
    vault = {path.name: path.read_text() for path in (stack.home / "secrets").iterdir()}
    for kept in KEPT_FROM[name]:
        if kept.endswith("_") or kept.isupper() or kept.startswith("XSIGHT"):
            assert not [line for line in environment.splitlines() if line.startswith(kept)], kept
        else:
            for secret, text in vault.items():
                if secret.startswith(kept):
                    assert text not in environment, secret


def test_secrets_are_their_owners_only(stack):
    folder = stack.home / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_no_secret_is_on_a_command_line_or_in_a_log(stack):
    vault = [path.read_text().strip() for path in (stack.home / "secrets").iterdir()]
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in stack.processes()]
    logs = [log.read_text(errors="replace") for log in (stack.home / "logs").glob("*.log")]
    for text in [*lines, *logs]:
        assert not [secret for secret in vault if secret in text]


def test_logs_are_shown(stack):
    done = stack.xsight("logs", "postgres", "-n", "5")
    assert done.returncode == 0
    assert 0 < len(done.stdout.splitlines()) <= 5
    assert "name one of: " in stack.xsight("logs", "nobody").stderr


def test_doctor_finds_nothing_wrong_while_it_runs(stack):
    done = stack.xsight("doctor")
    assert done.returncode == 0, done.stdout


def test_demo_tells_what_it_knows(stack):
    told = json.loads(stack.xsight("demo", "--json").stdout)
    assert set(told) == {"url", "email", "password", "shop", "customers", "orders", "revenue"}
    assert told["url"] == stack.url
    assert told["customers"] is told["orders"] is told["revenue"] is None


@pytest.mark.parametrize("names", KILLED, ids="+".join)
def test_killed_processes_come_back_and_everything_works(stack, names):
    before = stack.state()["services"]
    for name in names:
        os.kill(before[name]["pid"], signal.SIGKILL)
    for name in names:
        deadline = time.monotonic() + 60
        while stack.state()["services"][name]["restarts"] == before[name]["restarts"]:
            assert time.monotonic() < deadline, name
            time.sleep(0.05)
    stack.wait_ready()
    after = stack.state()["services"]
    for name in names:
        assert after[name]["pid"] != before[name]["pid"]
        assert f"{name} was ended by SIGKILL; starting it again in" in stack.output
        assert f"{name:<10} is back" in stack.output
    with httpx.Client(base_url=stack.url) as client:
        _eventually(lambda: client.get("/ready").status_code == 200)
        _eventually(lambda: client.get("/hub/health").status_code == 200)
    _eventually(lambda: _sign_up(stack.url))


def _eventually(works, within_s: float = 60) -> None:
    """A client may see the moment in which connections are made anew."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if works():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_stopped_or_killed_it_leaves_nobody_and_goes_on_where_it_stopped():
    home = new_home()
    first = launch(home, XSIGHT_DEMO="0")
    try:
        first.wait_ready()
        email, password = _sign_up(first.url)
        kept = {path.name: path.read_text() for path in (home / "secrets").iterdir()}
        ports = (home / "run" / "ports.json").read_text()
        assert len(first.processes()) >= len(PROCESSES)
        begun = time.monotonic()
        # Ctrl-C, as a terminal sends it: to the whole group, so that the supervisor hears it twice
        os.killpg(first.process.pid, signal.SIGINT)
        assert first.process.wait(15) == 0, first.output
        assert time.monotonic() - begun < 15
        assert first.processes() == []

        done = first.xsight("up", "--detach", within_s=180)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"\n    {first.url}\n" in done.stdout
        assert {p.name: p.read_text() for p in (home / "secrets").iterdir()} == kept
        assert (home / "run" / "ports.json").read_text() == ports
        os.kill(first.state()["pid"], signal.SIGKILL)
        _eventually(lambda: first.processes() == [])

        with start_stack(home) as again:
            with Visitor(again.url) as visitor:
                visitor.log_in(email, password)
                assert visitor.me()["user"]["email"] == email
            assert again.xsight("down").stdout == "Stopped.\n"
            assert again.processes() == []
    finally:
        first.xsight("down")
        first.end()


def test_an_ordinary_user_without_bubblewrap_is_told_loudly(ordinary_user, tmp_path):
    """Two conditions of a machine in one start: no root, no sandbox."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for tool in Path(folder).glob("*"):
            if tool.name != "bwrap" and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    stack = launch(new_home(), before=ordinary_user, XSIGHT_DEMO="0", PATH=str(tools))
    try:
        stack.wait_ready()
        assert "!!! NO SANDBOX: bubblewrap is missing." in stack.output
        assert "apt install bubblewrap" in stack.output
        uids = {Path(f"/proc/{pid}").stat().st_uid for pid in stack.processes()}
        assert uids == {os.geteuid()}  # nobody became somebody else
        assert stack.stop() == 0
        assert stack.processes() == []
    finally:
        stack.end()
