"""A cookie's secret is good for a quarter of an hour and then for one exchange; who uses an old one ends the log-in."""

import asyncio

import psycopg
import pytest


@pytest.fixture
def age(database):
    """Make everything about the secrets older."""

    def age(minutes: float = 16) -> None:
        with psycopg.connect(database.admin_url) as admin:
            for column in ("issued_at", "exchanged_at", "retired_at"):
                admin.execute(
                    f"UPDATE control.session_secrets SET {column} = {column} - %s * interval '1 minute'",
                    [minutes],
                )

    return age


def cookie(browser) -> str:
    return browser.cookies("/api/auth/me")["xs_api"]


async def ask(browser, value: str):
    """With this cookie and no other, as whoever copied it would."""
    async with browser.api.browser() as thief:
        return await thief.get("/api/auth/me", headers={"Cookie": f"xs_api={value}"})


async def test_a_young_secret_stays(api) -> None:
    async with api.member() as ann:
        first = cookie(ann)
        answer = await ann.get("/api/auth/me")
        assert "set-cookie" not in answer.headers
        assert cookie(ann) == first


async def test_an_old_secret_is_exchanged_on_the_way_and_forms_stay_valid(api, age) -> None:
    async with api.member() as ann:
        first, csrf = cookie(ann), (await ann.me())["csrf"]
        age()
        answer = await ann.get("/api/auth/me")
        assert answer.json()["csrf"] == csrf
        header = answer.headers["set-cookie"]
        assert header.startswith("xs_api=")
        assert all(part in header for part in ("HttpOnly", "Path=/api", "SameSite=lax"))
        assert cookie(ann) != first
        assert (await ann.get("/api/auth/me")).status_code == 200


async def test_every_audience_is_exchanged_by_itself(api, age) -> None:
    async with api.member() as ann:
        before = {path: ann.cookies(path) for path in ("/api/auth/me", "/auth/account", "/connect")}
        age()
        for path, value in before.items():
            assert (await ann.get(path)).status_code == 200, path
            assert ann.cookies(path) != value
        assert (await ann.post("/api/auth/logout")).status_code == 200


async def test_a_used_up_secret_ends_the_whole_log_in(api, age) -> None:
    async with api.member() as ann:
        stolen = cookie(ann)
        age()
        await ann.me()  # exchanged
        await ann.me()  # the new one arrived: the old one is retired
        age(1)
        assert (await ask(ann, stolen)).status_code == 401
        assert (await ann.get("/api/auth/me")).status_code == 401  # the owner too: log in again
        assert (await ann.get("/connect")).status_code == 401
        assert (await ann.log_in("ann@example.com")).status_code == 200


async def test_a_thief_who_exchanges_first_is_thrown_out_by_the_owner(api, age) -> None:
    async with api.member() as ann:
        age()
        stolen = await ask(ann, cookie(ann))
        theirs = stolen.headers["set-cookie"].split(";")[0].partition("=")[2]
        assert (await ask(ann, theirs)).status_code == 200
        age(1)
        assert (await ann.get("/api/auth/me")).status_code == 401
        assert (await ask(ann, theirs)).status_code == 401


async def test_an_answer_that_was_lost_locks_nobody_out(api, age) -> None:
    async with api.member() as ann:
        first = cookie(ann)
        age()
        lost = await ask(ann, first)
        assert "set-cookie" in lost.headers
        age(1)
        again = await ask(ann, first)  # the successor was never used: another one is made
        assert again.status_code == 200
        newer = again.headers["set-cookie"].split(";")[0].partition("=")[2]
        never_used = lost.headers["set-cookie"].split(";")[0].partition("=")[2]
        assert (await ask(ann, newer)).status_code == 200
        assert (await ask(ann, never_used)).status_code == 401


async def test_many_requests_at_once_make_one_exchange(api, age) -> None:
    async with api.member() as ann:
        first = cookie(ann)
        age()
        answers = await asyncio.gather(*(ask(ann, first) for _ in range(8)))
        assert {a.status_code for a in answers} == {200}
        assert sum("set-cookie" in a.headers for a in answers) == 1
        successor = next(a.headers["set-cookie"] for a in answers if "set-cookie" in a.headers)
        answers = await asyncio.gather(
            ask(ann, first), ask(ann, successor.split(";")[0].partition("=")[2]), ask(ann, first)
        )
        assert {a.status_code for a in answers} == {200}


async def test_log_out_everywhere_ends_every_browser(api) -> None:
    async with api.member() as ann, api.browser() as other:
        await other.log_in("ann@example.com")
        listed = (await ann.get("/api/auth/sessions")).json()["sessions"]
        assert [one["current"] for one in listed] == [False, True]
        assert (await ann.post("/api/auth/logout-everywhere")).status_code == 200
        for browser in (ann, other):
            for path in ("/api/auth/me", "/connect", "/app/overview", "/auth/account"):
                assert (await browser.get(path)).status_code == 401, path
