"""The store's own choices: looks, connection, log-ins, requests that reached the merchant directly."""

import base64
import struct
import zlib

import psycopg
import pytest

from tests.support.rows import fill_all_tables


def png(side: int = 8, *more: tuple[bytes, bytes]) -> bytes:
    """A grey square; `more` chunks stand before the picture's end."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x7f" * side for _ in range(side)))
    chunks = [(b"IHDR", header), *more, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def patch(browser, body):
    headers = {"X-CSRF-Token": (await browser.me())["csrf"]}
    return await browser.http.patch("/api/v1/tenants/me/branding", json=body, headers=headers)


async def test_a_store_chooses_its_looks(api) -> None:
    address = "/api/v1/tenants/me/branding"
    async with api.member() as ann, api.member("bob@example.com") as bob:
        assert (await ann.get(address)).json()["palette"] == {}
        picture = png(8, (b"tEXt", b"Author\0Ann Lee"))
        chosen = {"name": " Garden  & Grove ", "accent": "#0F7A4F", "logo": b64(picture)}
        look = (await patch(ann, chosen)).json()
        assert (look["name"], look["accent"]) == ("Garden & Grove", "#0f7a4f")
        assert look["palette"]["light"]["--accent"] == "#0f7a4f"
        stored = await ann.get(f"{address}/logo?v={look['logo_version']}")
        assert stored.headers["content-type"] == "image/png"
        assert stored.content == png(8)  # the picture without what came along
        assert (await ann.get(f"{address}/logo?v=000000000000")).status_code == 404
        assert (await bob.get(f"{address}/logo?v={look['logo_version']}")).status_code == 404
        assert (await patch(ann, {"logo": None})).json() == look | {"logo_version": None}
        events = (await ann.get("/api/v1/audit?action=branding.")).json()["items"]
        assert events[1]["details"] == {
            "name": "Garden & Grove",
            "accent": "#0f7a4f",
            "logo": True,
        }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"accent": "#ffd400"}, "is near"),
        ({"accent": "red"}, "Write a colour"),
        ({"name": "x" * 61}, "60 letters"),
        ({"logo": b64(b"<svg xmlns='http://www.w3.org/2000/svg'/>")}, "no PNG"),
        ({"logo": b64(png()[:-5])}, "no PNG"),
        ({"logo": b64(png(600))}, "512 by 512"),
        ({"logo": b64(png(8, (b"PLTE", bytes(64_000))))}, "64 kB"),
    ],
)
async def test_what_nobody_could_read_is_refused(api, change, says) -> None:
    async with api.member() as ann:
        answer = await patch(ann, change)
        assert answer.status_code == 422
        assert answer.json()["field"] == next(iter(change))
        assert says in answer.json()["detail"]


@pytest.mark.parametrize("role", ["analyst", "viewer"])
async def test_who_does_not_decide_changes_nothing(api, database, role) -> None:
    async with api.member() as ann:
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.memberships SET role = %s", [role])
        assert (await patch(ann, {"name": "Mine"})).status_code == 403
        assert (await ann.post("/api/v1/tenants/me/disconnect")).status_code == 403
        assert (await ann.post("/api/v1/privacy/requests", json={})).status_code == 403


async def test_a_store_is_disconnected_on_demand(api, database) -> None:
    async with api.member() as ann:
        assert (await ann.post("/api/v1/tenants/me/disconnect")).status_code == 409
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "UPDATE xsight.tenant_state SET connection = 'connected', domain = 'a.myshopify.com'"
            )
        assert (await ann.post("/api/v1/tenants/me/disconnect")).status_code == 204
        assert (await ann.get("/api/v1/tenants/me")).json()["shop"]["connection"] == "disconnected"
        sync = await ann.post("/api/v1/tenants/me/sync")
        assert sync.status_code == 409
        events = (await ann.get("/api/v1/audit?action=store.disconnected")).json()
        assert events["total"] == 1


async def test_alerts_are_made_changed_and_removed(api, database) -> None:
    wish = {"name": "Sales fall", "metric": "net_sales", "test": "falls", "bound": 0.2}
    async with api.member() as ann, api.member("bob@example.com") as bob:
        me = (await ann.me())["user"]["id"]
        made = (await ann.post("/api/v1/alerts", json=wish | {"mail_to": [me]})).json()
        assert (made["against"], made["state"], made["days"]) == ("previous_period", "unknown", 7)
        refused = await ann.post("/api/v1/alerts", json=wish | {"metric": "love"})
        assert (refused.status_code, refused.json()["field"]) == (422, "metric")
        for who, status in ((bob, 404), (ann, 200)):
            answer = await who.get(f"/api/v1/alerts/{made['id']}/events")
            assert answer.status_code == status
        assert (await bob.get("/api/v1/alerts")).json() == {"items": [], "firing": 0}
        headers = {"X-CSRF-Token": (await ann.me())["csrf"]}
        address = f"/api/v1/alerts/{made['id']}"
        changed = wish | {"test": "below", "bound": 5}
        answer = await ann.http.put(address, json=changed, headers=headers)
        assert answer.json()["against"] is None
        assert (await ann.http.delete(address, headers=headers)).status_code == 204
        assert (await ann.http.delete(address, headers=headers)).status_code == 404
        with psycopg.connect(database.admin_url) as admin:
            kinds = admin.execute("SELECT kind FROM control.jobs WHERE kind = 'alerts'").fetchall()
        assert kinds


async def test_one_log_in_of_many_is_ended(api) -> None:
    async with api.member() as ann, api.browser() as phone, api.member("bob@example.com") as bob:
        email = (await ann.me())["user"]["email"]
        await phone.log_in(email)
        listed = (await ann.get("/api/auth/sessions")).json()["sessions"]
        other = next(one["id"] for one in listed if not one["current"])
        for who, status in ((bob, 404), (ann, 204), (ann, 404)):
            headers = {"X-CSRF-Token": (await who.me())["csrf"]}
            answer = await who.http.delete(f"/api/auth/sessions/{other}", headers=headers)
            assert answer.status_code == status
        assert (await phone.get("/api/v1/tenants/me")).status_code == 401
        assert (await ann.get("/api/v1/tenants/me")).status_code == 200


async def test_a_customer_asks_the_merchant(api, database) -> None:
    async with api.member() as ann:
        fill_all_tables(database.admin_url, await ann.tenant_id(), marker="ann's")
        address = "/api/v1/privacy/requests"
        nobody = await ann.post(address, json={"customer": 8, "what": "tell"})
        assert nobody.status_code == 404
        asked = (await ann.post(address, json={"customer": 7, "what": "tell"})).json()
        assert (asked["topic"], asked["days_left"]) == ("customers/data_request", 29)
        bundle = await ann.get(f"{address}/{asked['id']}/bundle")
        assert bundle.json()["data"]["customer_pii"]
        gone = (await ann.post(address, json={"customer": 7, "what": "forget"})).json()
        with psycopg.connect(database.admin_url) as admin:
            job = admin.execute(
                "SELECT payload FROM control.jobs WHERE kind = 'privacy' AND key = %s", [gone["id"]]
            ).fetchone()
        assert job == ({"request": gone["id"]},)
