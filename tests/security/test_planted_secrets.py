"""Every secret of an afternoon, looked for in everything that was written: logs, tables, Redis, files."""

from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from tests.api.conftest import (  # noqa: F401
    PASSWORD,
    _logging,
    database,
    house,
    serve,
    sim,
    valkey,
    valkey_url,
)
from tests.api.test_connect import consent
from tests.support.logs import logged_to
from xsight_core.db.tables import metadata
from xsight_core.services import sync
from xsight_core.services.connect import ShopAccess


@pytest.fixture
def log(tmp_path):
    """A file that takes the log, as the one below ``logs`` does."""
    path = tmp_path / "home" / "logs" / "api.log"
    path.parent.mkdir(parents=True)
    with path.open("w") as stream, logged_to(stream):
        yield path


async def test_no_secret_is_written_anywhere(
    house,  # noqa: F811
    sim,  # noqa: F811
    database,  # noqa: F811
    valkey_url,  # noqa: F811
    tmp_path,
    log,
) -> None:
    settings = house.api.settings.model_copy(update={"home": tmp_path / "home"})
    with serve(settings) as api:
        secrets = await an_afternoon(api, sim)
    assert len(secrets) >= 15
    assert all(len(secret) >= 12 for secret in secrets)
    assert "request" in log.read_text()
    found = written(house, tmp_path)
    assert len(found) > 30
    leaks = {
        (place, secret) for place, text in found.items() for secret in secrets if secret in text
    }
    assert leaks == set()


async def an_afternoon(api, sim) -> set[str]:  # noqa: F811
    """What people and programs do in a day, with mistakes; every secret they came to hold."""
    secrets = {PASSWORD, "not my password at all", "an other long password"}
    secrets |= {api.settings.keyring.get_secret_value().partition(":")[2], sim.client_secret}
    async with api.member("planted@example.com") as ann:
        await ann.log_in("planted@example.com", "not my password at all")
        await ann.http.post("/login", data={"email": "planted@example.com", "password": PASSWORD})
        back = await consent(ann, sim.shop)
        query = parse_qs(urlsplit(back).query)
        secrets |= {query[name][0] for name in ("code", "state", "hmac")}
        assert (await ann.get(back)).status_code == 303
        await ann.get(back)  # twice: refused, and logged
        made = await ann.post("/api/v1/tokens", json={"name": "t", "scopes": ["read"]})
        token = made.json()["secret"] if "secret" in made.json() else made.json()["token"]["secret"]
        secrets.add(token)
        invited = await ann.post(
            "/api/v1/invitations", json={"email": "b@example.com", "role": "viewer"}
        )
        secrets.add(parse_qs(urlsplit(invited.json()["link"]).query)["code"][0])
        await ann.http.post("/forgot", data={"email": "planted@example.com"})
        csrf = (await ann.me())["csrf"]
        secrets.add(csrf)
        bearer = {"Authorization": f"Bearer {token}"}
        for path in ("/api/v1/tenants/me", "/api/v1/nothing", "/api/v1/members"):
            await ann.http.get(path, headers=bearer)
        await ann.http.get(
            "/api/v1/tenants/me", headers={"Authorization": "Bearer xs_made_up_by_nobody"}
        )
        await ann.http.post(
            "/api/v1/tokens", content=b"{" + PASSWORD.encode(), headers={"X-CSRF-Token": csrf}
        )
        for path in ("/api/auth/me", "/auth/account", "/connect", "/app/overview", "/ws/sync"):
            secrets |= set(ann.cookies(path).values())
        resources = api.app.state["resources"]
        access: ShopAccess = resources.shops
        tenant = await ann.tenant_id()
        await access.client(tenant)
        await sync.request_sync(access.tenancy, tenant)
        assert (await ann.post("/api/auth/logout")).status_code == 200
    for installation in sim.app.shops[sim.shop].installations.values():
        for token in installation.tokens.values():
            secrets |= {secret for secret in (token.access, token.refresh) if secret}
    return secrets


def written(house, folder) -> dict[str, str]:  # noqa: F811
    """Everything there is to read, by where it is."""
    found: dict[str, str] = {}
    with psycopg.connect(house.database.admin_url) as admin:
        for table in metadata.sorted_tables:
            rows = admin.execute(f"SELECT * FROM {table}").fetchall()
            found[str(table)] = "\n".join(
                cell.decode("latin-1") if isinstance(cell, bytes) else str(cell)
                for row in rows
                for cell in row
            )
    with redis.Redis.from_url(house.valkey) as client:
        for key in client.scan_iter():
            value = client.dump(key) or b""
            found[f"redis {key!r}"] = key.decode("latin-1") + value.decode("latin-1")
    for path in folder.rglob("*"):
        if path.is_file():
            found[str(path)] = path.read_bytes().decode("latin-1")
    return found
