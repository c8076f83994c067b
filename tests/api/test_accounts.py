"""Signing up, logging in and out; which cookie goes where."""

import asyncio

from tests.api.conftest import PASSWORD
from tests.support.tenants import add_tenant
from xsight_core.services import accounts

PATHS = {
    "/api/auth/me": "xs_api",
    "/auth/oauth/authorize": "xs_auth",
    "/auth": "xs_auth",
    "/ws/sync": "xs_ws",
    "/app/overview": "xs_app",
    "/connect": "xs_connect",
}


async def test_a_person_signs_up_and_owns_a_first_store(api) -> None:
    async with api.member() as ann:
        me = await ann.me()
    assert me["user"]["email"] == "ann@example.com"
    assert me["tenant"]["role"] == "owner"
    assert me["tenant"]["pii"] is True
    assert me["tenants"] == [me["tenant"]]
    assert {"connect", "sync", "lab", "read"} <= set(me["rights"])


async def test_each_path_gets_its_own_cookie_and_others_none(api) -> None:
    async with api.member() as ann:
        for path, name in PATHS.items():
            assert set(ann.cookies(path)) == {name}, path
        for path in ("/", "/login", "/user/t-x/app/overview", "/hub/home", "/webhooks/x", "/apix"):
            assert ann.cookies(path) == {}, path
        assert len({ann.cookies(path)[name] for path, name in PATHS.items()}) == 5


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(api) -> None:
    async with api.member() as ann:
        answer = await ann.log_in("ann@example.com")
    assert answer.status_code == 200
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Domain" not in cookie


async def test_a_secret_opens_its_own_audience_only(api) -> None:
    async with api.member() as ann, api.browser() as thief:
        stolen = ann.cookies("/auth")["xs_auth"]
        answer = await thief.get("/api/auth/me", headers={"Cookie": f"xs_api={stolen}"})
    assert answer.status_code == 401


async def test_log_out_ends_every_cookie_at_once(api) -> None:
    async with api.member() as ann, api.browser() as thief:
        kept = {path: ann.cookies(path) for path in PATHS}
        answer = await ann.post("/api/auth/logout")
        assert answer.json() == {"next": "/hub/logout"}
        assert all(ann.cookies(path) == {} for path in PATHS)
        for path in ("/api/auth/me", "/connect", "/app/overview", "/auth"):
            header = "; ".join(f"{name}={value}" for name, value in kept.get(path, {}).items())
            answer = await thief.get(path, headers={"Cookie": header})
            assert answer.status_code == 401, path


async def test_the_log_out_link_asks_strangers_first(api) -> None:
    async with api.member() as ann:
        assert (await ann.get("/logout")).headers["location"] == "/auth/logout"
        page = await ann.get(
            "/auth/logout", headers={"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
        )
        assert page.status_code == 200
        assert "Log out?" in page.text
        assert (await ann.me())["user"]
        gone = await ann.get("/auth/logout", headers={"Sec-Fetch-Site": "same-origin"})
        assert gone.headers["location"] == "/login?out=1"
        assert (await ann.get("/api/auth/me")).status_code == 401


async def test_forms_log_in_and_go_on_to_where_one_wanted(api) -> None:
    async with api.member(), api.browser() as browser:
        asked = await browser.get("/connect?x=1", headers={"Accept": "text/html"})
        assert asked.status_code == 303
        assert asked.headers["location"] == "/login?next=%2Fconnect%3Fx%3D1"
        form = {"email": "ANN@example.com ", "password": PASSWORD, "next": "/connect?x=1"}
        answer = await browser.http.post("/login", data=form)
        assert answer.headers["location"] == "/connect?x=1"
        assert (await browser.get("/connect")).status_code == 200


async def test_errors_stand_beside_their_field(api) -> None:
    async with api.browser() as browser:
        form = {"name": "Ann", "company": "G", "email": "ann@example.com", "password": "short"}
        page = await browser.http.post("/signup", data=form)
        assert page.status_code == 422
        assert 'id="password-error"' in page.text
        assert 'value="ann@example.com"' in page.text
        assert "short" not in page.text.split("</style>")[-1].replace("shortly", "")
        answer = await browser.http.post("/api/auth/signup", json=form)
        assert answer.status_code == 422
        assert answer.json()["field"] == "password"


async def test_wrong_password_and_unknown_address_look_alike(api) -> None:
    async with api.member(), api.browser() as browser:
        wrong = await browser.log_in("ann@example.com", "not this one at all")
        unknown = await browser.log_in("nobody@example.com", "not this one at all")
    bodies = [answer.json() for answer in (wrong, unknown)]
    for body in bodies:
        body.pop("request_id")
    assert bodies[0] == bodies[1]
    assert wrong.status_code == unknown.status_code == 403


async def test_guessing_is_slowed_down_and_says_for_how_long(api) -> None:
    async with api.browser() as browser:
        answers = [await browser.log_in("ann@example.com", f"guess number {n}") for n in range(12)]
        assert [a.status_code for a in answers] == [403] * 10 + [429] * 2
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        assert answers[-1].json()["code"] == "too_many_attempts"
        page = await browser.http.post("/login", data={"email": "ann@example.com", "password": "x"})
        assert page.status_code == 429
        assert "Too many attempts" in page.text


async def test_who_knows_the_password_is_never_slowed_down(api) -> None:
    async with api.member() as ann:
        answers = [await ann.log_in("ann@example.com") for _ in range(15)]
        assert {a.status_code for a in answers} == {200}
        answers = [await ann.log_in("ann@example.com", f"guess number {n}") for n in range(12)]
        assert [a.status_code for a in answers] == [403] * 10 + [429] * 2


async def test_guesses_from_many_sides_at_once_are_counted_exactly(api) -> None:
    """The address in the header is the proxy's word: each of these comes from elsewhere."""
    async with api.browser() as browser:
        body = {"email": "ann@example.com", "password": "a guess of mine"}
        answers = await asyncio.gather(
            *(
                browser.http.post(
                    "/api/auth/login", json=body, headers={"X-Forwarded-For": f"203.0.113.{n}"}
                )
                for n in range(30)
            )
        )
    assert sorted(a.status_code for a in answers).count(403) in {10, 11}  # one more may come due


async def test_one_looks_at_one_store_at_a_time(api, tenancy, database) -> None:
    second, foreign = add_tenant(database.admin_url, "second"), add_tenant(database.admin_url, "x")
    async with api.member() as ann:
        me = await ann.me()
        await accounts.add_member(
            tenancy, tenant_id=second.id, user_id=me["user"]["id"], role="viewer"
        )
        answer = await ann.post("/api/auth/tenant", json={"tenant": str(foreign.id)})
        assert answer.status_code == 404
        answer = await ann.post("/api/auth/tenant", json={"tenant": str(second.id)})
        assert answer.status_code == 200
        me = await ann.me()
        assert me["tenant"]["slug"] == second.slug
        assert me["rights"] == ["read", "user"]
        assert me["pii"] is False
        assert (await ann.post("/api/v1/tenants/me/sync")).status_code == 403
        assert (await ann.get("/connect")).status_code == 403


async def test_pages_load_nothing_from_elsewhere(api) -> None:
    async with api.browser() as browser:
        for path in ("/", "/login", "/signup", "/privacy", "/terms", "/api/docs"):
            page = await browser.get(path, headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert "<script" not in page.text
            assert "http://" not in page.text.replace("http://www.w3.org/2000/svg", "")
            assert "https://" not in page.text
            csp = page.headers["content-security-policy"]
            assert "default-src 'none'" in csp
            assert "unsafe" not in csp
