"""A tiny OpenID provider in place of the API's: who logs in is said by a cookie, what they may by `People`."""

import asyncio
import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from tests.support.tenants import TestTenant

CLIENT_SECRET = "a-client-secret-of-a-test"


@dataclass
class Member:
    """A person, and what the provider says of them now; tests change it while the Hub runs."""

    id: UUID
    name: str
    email: str
    tenants: list[tuple[TestTenant, str, bool]]
    current: str
    logged_in: bool = True

    @property
    def hub_name(self) -> str:
        return f"{self.current}-{self.id.hex[:8]}"

    def claims(self) -> dict:
        return {
            "sub": str(self.id),
            "email": self.email,
            "name": self.name,
            "tenant": self.current,
            "tenants": [
                {"id": str(t.id), "slug": t.slug, "role": role, "pii": pii}
                for t, role, pii in self.tenants
            ],
        }


@dataclass
class People:
    """Everybody who can log in, by their name."""

    members: dict[str, Member] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


class Handler(RequestHandler):
    @property
    def people(self) -> People:
        return self.settings["people"]


class Authorize(Handler):
    def get(self):
        who = self.get_cookie("who")
        if not who or not self.people.members[who].logged_in:
            return self.redirect("/login")
        assert self.get_argument("code_challenge_method") == "S256"
        code = secrets.token_urlsafe(16)
        self.people.codes[code] = (who, self.get_argument("code_challenge"))
        answer = urlencode({"code": code, "state": self.get_argument("state")})
        return self.redirect(f"{self.get_argument('redirect_uri')}?{answer}")


class Token(Handler):
    def check_xsrf_cookie(self):
        pass

    def post(self):
        who, challenge = self.people.codes.pop(self.get_argument("code"))
        digest = hashlib.sha256(self.get_argument("code_verifier").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            raise HTTPError(400)
        basic = base64.b64encode(f"xsight-hub:{CLIENT_SECRET}".encode()).decode()
        if self.request.headers.get("Authorization") != f"Basic {basic}":
            assert self.get_argument("client_secret") == CLIENT_SECRET
        token = secrets.token_urlsafe(16)
        self.people.tokens[token] = who
        self.write({"access_token": token, "token_type": "Bearer"})


class UserInfo(Handler):
    def get(self):
        scheme, _, token = self.request.headers["Authorization"].partition(" ")
        who = self.people.tokens.get(token)
        if scheme != "Bearer" or not who or not self.people.members[who].logged_in:
            raise HTTPError(401)
        self.write(json.dumps(self.people.members[who].claims()))


class Page(RequestHandler):
    def get(self, path: str):
        self.write(f"the API's page {path}")


class Provider(threading.Thread):
    """Serves on a free port of the loopback address until stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.people = People()
        (self._socket,) = bind_sockets(0, "127.0.0.1")
        self.port: int = self._socket.getsockname()[1]
        self._ended = asyncio.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        routes = [
            ("/auth/oauth/authorize", Authorize),
            ("/auth/oauth/token", Token),
            ("/auth/oauth/userinfo", UserInfo),
            ("/(.*)", Page),
        ]
        server = HTTPServer(Application(routes, people=self.people))
        server.add_socket(self._socket)
        await self._ended.wait()
        server.stop()
        await server.close_all_connections()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join()
