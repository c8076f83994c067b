"""One cookie per audience and path. None is for ``/``: the proxy would hand that one to notebook servers."""

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
    return Cookie(
        key=cookie_name(audience, secure=secure),
        value=value,
        path=f"/{audience}",
        max_age=MAX_AGE_S,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def end_cookies(*, secure: bool) -> list[Cookie]:
    """Tell the browser to forget them all."""
    return [
        Cookie(
            key=cookie_name(audience, secure=secure),
            value="",
            path=f"/{audience}",
            max_age=0,
            httponly=True,
            samesite="lax",
            secure=secure,
        )
        for audience in AUDIENCES
    ]
