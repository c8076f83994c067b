"""Invitations, roles and leaving, as people do them."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from tests.api.conftest import PASSWORD


def code_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["code"][0]


async def invite(by, email, role="viewer", **more):
    return await by.post("/api/v1/invitations", json={"email": email, "role": role, **more})


@asynccontextmanager
async def joined(api, by, email, role="viewer", **more):
    """Somebody who took a place with a new account."""
    link = (await invite(by, email, role, **more)).json()["link"]
    async with api.browser() as browser:
        form = {"code": code_of(link), "name": email.split("@")[0], "password": PASSWORD}
        answer = await browser.http.post("/invitation", data=form)
        assert answer.status_code == 303, answer.text
        yield browser


async def test_an_invited_newcomer_joins_the_store_and_no_other(api) -> None:
    async with api.member() as ann:
        invited = (await invite(ann, "Bob@Example.com", "analyst", pii=True)).json()
        assert invited["invitation"]["email"] == "bob@example.com"
        async with api.browser() as bob:
            page = await bob.get("/invitation?" + urlsplit(invited["link"]).query)
            assert "Join Garden" in page.text
            assert "bob@example.com" in page.text
            form = {"code": code_of(invited["link"]), "name": "Bob", "password": PASSWORD}
            answer = await bob.http.post("/invitation", data=form)
            assert answer.headers["location"] == "/app/overview"
            me = await bob.me()
            assert me["tenants"] == [me["tenant"]]
            assert me["tenant"]["id"] == str(await ann.tenant_id())
            assert (me["tenant"]["role"], me["pii"]) == ("analyst", True)
            assert me["user"]["verified"] is False  # the link came by hand, not by mail
            again = await bob.http.post("/invitation", data=form, headers={"Accept": "text/html"})
            assert again.status_code == 404
        listed = (await ann.get("/api/v1/members")).json()
        assert [(m["email"], m["role"], m["you"]) for m in listed["members"]] == [
            ("ann@example.com", "owner", True),
            ("bob@example.com", "analyst", False),
        ]
        assert listed["invitations"] == []


async def test_who_has_an_account_joins_with_their_password_only(api) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob, api.browser() as thief:
        link = (await invite(ann, "bob@example.com")).json()["link"]
        form = {"code": code_of(link), "name": "Bob", "password": "not the right one"}
        refused = await thief.http.post("/invitation", data=form)
        assert refused.status_code == 422
        assert "wrong" in refused.text
        answer = await thief.http.post("/invitation", data=form | {"password": PASSWORD})
        assert answer.status_code == 303
        assert len((await bob.me())["tenants"]) == 2


async def test_of_two_who_take_a_place_at_once_one_gets_it(api) -> None:
    async with api.member() as ann, api.browser() as one, api.browser() as two:
        link = (await invite(ann, "bob@example.com")).json()["link"]
        form = {"code": code_of(link), "name": "Bob", "password": PASSWORD}
        answers = await asyncio.gather(*(b.http.post("/invitation", data=form) for b in (one, two)))
        assert min(a.status_code for a in answers) == 303
        assert sorted(a.status_code for a in answers)[1] >= 400
        assert len((await ann.get("/api/v1/members")).json()["members"]) == 2


async def test_an_invitation_taken_back_or_renewed_is_worth_nothing(api) -> None:
    async with api.member() as ann, api.browser() as bob:
        first = (await invite(ann, "bob@example.com")).json()
        second = (await invite(ann, "bob@example.com")).json()
        assert (await bob.get(f"/invitation?code={code_of(first['link'])}")).status_code == 404
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        address = f"/api/v1/invitations/{second['invitation']['id']}"
        assert (await ann.http.delete(address, headers=csrf)).status_code == 204
        assert (await ann.http.delete(address, headers=csrf)).status_code == 404
        assert (await bob.get(f"/invitation?code={code_of(second['link'])}")).status_code == 404


async def test_nobody_gives_what_they_do_not_have(api) -> None:
    async with api.member() as ann, joined(api, ann, "adam@example.com", "admin") as adam:
        assert (await adam.me())["pii"] is False
        assert (await invite(adam, "x@example.com", "owner")).status_code == 403
        assert (await invite(adam, "x@example.com", "viewer", pii=True)).status_code == 403
        assert (await invite(adam, "x@example.com", "viewer")).status_code == 201
        ann_id, adam_id = (await ann.me())["user"]["id"], (await adam.me())["user"]["id"]
        csrf = {"X-CSRF-Token": (await adam.me())["csrf"]}
        for change in ({"role": "viewer"}, {"pii": False}):
            answer = await adam.http.patch(f"/api/v1/members/{ann_id}", json=change, headers=csrf)
            assert answer.status_code == 403
        assert (
            await adam.http.delete(f"/api/v1/members/{ann_id}", headers=csrf)
        ).status_code == 403
        for change in ({"role": "owner"}, {"pii": True}):
            answer = await adam.http.patch(f"/api/v1/members/{adam_id}", json=change, headers=csrf)
            assert answer.status_code == 403


async def test_others_decide_about_nobody(api) -> None:
    async with api.member() as ann, joined(api, ann, "eve@example.com", "analyst") as eve:
        assert (await eve.get("/api/v1/members")).status_code == 403
        assert (await eve.get("/api/v1/audit")).status_code == 403
        assert (await eve.get("/api/v1/audit/export")).status_code == 403
        assert (await invite(eve, "x@example.com")).status_code == 403


async def test_a_store_keeps_an_owner(api) -> None:
    async with api.member() as ann, joined(api, ann, "olga@example.com", "owner") as olga:
        ids = {b: (await b.me())["user"]["id"] for b in (ann, olga)}
        tokens = {b: {"X-CSRF-Token": (await b.me())["csrf"]} for b in (ann, olga)}
        answers = await asyncio.gather(
            ann.http.delete(f"/api/v1/members/{ids[ann]}", headers=tokens[ann]),
            olga.http.patch(
                f"/api/v1/members/{ids[olga]}", json={"role": "viewer"}, headers=tokens[olga]
            ),
        )
        assert sorted(a.status_code for a in answers) == [204, 409]


async def test_who_is_removed_is_out_at_once_and_keeps_their_own_store(api) -> None:
    async with api.member("bob@example.com") as bob, api.member() as ann:
        link = (await invite(ann, "bob@example.com", "analyst", pii=True)).json()["link"]
        form = {"code": code_of(link), "password": PASSWORD}
        assert (await bob.http.post("/invitation", data=form)).status_code == 303
        shared = (await bob.me())["tenant"]["id"]
        token = (
            await bob.post("/api/v1/tokens", json={"name": "script", "scopes": ["read"]})
        ).json()["secret"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await bob.get("/api/v1/tenants/me", headers=bearer)).json()["id"] == shared
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        bob_id = (await bob.me())["user"]["id"]
        gone = await ann.http.delete(f"/api/v1/members/{bob_id}", headers=csrf)
        assert gone.status_code == 204
        me = await bob.me()
        assert me["tenant"]["id"] != shared
        assert len(me["tenants"]) == 1
        assert (await bob.get("/api/v1/tenants/me", headers=bearer)).status_code == 401
        assert (await bob.post("/api/auth/tenant", json={"tenant": shared})).status_code == 404
        actions = [e["action"] for e in (await ann.get("/api/v1/audit")).json()["items"]]
        assert actions[:2] == ["member.removed", "token.created"]


async def test_a_lost_role_counts_with_the_next_request(api) -> None:
    async with api.member() as ann, joined(api, ann, "adam@example.com", "admin") as adam:
        adam_id = (await adam.me())["user"]["id"]
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        assert (await adam.get("/api/v1/members")).status_code == 200
        changed = await ann.http.patch(
            f"/api/v1/members/{adam_id}", json={"role": "viewer"}, headers=csrf
        )
        assert changed.status_code == 204
        assert (await adam.get("/api/v1/members")).status_code == 403


async def test_members_of_another_store_cannot_be_named(api) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        bob_id = (await bob.me())["user"]["id"]
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        for who in (bob_id, uuid4()):
            answer = await ann.http.delete(f"/api/v1/members/{who}", headers=csrf)
            assert answer.status_code == 404
            assert answer.json()["detail"] == "There is no such member."


async def test_a_bad_invitation_is_told_what_is_wrong(api) -> None:
    cases = [
        ({"email": "x@example.com", "role": "god"}, "role"),
        ({"email": "аnn@example.com", "role": "viewer"}, "email"),  # a Cyrillic а
        ({"email": "ann@exаmple.com", "role": "viewer"}, "email"),
        ({"email": "a\x00b@example.com", "role": "viewer"}, "email"),
        ({"email": "a@b@c", "role": "viewer"}, "email"),
        ({"email": "a" * 65 + "@example.com", "role": "viewer"}, "email"),
        ({"email": "ann@example.com", "role": "viewer"}, "email"),  # a member already
        ({"email": "x@example.com", "role": 7}, "role"),
        ({"email": "x@example.com", "role": "viewer", "pii": "yes"}, "pii"),
        ({"role": "viewer"}, "email"),
        ({"email": "x@example.com", "role": "viewer", "is_admin": True}, "is_admin"),
    ]
    async with api.member() as ann:
        for body, field in cases:
            answer = await ann.post("/api/v1/invitations", json=body)
            assert answer.status_code == 422, answer.text
            problem = answer.json()
            assert field in (problem.get("field") or "") + problem["detail"]
