"""XSight as OpenID provider, as JupyterHub's GenericOAuthenticator uses it."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from pydantic import SecretStr

from tests.api.conftest import serve

SECRET = "hub-secret-of-a-test"


@pytest.fixture(scope="session")
def known_to_the_hub(house):
    known = {"hub_client_secret": SecretStr(SECRET)}
    with serve(house.api.settings.model_copy(update=known)) as api:
        yield api


@pytest.fixture
def api(known_to_the_hub, api):
    return known_to_the_hub


class Flow:
    """A Hub that logs somebody in."""

    def __init__(self, api) -> None:
        self.api = api
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.query = {
            "client_id": "xsight-hub",
            "redirect_uri": f"{api.url}/hub/oauth_callback",
            "response_type": "code",
            "state": "a state, with =&+ in it",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "nonce": "n1",
            "scope": "openid",
        }

    async def answer(self, browser, **change) -> dict[str, str]:
        query = {key: value for key, value in (self.query | change).items() if value is not None}
        back = await browser.get("/auth/oauth/authorize", params=query)
        assert back.status_code == 303, back.text
        assert back.headers["location"].startswith(f"{self.api.url}/hub/oauth_callback?")
        return dict(parse_qsl(urlsplit(back.headers["location"]).query))

    async def token(self, http, code: str, **change):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.query["redirect_uri"],
            "code_verifier": self.verifier,
            "client_id": "xsight-hub",
            "client_secret": SECRET,
        }
        form = {key: value for key, value in (form | change).items() if value is not None}
        return await http.post("/auth/oauth/token", data=form, headers={"Origin": ""})


async def test_a_log_in_at_the_hub(api) -> None:
    flow = Flow(api)
    async with api.member() as ann, api.browser() as hub:
        me = await ann.me()
        back = await flow.answer(ann)
        assert back["state"] == flow.query["state"]
        answer = await flow.token(hub.http, back["code"])
        assert answer.status_code == 200, answer.text
        token = answer.json()

        keys = jwt.PyJWKSet.from_dict((await hub.get("/auth/oauth/jwks")).json())
        facts = (await hub.get("/auth/oauth/.well-known/openid-configuration")).json()
        claims = jwt.decode(
            token["id_token"],
            keys.keys[0],
            algorithms=["ES256"],
            audience="xsight-hub",
            issuer=facts["issuer"],
        )
        assert claims["nonce"] == "n1"
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        told = (await hub.get("/auth/oauth/userinfo", headers=bearer)).json()
        assert told == {
            "sub": me["user"]["id"],
            "email": "ann@example.com",
            "name": "Ann Lee",
            "tenant": me["tenant"]["slug"],
            "tenants": [
                {
                    "id": me["tenant"]["id"],
                    "slug": me["tenant"]["slug"],
                    "role": "owner",
                    "pii": True,
                }
            ],
        }
        assert {key: claims[key] for key in told} == told
        assert "d" not in (await hub.get("/auth/oauth/jwks")).json()["keys"][0]

        await ann.post("/api/auth/logout")
        gone = await hub.get("/auth/oauth/userinfo", headers=bearer)
        assert gone.status_code == 401


async def test_a_code_works_once(api) -> None:
    flow = Flow(api)
    async with api.member() as ann:
        code = (await flow.answer(ann))["code"]
        assert (await flow.token(ann.http, code)).status_code == 200
        again = await flow.token(ann.http, code)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


WRONG = [
    ({"code_verifier": "x" * 64}, 400, "invalid_grant"),
    ({"code_verifier": None}, 400, "invalid_grant"),
    ({"redirect_uri": "http://evil.example/hub/oauth_callback"}, 400, "invalid_grant"),
    ({"code": "x"}, 400, "invalid_grant"),
    ({"client_secret": "x"}, 401, "invalid_client"),
    ({"client_secret": None}, 401, "invalid_client"),
    ({"client_id": "other"}, 401, "invalid_client"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
]


async def test_a_token_needs_everything_right(api) -> None:
    flow = Flow(api)
    async with api.member() as ann:
        for change, status, error in WRONG:
            code = (await flow.answer(ann))["code"]
            answer = await flow.token(ann.http, **({"code": code} | change))
            assert (answer.status_code, answer.json()["error"]) == (status, error), change


async def test_the_client_may_send_its_secret_in_the_header(api) -> None:
    flow = Flow(api)
    async with api.member() as ann, api.browser() as hub:
        code = (await flow.answer(ann))["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.query["redirect_uri"],
            "code_verifier": flow.verifier,
        }
        good = await hub.http.post("/auth/oauth/token", data=form, auth=("xsight-hub", SECRET))
        assert good.status_code == 200
        for header in ("Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic"):
            bad = await hub.http.post(
                "/auth/oauth/token", data=form, headers={"Authorization": header}
            )
            assert bad.status_code == 401


async def test_nobody_else_is_sent_a_code(api) -> None:
    flow = Flow(api)
    async with api.member() as ann:
        for change in (
            {"redirect_uri": "http://evil.example/hub/oauth_callback"},
            {"redirect_uri": None},
            {"client_id": "x"},
        ):
            query = {
                key: value for key, value in (flow.query | change).items() if value is not None
            }
            answer = await ann.get("/auth/oauth/authorize", params=query)
            assert answer.status_code == 422, change
            assert "location" not in answer.headers


async def test_without_pkce_there_is_no_code(api) -> None:
    flow = Flow(api)
    async with api.member() as ann:
        for change in (
            {"code_challenge": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
        ):
            back = await flow.answer(ann, **change)
            assert back["error"] == "invalid_request"
            assert "code" not in back


async def test_a_stranger_logs_in_first_and_comes_back(api) -> None:
    flow = Flow(api)
    async with api.member(), api.browser() as browser:
        asked = await browser.get(
            "/auth/oauth/authorize", params=flow.query, headers={"Accept": "text/html"}
        )
        target = dict(parse_qsl(urlsplit(asked.headers["location"]).query))["next"]
        form = {"email": "ann@example.com", "password": "seven quiet otters swim", "next": target}
        answer = await browser.http.post("/login", data=form)
        assert answer.headers["location"] == target
        back = await browser.get(answer.headers["location"])
        assert back.headers["location"].startswith(f"{api.url}/hub/oauth_callback?code=")


async def test_userinfo_takes_no_other_token(api) -> None:
    flow = Flow(api)
    async with api.member() as ann, api.browser() as hub:
        token = (await flow.token(ann.http, (await flow.answer(ann))["code"])).json()
        for value in (token["id_token"], "x", "a.b.c"):
            answer = await hub.get(
                "/auth/oauth/userinfo", headers={"Authorization": f"Bearer {value}"}
            )
            assert answer.status_code == 401
            assert answer.json() == {"error": "invalid_token"}
