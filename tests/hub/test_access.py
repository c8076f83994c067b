"""Who gets in, and how soon somebody is out again."""

import asyncio
import json
import re
import time

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.hub.visitor import message

pytestmark = pytest.mark.xdist_group("hub")


@pytest.fixture(scope="module")
def dashboards(hub, north) -> str:
    """Base address of north's dashboard server, running."""
    hub.start_server(f"t-{north.slug}")
    return f"/user/t-{north.slug}"


@pytest.fixture(scope="module")
def ann(hub, north, dashboards):
    """A viewer of north with the overview open in their browser."""
    visitor = hub.visitor(hub.person("Ann Viewer", "viewer", north))
    visitor.page, visitor.kernel = visitor.open_page(f"{dashboards}/app/overview")
    return visitor


@pytest.fixture(scope="module")
def eve(hub, south, dashboards):
    """A member of another tenant, logged in at the Hub."""
    visitor = hub.visitor(hub.person("Eve", "owner", south))
    visitor.get("/hub/login")
    return visitor


def test_a_member_sees_the_page_with_their_name(ann):
    assert ann.page.status_code == 200
    assert ann.kernel
    assert "Ann Viewer" in ann.page.text
    assert ann.page.headers["cache-control"] == "no-store"


def test_what_a_page_shows_can_be_sent_nowhere_else(ann, hub, dashboards):
    for page in (ann.page, ann.get("/hub/token"), ann.get(f"{dashboards}/app/overview.json")):
        said = page.headers["content-security-policy"].split("; ")
        assert {"connect-src 'self'", "form-action 'self'", "img-src 'self' data: blob:"} <= set(
            said
        )


def test_the_page_names_no_other_server(ann, hub):
    named = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", ann.page.text))
    assert named <= {"http://www.w3.org"}  # a name space, not an address


def test_the_state_is_sent_before_the_kernel_is_asked(ann, dashboards):
    with ann.http.stream("GET", f"{dashboards}/app/overview") as answer:
        first = next(answer.iter_text())
    assert "Ann Viewer" in first
    assert "kernelId" not in first


@pytest.mark.parametrize("address", ["app/overview.json", "app/overview/spec"])
def test_the_spec_needs_no_kernel_and_shows_the_newest_document(
    hub, north, ann, dashboards, address
):
    spec = ann.get(f"{dashboards}/{address}")
    assert spec.status_code == 200
    assert spec.headers["cache-control"] == "no-store"
    assert spec.json()


@pytest.mark.parametrize(
    "address", ["app/nosuch", "app/nosuch.json", "voila/render/overview.ipynb"]
)
def test_there_are_no_other_pages(ann, dashboards, address):
    assert ann.get(f"{dashboards}/{address}").status_code == 404


def test_the_root_leads_to_the_first_page(ann, dashboards):
    assert ann.get(f"{dashboards}/").url.path == f"{dashboards}/app/overview"


def test_strangers_get_nothing(eve, ann, dashboards):
    assert eve.get(f"{dashboards}/app/overview").status_code == 403
    assert eve.get(f"{dashboards}/app/overview.json").status_code == 403
    assert eve.get(f"{dashboards}/api/kernels/{ann.kernel}").status_code == 403


def test_nobody_in_particular_is_sent_to_log_in(hub, ann, dashboards):
    anybody = hub.visitor()
    page = anybody.get(f"{dashboards}/app/overview")
    assert page.status_code == 302
    assert page.headers["location"].startswith("/hub/api/oauth2/authorize")
    for closed in (f"api/kernels/{ann.kernel}", "voila/files/overview.ipynb"):
        assert anybody.get(f"{dashboards}/{closed}").status_code == 403
    assert anybody.get(f"{dashboards}/api").headers["x-jupyterhub-version"]


async def test_kernel_channels_open_for_members_on_our_own_pages_only(hub, ann, eve, dashboards):
    channels = f"{dashboards}/api/kernels/{ann.kernel}/channels"
    assert await ann.socket_status(channels) == 101
    assert await ann.socket_status(channels, origin="https://evil.example") == 403
    assert await eve.socket_status(channels) == 403
    assert await hub.visitor().socket_status(channels) == 403


async def test_a_browser_cannot_run_code(ann, dashboards):
    async with ann.socket(f"{dashboards}/api/kernels/{ann.kernel}/channels") as socket:
        await socket.send(message("execute_request", {"code": "1/0", "silent": False}))
        await socket.send(message("kernel_info_request", {}))
        kinds = []
        async with asyncio.timeout(60):
            while "kernel_info_reply" not in kinds:
                kinds.append(json.loads(await socket.recv())["msg_type"])
    assert "execute_reply" not in kinds


def test_changes_need_the_page_s_token(ann, dashboards):
    assert ann.http.delete(f"{dashboards}/api/kernels/{ann.kernel}").status_code == 403
    assert ann.http.post(f"{dashboards}/voila/api/shutdown/{ann.kernel}").status_code == 403


def test_members_neither_start_nor_stop_the_tenants_server(hub, ann, north):
    headers = {"X-XSRFToken": ann.http.cookies.get("_xsrf", path="/hub/")}
    server = f"/hub/api/users/t-{north.slug}/server"
    assert ann.http.delete(server, headers=headers).status_code in {403, 404}
    assert ann.http.post(server, headers=headers).status_code in {403, 404}
    assert hub.servers(f"t-{north.slug}")


def test_a_viewer_has_no_lab(hub, ann):
    name = ann.member.hub_name
    assert ann.get(f"/hub/spawn/{name}").status_code in {403, 404}
    refused = hub.rest("POST", f"/users/{name}/server")
    assert refused.status_code == 403
    assert "no Lab" in refused.text


def test_a_tenant_that_does_not_exist_has_no_server(hub):
    hub.rest("POST", "/users/t-nosuch1")
    refused = hub.rest("POST", "/users/t-nosuch1/server")
    assert refused.status_code == 403
    assert "no active tenant" in refused.json()["message"]


def test_the_hub_s_home_leads_to_the_dashboards(ann):
    for address in ("/hub/home", "/hub/"):
        assert ann.get(address).url.path == "/app/overview"


def test_a_stopped_dashboard_server_leads_back_to_the_api(hub, eve, south):
    hub.rest("POST", f"/users/t-{south.slug}")
    answer = eve.get(f"/user/t-{south.slug}/app/overview")
    assert answer.status_code == 424
    assert 'content="1; url=/app/overview"' in answer.text


def test_a_member_of_two_stores_sees_both_and_a_new_store_needs_no_restart(hub, north, south):
    bob = hub.visitor(hub.person("Bob", "owner", north, south))
    hub.start_server(f"t-{south.slug}")
    assert bob.get(f"/user/t-{north.slug}/app/overview.json").status_code == 200
    assert bob.get(f"/user/t-{south.slug}/app/overview.json").status_code == 200


def test_choosing_another_store_makes_another_hub_user(hub, north, south):
    bob = hub.visitor(hub.person("Bob", "analyst", north, south))
    bob.get("/hub/login")
    first = bob.member.hub_name
    bob.member.current = south.slug
    second = bob.member.hub_name
    assert second != first
    answer = bob.get("/hub/oauth_login?next=/hub/user-redirect/lab")
    assert answer.status_code in {200, 424}
    assert second in str(answer.url)
    assert first not in str(answer.url)


async def test_who_leaves_a_store_is_out_within_seconds(hub, north, dashboards):
    leaver = hub.visitor(hub.person("Lea", "analyst", north))
    _, kernel = leaver.open_page(f"{dashboards}/app/overview")
    async with leaver.socket(f"{dashboards}/api/kernels/{kernel}/channels") as socket:
        leaver.member.logged_in = False  # the API's session is over
        code = await asyncio.wait_for(leaver.closed_with(socket), 30)
    assert code == 4403
    assert leaver.get(f"{dashboards}/app/overview", follow_redirects=False).status_code in {
        302,
        403,
    }


def test_deleting_a_member_s_hub_tokens_is_enough(hub, north, dashboards):
    leaver = hub.visitor(hub.person("Lou", "viewer", north))
    leaver.http.follow_redirects = True
    assert leaver.get(f"{dashboards}/app/overview.json").status_code == 200
    tokens = hub.rest("GET", f"/users/{leaver.member.hub_name}/tokens").json()["api_tokens"]
    for token in tokens:
        hub.rest("DELETE", f"/users/{leaver.member.hub_name}/tokens/{token['id']}")
    deadline = time.monotonic() + 60
    page = f"{dashboards}/app/overview.json"
    while leaver.get(page, follow_redirects=False).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)


async def test_stopping_the_server_ends_pages_and_its_database_role(hub, hub_database, south):
    server = f"t-{south.slug}"
    hub.start_server(server)
    own = hub.visitor(hub.person("Sue", "viewer", south))
    _, kernel = own.open_page(f"/user/{server}/app/overview")
    dsn = (hub.home / "run" / "servers" / server / "dsn").read_text()
    inside = dsn.replace("%2Frun%2Fpostgresql", hub_database.socket_dir.replace("/", "%2F"))
    with psycopg.connect(inside) as connection:
        assert connection.execute("SELECT tenant_id FROM xsight.tenant_state").fetchall() == [
            (south.id,)
        ]
    async with own.socket(f"/user/{server}/api/kernels/{kernel}/channels") as socket:
        hub.stop_server(server)
        await asyncio.wait_for(own.closed_with(socket), 60)
    assert server not in {row[1] for row in hub.server_roles()}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(inside)
    assert not (hub.home / "run" / "servers" / server).exists()


def test_the_page_shows_what_the_tenant_s_insights_say(hub, hub_database, north, ann, dashboards):
    before = ann.get(f"{dashboards}/app/overview.json").json()
    with psycopg.connect(hub_database.admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.documents (tenant_id, name, insight_run, data_version, body)"
            " VALUES (%s, 'nosuch', gen_random_uuid(), 1, %s)",
            [north.id, Jsonb({"marker": 1})],
        )
    assert ann.get(f"{dashboards}/app/overview.json").json().keys() == before.keys()
