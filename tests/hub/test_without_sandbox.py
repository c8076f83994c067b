"""Where bubblewrap cannot run: said loudly, and servers of one tenant only."""

import shutil
import tempfile
import time
from pathlib import Path

import pytest

from tests.hub.installation import Installation

pytestmark = pytest.mark.xdist_group("hub")


@pytest.fixture
def open_hub(hub_database):
    folder = Path(tempfile.mkdtemp(prefix="xo-"))
    # and as with an external PostgreSQL, which has no socket here
    installation = Installation(
        folder, hub_database, XSIGHT_SANDBOX="none", XSIGHT_PG_SOCKET_DIR=""
    )
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_one_tenant_is_served_and_a_second_refused_until_the_first_is_done(open_hub, north, south):
    assert "NO SANDBOX: it is off (XSIGHT_SANDBOX=none)" in open_hub.log()
    first, second = f"t-{north.slug}", f"t-{south.slug}"
    open_hub.start_server(first)
    ann = open_hub.visitor(open_hub.person("Ann", "viewer", north))
    page, kernel = ann.open_page(f"/user/{first}/app/overview")
    assert page.status_code == 200
    assert kernel

    open_hub.rest("POST", f"/users/{second}")
    deadline = time.monotonic() + 60
    # 202: under load the Hub takes longer to look than it lets anybody wait
    while (refused := open_hub.rest("POST", f"/users/{second}/server")).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert refused.status_code == 409
    assert "one store at a time" in refused.json()["message"]
    assert not open_hub.servers(second)

    open_hub.stop_server(first)
    assert open_hub.rest("POST", f"/users/{second}/server").status_code in {201, 202}
