"""Small pure parts: addresses, cookies, rights, mailboxes, files, keys."""

import asyncio
from itertools import pairwise
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from litestar import Litestar, WebSocket, get, websocket

from api.access import Hops
from api.assets import Asset
from api.cookies import end_cookies, session_cookies
from api.docs import ERRORS
from api.errors import FOREIGN, STATUS
from api.parameters import parse_ids
from api.provider import Provider, challenge_of
from api.rights import RIGHTS, Right, check_rights_stated
from api.rooms import Mailbox
from xsight_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", [], ""),  # a process of ours
        ("127.0.0.1", [b"203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", [b"1.2.3.4, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", [b"1.2.3.4", b"203.0.113.9"], "203.0.113.9"),
        ("203.0.113.9", [b"1.2.3.4"], "203.0.113.9"),
        ("127.0.0.1", [b"1.2.3.4,127.0.0.1"], "127.0.0.1"),
    ],
)
def test_only_the_proxys_own_word_counts(peer, forwarded, address) -> None:
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    assert Hops("").client({"client": (peer, 1), "headers": headers}) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.5", b"203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", b"1.2.3.4, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.5", b"10.0.0.7", "10.0.0.7"),  # the proxy itself asks
        ("10.0.0.5", b"1.2.3.4, x, 10.0.0.7", "x"),
        ("10.0.0.5", b"", "10.0.0.5"),
        ("203.0.113.9", b"1.2.3.4", "203.0.113.9"),
        ("127.0.0.1", b"203.0.113.9, 10.0.0.7", "203.0.113.9"),
    ],
)
def test_proxies_the_operator_lists_are_believed_too(peer, forwarded, address) -> None:
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded)]}
    assert Hops("10.0.0.0/24, 192.0.2.1").client(scope) == address


def test_under_tls_cookies_are_secure_and_named_so() -> None:
    secrets = {"api": "a", "auth": "b", "ws": "c", "app": "d", "connect": "e"}
    for cookie in [*session_cookies(secrets, secure=True), *end_cookies(secure=True)]:
        assert cookie.key.startswith("__Secure-xs_")
        assert cookie.secure
        assert cookie.httponly
        assert cookie.path == "/" + cookie.key.removeprefix("__Secure-xs_")
    assert all(cookie.max_age == 0 for cookie in end_cookies(secure=False))


def test_a_route_without_a_stated_right_does_not_start_the_application() -> None:
    @get("/open", opt={"right": Right.PUBLIC}, sync_to_thread=False)
    def stated() -> None: ...

    @get("/silent", sync_to_thread=False)
    def silent() -> None: ...

    @get("/typo", opt={"right": "reed"}, sync_to_thread=False)
    def typo() -> None: ...

    @websocket("/ws")
    async def socket(socket: WebSocket) -> None: ...

    check_rights_stated(Litestar([stated], openapi_config=None))
    for handler, path in ((silent, "/silent"), (typo, "/typo"), (socket, "/ws")):
        with pytest.raises(RuntimeError, match=path):
            check_rights_stated(Litestar([stated, handler], openapi_config=None))


def test_roles_only_ever_gain_rights_upwards() -> None:
    order = ["viewer", "marketer", "analyst", "admin"]
    for less, more in pairwise(order):
        assert RIGHTS[less] <= RIGHTS[more]
    assert RIGHTS["owner"] == RIGHTS["admin"]
    assert Right.LAB not in RIGHTS["marketer"]


async def test_a_slow_socket_gets_the_newest_state_and_every_end() -> None:
    mailbox, run = Mailbox(), str(uuid4())
    for percent in range(1000):
        mailbox.put({"type": "sync:progress", "run": run, "percent": percent})
    mailbox.put({"type": "sync:progress", "run": "other", "percent": 1})
    mailbox.put({"type": "sync:completed", "run": run})
    mailbox.put({"type": "sync:update", "data_version": 1})
    mailbox.put({"type": "sync:update", "data_version": 2})
    mailbox.close()
    got = [message async for message in mailbox]
    assert got == [
        {"type": "sync:progress", "run": "other", "percent": 1},
        {"type": "sync:completed", "run": run},
        {"type": "sync:update", "data_version": 2},
    ]


async def test_a_mailbox_wakes_its_reader() -> None:
    mailbox = Mailbox()

    async def first():
        async for message in mailbox:
            return message
        return None

    reading = asyncio.create_task(first())
    await asyncio.sleep(0)
    mailbox.put({"type": "x"})
    assert await reading == {"type": "x"}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("", ""),
        ("identity", ""),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", ""),
    ],
)
def test_the_smallest_form_that_is_taken(accepted, encoding) -> None:
    asset = Asset("text/css", {"": b"x" * 10, "gzip": b"x" * 5, "br": b"x" * 4})
    assert asset.best(accepted)[0] == encoding


def test_ids() -> None:
    assert parse_ids(None) is None
    assert parse_ids("") == []
    assert parse_ids(" 1,2 ,9223372036854775807") == [1, 2, 9223372036854775807]
    for text in ("1;2", "-1", "1.5", "9223372036854775808", "٣", "1,,x", "0x1"):
        with pytest.raises(InvalidInput):
            parse_ids(text)


def test_every_code_that_is_answered_is_documented() -> None:
    documented = {code for code, _, _ in ERRORS}
    answered = {kind.code for kind, _ in STATUS} | {code for _, _, code, _ in FOREIGN}
    assert answered - {"error"} <= documented


def test_an_access_token_of_another_key_or_audience_is_nothing() -> None:
    ours, other = (
        Provider(ec.generate_private_key(ec.SECP256R1()), "http://x/auth/oauth", "s" * 20)
        for _ in range(2)
    )
    session = uuid4()
    assert ours.read_access(ours.sign_access(session)) == session
    assert ours.read_access(other.sign_access(session)) is None
    assert ours.read_access(ours.sign({"sid": str(session)}, nonce=None)) is None
    forged = jwt.encode({"sid": str(session), "aud": "http://x/auth/oauth/userinfo"}, None, "none")
    assert ours.read_access(forged) is None


def test_pkce_as_in_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
