"""One cookie per audience and path. None is for ``/``: the proxy would hand that one to notebook servers."""

from collections.abc import Mapping
from typing import Final, get_args

from litestar.datastructures import Cookie

from xsight_core.services.accounts import Audience

__all__ = [
    "AUDIENCES",
    "audience_of",
    "cookie_name",
    "end_cookies",
    "renewed_cookie",
    "session_cookies",
    "state_cookie",
    "state_of",
]

AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
MAX_AGE_S: Final = 14 * 24 * 3600


def audience_of(path: str) -> Audience | None:
    """The audience whose cookie a browser sends to this path."""
    first = path.removeprefix("/").split("/", 1)[0]
    return next((audience for audience in AUDIENCES if audience == first), None)


def cookie_name(audience: str, *, secure: bool) -> str:
    """Under TLS the prefix makes browsers refuse a value set by plain http."""
    return f"__Secure-xs_{audience}" if secure else f"xs_{audience}"


def session_cookies(secrets: dict[Audience, str], *, secure: bool) -> list[Cookie]:
    """Cookies of a new log-in."""
    return [renewed_cookie(audience, value, secure=secure) for audience, value in secrets.items()]


def renewed_cookie(audience: Audience, value: str, *, secure: bool) -> Cookie:
    """One of them."""
    return _cookie(audience, value, path=f"/{audience}", max_age_s=MAX_AGE_S, secure=secure)


def end_cookies(*, secure: bool) -> list[Cookie]:
    """Tell the browser to forget them all."""
    return [
        _cookie(audience, "", path=f"/{audience}", max_age_s=0, secure=secure)
        for audience in AUDIENCES
    ]


def state_cookie(name: str, state: str, *, path: str, life_s: int, secure: bool) -> Cookie:
    """Binds a way to somebody else's site and back to this browser; sent to the way back's address only.

    Without a state it ends the cookie.
    """
    return _cookie(name, state, path=path, max_age_s=life_s if state else 0, secure=secure)


def state_of(cookies: Mapping[str, str], name: str, *, secure: bool) -> str:
    """The state that this browser took along; empty if it did not."""
    return cookies.get(cookie_name(name, secure=secure), "")


def _cookie(name: str, value: str, *, path: str, max_age_s: int, secure: bool) -> Cookie:
    return Cookie(
        key=cookie_name(name, secure=secure),
        value=value,
        path=path,
        max_age=max_age_s,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
