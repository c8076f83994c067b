"""Log-in through somebody else's OpenID provider: what it says is believed when everything fits, and only then."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from litestar import Litestar, Request, get, post

from api.provider import Provider, challenge_of
from tests.api.conftest import make_settings, serve, serving


@dataclass
class Elsewhere:
    """The provider, and how it lies today."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    foreign_key: bool = False
    asked: dict[str, str] = field(default_factory=dict)

    def reset(self) -> None:
        self.claims, self.header, self.foreign_key = {}, {}, False


def make_provider(say: Elsewhere) -> Litestar:
    own = Provider(ec.generate_private_key(ec.SECP256R1()), "", "")
    other = Provider(ec.generate_private_key(ec.SECP256R1()), "", "")

    @get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {
            "issuer": say.url,
            "authorization_endpoint": f"{say.url}/authorize",
            "token_endpoint": f"{say.url}/token",
            "jwks_uri": f"{say.url}/jwks",
        }

    @get("/jwks")
    async def jwks() -> dict[str, Any]:
        return {"keys": [own.jwk]}

    @post("/token", status_code=200)
    async def token(request: Request) -> dict[str, Any]:
        form = dict(await request.form())
        assert challenge_of(form["code_verifier"]) == say.asked["code_challenge"]
        assert request.headers["authorization"].startswith("Basic ")
        now = int(time.time())
        claims = {"iss": say.url, "aud": "xsight", "sub": "7", "iat": now, "exp": now + 60}
        claims |= {"nonce": say.asked["nonce"], "email": "Eva@Example.com", "name": "Eva"}
        claims |= {"email_verified": True} | say.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        key = (other if say.foreign_key else own)._key
        header = {"kid": own.jwk["kid"]} | say.header
        if header.get("alg") == "none":
            return {"id_token": jwt.encode(claims, None, algorithm="none", headers=header)}
        return {"id_token": jwt.encode(claims, key, algorithm="ES256", headers=header)}

    return Litestar([discovery, jwks, token])


@pytest.fixture(scope="session")
def elsewhere():
    say = Elsewhere()
    with serving(make_provider(say)) as (url, _):
        say.url = url
        yield say


@pytest.fixture(scope="session")
def _linked(house, sim, elsewhere, tmp_path_factory):
    more = {"login_issuer": elsewhere.url, "login_client_id": "xsight", "login_name": "Acme"}
    more |= {"login_client_secret": "a secret"}
    home = tmp_path_factory.mktemp("home")
    with serve(make_settings(house.database, house.valkey, sim, home, **more)) as api:
        yield api


@pytest.fixture
def linked(_linked, api, elsewhere):
    elsewhere.reset()
    return _linked


async def go(browser, elsewhere, **changes):
    """To the provider and back; the answer to the return."""
    started = await browser.get("/auth/external?next=/connect")
    assert started.status_code == 303
    location = urlsplit(started.headers["location"])
    assert f"{location.scheme}://{location.netloc}" == elsewhere.url
    elsewhere.asked = {name: value[0] for name, value in parse_qs(location.query).items()}
    assert elsewhere.asked["redirect_uri"] == f"{browser.api.url}/auth/external/callback"
    query = {"code": "c", "state": elsewhere.asked["state"]} | changes
    return await browser.get(f"/auth/external/callback?{urlencode(query)}")


async def test_a_newcomer_gets_an_account_and_comes_back_to_it(linked, elsewhere) -> None:
    async with linked.browser() as eva, linked.browser() as later:
        assert "Log in with Acme" in (await eva.get("/login")).text
        back = await go(eva, elsewhere)
        assert (back.status_code, back.headers["location"]) == (303, "/connect")
        me = await eva.me()
        assert (me["user"]["email"], me["user"]["verified"]) == ("eva@example.com", True)
        assert me["tenant"]["role"] == "owner"
        assert (await go(later, elsewhere)).status_code == 303
        assert (await later.me())["user"]["id"] == me["user"]["id"]
        refused = await eva.log_in("eva@example.com", "any password at all")
        assert refused.status_code == 403  # there is none


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"email_verified": False}},
        {"claims": {"email_verified": None}},
        {"claims": {"email_verified": "true"}},
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": 1}},
        {"claims": {"exp": None}},
        {"claims": {"email": "аdmin@example.com"}},
        {"claims": {"email": None}},
        {"foreign_key": True},
        {"header": {"kid": "unknown"}},
        {"header": {"alg": "none"}},
    ],
    ids=str,
)
async def test_whatever_does_not_fit_lets_nobody_in(linked, elsewhere, database, lie) -> None:
    for name, value in lie.items():
        setattr(elsewhere, name, value)
    async with linked.browser() as eva:
        back = await go(eva, elsewhere)
        assert back.status_code in {403, 422}, back.text
        assert (await eva.get("/api/auth/me")).status_code == 401
    with psycopg.connect(database.admin_url) as admin:
        assert admin.execute("SELECT count(*) FROM control.users").fetchone() == (0,)


async def test_the_state_is_this_browsers_and_used_once(linked, elsewhere) -> None:
    async with linked.browser() as eva, linked.browser() as other:
        assert (await go(eva, elsewhere, state="made-up")).status_code == 403
        assert (await go(eva, elsewhere, iss="https://evil.example")).status_code == 403
        assert (await go(eva, elsewhere, code="")).status_code == 403
        back = await go(eva, elsewhere)
        assert back.status_code == 303
        query = urlencode({"code": "c", "state": elsewhere.asked["state"]})
        assert (await other.get(f"/auth/external/callback?{query}")).status_code == 403
        assert (await eva.get(f"/auth/external/callback?{query}")).status_code == 403


async def test_without_a_provider_there_is_no_such_page(api) -> None:
    async with api.browser() as browser:
        assert (await browser.get("/auth/external")).status_code == 404
        assert (await browser.get("/auth/external/callback")).status_code == 404
        assert "Log in with" not in (await browser.get("/login")).text
