"""The Hub is killed: nothing of it stays behind, and it goes on where it was."""

import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("hub")


def processes_of(hub) -> list[str]:
    """Command lines of everything that knows this installation's folder or its Hub's port."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            env = (process / "environ").read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        if str(hub.home) in line or f":{hub.hub_port}/hub/api" in env:
            found.append(line)
    return found


def test_a_killed_hub_leaves_no_process_and_no_role_and_knows_its_visitors_after(hub, north):
    server = f"t-{north.slug}"
    hub.start_server(server)
    ann = hub.visitor(hub.person("Ann", "viewer", north))
    page = f"/user/{server}/app/overview.json"
    assert ann.get(page).status_code == 200
    assert len(processes_of(hub)) >= 2  # a sandbox and the culler
    (role,) = [row[0] for row in hub.server_roles() if row[1] == server]

    hub.hub.send_signal(signal.SIGKILL)
    hub.hub.wait(10)
    deadline = time.monotonic() + 60
    while left := processes_of(hub):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)

    hub.start_hub()
    assert role not in {row[0] for row in hub.server_roles()}
    assert not hub.servers(server)
    hub.start_server(server)
    assert ann.get(page).status_code == 200
    assert ann.get("/hub/login").status_code == 200


def test_no_secret_is_in_the_log(hub):
    log = hub.log()
    for name in ("XSIGHT_HUB_API_TOKEN", "XSIGHT_HUB_CLIENT_SECRET", "JUPYTERHUB_CRYPT_KEY"):
        assert hub.env[name] not in log
    assert hub.env["CONFIGPROXY_AUTH_TOKEN"] not in log
    assert "postgresql://" not in log
