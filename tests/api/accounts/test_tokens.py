"""API tokens: a program's way in."""

import psycopg
import pytest

from tests.api.accounts.test_members import joined


async def make(by, **wish) -> dict:
    answer = await by.post("/api/v1/tokens", json={"name": "script", "scopes": ["read"]} | wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_token_reads_without_cookie_origin_or_csrf(api) -> None:
    async with api.member() as ann, api.browser() as program:
        secret = (await make(ann, scopes=["read", "sync"]))["secret"]
        del program.http.headers["Origin"]
        store = await program.get("/api/v1/tenants/me", headers=bearer(secret))
        assert store.status_code == 200
        assert store.json()["role"] == "owner"
        sync = await program.http.post("/api/v1/tenants/me/sync", headers=bearer(secret))
        assert sync.status_code == 409  # no shop is connected: allowed, and told so
        assert (await make(ann))["secret"] != secret


async def test_a_token_is_shown_once_and_kept_as_a_digest(api, database) -> None:
    async with api.member() as ann:
        made = await make(ann)
        listed = (await ann.get("/api/v1/tokens")).json()
        assert listed["tokens"] == [made["token"]]
        assert made["secret"].endswith(made["token"]["hint"])
        assert made["secret"].startswith("xs_")
        with psycopg.connect(database.admin_url) as admin:
            stored = str(admin.execute("SELECT * FROM control.api_tokens").fetchall())
            log = str(admin.execute("SELECT * FROM xsight.audit_events").fetchall())
        assert made["secret"] not in stored + log


async def test_scopes_bound_it_and_last_use_is_known(api) -> None:
    async with api.member() as ann, api.browser() as program:
        made = await make(ann, scopes=["read"])
        headers = bearer(made["secret"])
        assert made["token"]["used_at"] is None
        for method, path in (
            ("POST", "/api/v1/tenants/me/sync"),
            ("GET", "/api/v1/members"),
            ("GET", "/api/v1/audit"),
            ("GET", "/api/v1/tokens"),
            ("POST", "/api/v1/tokens"),
        ):
            answer = await program.http.request(method, path, headers=headers)
            assert answer.status_code == 403, path
            assert "token does not include" in answer.json()["detail"]
        for path in ("/api/auth/me", "/connect", "/app/overview"):
            assert (await program.get(path, headers=headers)).status_code == 401, path
        (token,) = (await ann.get("/api/v1/tokens")).json()["tokens"]
        assert token["used_at"] is not None


async def test_personal_data_is_a_scope_of_its_own(api, database) -> None:
    async with api.member() as ann, api.browser() as program:
        tenant = await ann.tenant_id()
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at)"
                " VALUES (%s, 7, 0, now(), now())",
                [tenant],
            )
            admin.execute(
                "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email) VALUES (%s, 7, 'c@x')",
                [tenant],
            )
        for scopes, email in ((["read"], None), (["read", "pii"], "c@x")):
            secret = (await make(ann, scopes=scopes))["secret"]
            customer = await program.get("/api/v1/customers/7", headers=bearer(secret))
            assert customer.json()["email"] == email
            assert customer.json()["masked"] is (email is None)


async def test_nobody_gives_a_token_more_than_they_have(api) -> None:
    async with api.member() as ann, joined(api, ann, "eve@example.com", "analyst") as eve:
        assert (await eve.get("/api/v1/tokens")).json()["scopes"] == [
            "export",
            "publish",
            "read",
            "segments",
            "sync",
        ]
        for scope in (
            "members",
            "audit",
            "pii",
            "user",
            "tokens",
            "connect",
            "lab",
            "public",
            "*",
            "",
        ):
            body = {"name": "x", "scopes": ["read", scope]}
            assert (await eve.post("/api/v1/tokens", json=body)).status_code == 403, scope
        async with joined(api, ann, "vic@example.com", "viewer") as vic:
            body = {"name": "x", "scopes": ["read"]}
            assert (await vic.post("/api/v1/tokens", json=body)).status_code == 403


async def test_one_revokes_ones_own_and_admins_anybodys(api) -> None:
    async with api.member() as ann, joined(api, ann, "eve@example.com", "analyst") as eve:
        of_ann, of_eve = await make(ann), await make(eve)
        assert [t["email"] for t in (await eve.get("/api/v1/tokens")).json()["tokens"]] == [
            "eve@example.com"
        ]
        assert len((await ann.get("/api/v1/tokens")).json()["tokens"]) == 2
        csrf = {"X-CSRF-Token": (await eve.me())["csrf"]}
        address = f"/api/v1/tokens/{of_ann['token']['id']}"
        assert (await eve.http.delete(address, headers=csrf)).status_code == 404
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        address = f"/api/v1/tokens/{of_eve['token']['id']}"
        assert (await ann.http.delete(address, headers=csrf)).status_code == 204
        refused = await eve.get("/api/v1/tenants/me", headers=bearer(of_eve["secret"]))
        assert refused.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE control.api_tokens SET expires_at = now()",
        "UPDATE control.api_tokens SET revoked_at = now()",
        "UPDATE control.users SET disabled_at = now()",
        "UPDATE control.tenants SET suspended_at = now()",
        "DELETE FROM control.memberships",
    ],
)
async def test_a_token_ends_with_whatever_it_lives_on(api, database, change) -> None:
    async with api.member() as ann, api.browser() as program:
        secret = (await make(ann))["secret"]
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(change)
        answer = await program.get("/api/v1/tenants/me", headers=bearer(secret))
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_logged_in"


async def test_what_is_no_token_is_nobody_even_beside_a_cookie(api) -> None:
    values = [
        "Bearer",
        "Bearer x",
        "Bearer xs_",
        "bearer xs_é",
        "BEARER a b",
        "Bearer " + "x" * 9000,
    ]
    async with api.member() as ann:
        for value in values:
            headers = {"Authorization": value.encode()}
            answer = await ann.get("/api/v1/tenants/me", headers=headers)
            assert answer.status_code == 401, value


async def test_a_bad_wish_is_told_what_is_wrong(api) -> None:
    wishes = [
        {"scopes": []},
        {"days": 0},
        {"days": 100000},
        {"days": 10**30},
        {"name": "\x00"},
        {"name": "   "},
        {"scopes": "read"},
        {"scopes": ["read"] * 21},
        {"scopes": [{"a": 1}]},
        {"tenant_id": "x"},
    ]
    async with api.member() as ann:
        for wish in wishes:
            answer = await ann.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]} | wish)
            assert answer.status_code == 422, (wish, answer.text)
            assert answer.json()["code"] == "invalid_input"
