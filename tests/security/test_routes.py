"""Every route there is, as a stranger, as a member of another store, and as a role that must not: refused alike."""

import re
from uuid import UUID, uuid4

import psycopg
import pytest
from litestar.routes import HTTPRoute

from api.rights import RIGHTS, SCOPES, Right
from tests.api.conftest import (  # noqa: F401
    _logging,
    api,
    database,
    house,
    sim,
    valkey,
    valkey_url,
)
from tests.support.rows import fill_all_tables

PARAMETER = re.compile(r"\{(\w+):(\w+)\}")


def routes(app):
    """(method, path as it is written, its right) of everything that is no page of Litestar's own."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method not in {"OPTIONS", "HEAD"}:
                    yield method, route.path_format, route.path, Right(handler.opt["right"])


def filled(path: str, ids: dict[str, str]) -> str:
    """The path with an id of each kind."""
    kinds = {
        "int": ids["int"],
        "uuid": ids["uuid"],
        "str": ids["str"],
        "path": ids["str"],
        "date": "2026-01-01",
    }
    return PARAMETER.sub(lambda found: kinds[found[2]], path)


@pytest.fixture
def api_(api):  # noqa: F811
    return api


async def test_a_stranger_is_told_to_log_in_everywhere(api_) -> None:
    ids = {"int": "7", "uuid": str(uuid4()), "str": "rfm"}
    asked = 0
    async with api_.browser() as nobody:
        for method, _, path, right in routes(api_.app):
            if right is Right.PUBLIC:
                continue
            answer = await nobody.http.request(method, filled(path, ids))
            assert answer.status_code == 401, (method, path)
            asked += 1
    assert asked > 30


async def test_another_stores_ids_are_nothing_to_us(api_, house) -> None:  # noqa: F811
    """B's rows, asked for by A with B's own ids and with ids that nobody has: the answers are the same."""
    async with api_.member() as ann, api_.member("bob@example.com") as bob:
        foreign = await bob.tenant_id()
        fill_all_tables(house.database.admin_url, foreign, marker="of bob")
        invited = await bob.post(
            "/api/v1/invitations", json={"email": "x@example.com", "role": "viewer"}
        )
        token = await bob.post("/api/v1/tokens", json={"name": "t", "scopes": ["read"]})
        with psycopg.connect(house.database.admin_url) as admin:
            runs = admin.execute("SELECT id FROM xsight.sync_runs").fetchall()
        theirs = [
            (await bob.me())["user"]["id"],
            invited.json()["invitation"]["id"],
            token.json()["token"]["id"],
            str(foreign),
            *(str(run) for (run,) in runs),
        ]
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        asked = 0
        for method, _, path, right in routes(api_.app):
            if right is Right.PUBLIC or not path.startswith("/api/v1/") or "{" not in path:
                continue
            for uuid in theirs:
                answers = [
                    await ann.http.request(
                        method,
                        filled(path, {"int": number, "uuid": one, "str": "rfm"}),
                        headers=csrf,
                        json={} if method in {"PATCH", "PUT", "POST"} else None,
                    )
                    for number, one in (("7", uuid), ("8", str(uuid4())))
                ]
                bodies = []
                for answer in answers:
                    body = answer.json()
                    body.pop("request_id", None)
                    bodies.append(body)
                    assert "of bob" not in answer.text, (method, path)
                    assert answer.status_code in {403, 404, 409, 422}, (method, path, answer.text)
                assert bodies[0] == bodies[1], (method, path)
                asked += 1
        assert asked >= 20
        switched = await ann.post("/api/auth/tenant", json={"tenant": str(foreign)})
        assert switched.status_code == 404
        assert (await bob.get("/api/v1/members")).json()["members"][0]["you"]


async def test_a_role_gets_what_the_table_says_and_nothing_else(api_, house) -> None:  # noqa: F811
    """The table of roles against every route: 403 exactly where the right is missing."""
    ids = {"int": "7", "uuid": str(uuid4()), "str": "rfm"}
    for role in ("viewer", "analyst"):
        async with api_.member(f"{role}@example.com") as someone:
            with psycopg.connect(house.database.admin_url) as admin:
                admin.execute(
                    "UPDATE control.memberships SET role = %s WHERE user_id = %s",
                    [role, UUID((await someone.me())["user"]["id"])],
                )
            csrf = {"X-CSRF-Token": (await someone.me())["csrf"]}
            for method, _, path, right in routes(api_.app):
                if not path.startswith("/api/v1/") or right is Right.PUBLIC:
                    continue
                answer = await someone.http.request(
                    method, filled(path, ids), headers=csrf, json={} if method != "GET" else None
                )
                assert (answer.status_code == 403) == (right not in RIGHTS[role]), (role, path)
                assert answer.status_code < 500, (role, method, path)


def test_scopes_of_tokens_let_no_token_make_itself_more() -> None:
    assert not SCOPES & {Right.PUBLIC, Right.USER, Right.TOKENS, Right.CONNECT, Right.LAB}
    assert {"pii", "read"} <= SCOPES
