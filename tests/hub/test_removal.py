"""Who is removed from a store loses their server, its database role and every page within seconds."""

import asyncio
import time

import psycopg
import pytest

from api.hub import HubClient, person_server

pytestmark = pytest.mark.xdist_group("hub")


async def test_a_removed_member_s_lab_ends_within_seconds(hub, hub_database, north) -> None:
    person = hub.person("Rem", "analyst", north)
    visitor = hub.visitor(person)
    await asyncio.to_thread(visitor.open_lab)
    name = person_server(north.slug, person.id)
    assert name == person.hub_name
    dsn = (hub.home / "run" / "servers" / name / "dsn").read_text()
    inside = dsn.replace("%2Frun%2Fpostgresql", hub_database.socket_dir.replace("/", "%2F"))
    with psycopg.connect(inside, autocommit=True) as notebook:
        assert notebook.execute("SELECT count(*) FROM xsight.tenant_state").fetchone() == (1,)
        with psycopg.connect(hub_database.admin_url) as admin:
            admin.execute("DELETE FROM control.memberships WHERE user_id = %s", [person.id])
        # before anything has stopped: the open connection sees nothing any more
        assert notebook.execute("SELECT count(*) FROM xsight.tenant_state").fetchone() == (0,)
        client = HubClient(f"http://127.0.0.1:{hub.hub_port}/hub/api", hub.api_token)
        began = time.monotonic()
        try:
            assert await client.forget(name)
        finally:
            await client.close()
        seconds = time.monotonic() - began
        with pytest.raises(psycopg.OperationalError):
            notebook.execute("SELECT 1")
    print(f"removed after {seconds:.2f} s")
    assert seconds < 5
    assert hub.rest("GET", f"/users/{name}").status_code == 404
    assert name not in {row[1] for row in hub.server_roles()}
    person.tenants, person.logged_in = [], False
    page = visitor.http.get(f"/user/{name}/lab", follow_redirects=False)
    assert page.status_code in {302, 403, 404, 424}
