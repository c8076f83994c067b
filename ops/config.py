"""What an operator may say by environment; everything has a default that works."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ops.home import Home
from ops.trouble import Trouble

__all__ = ["Config", "loopback_of"]

_SANDBOXES = ("auto", "bwrap", "none")
_PASSED_ON = (
    *("XSIGHT_SMTP_URL", "XSIGHT_MAIL_FROM"),
    *("XSIGHT_LOGIN_ISSUER", "XSIGHT_LOGIN_CLIENT_ID", "XSIGHT_LOGIN_CLIENT_SECRET"),
    *("XSIGHT_LOGIN_NAME", "XSIGHT_TRUSTED_PROXIES", "XSIGHT_OPERATORS"),
    *("XSIGHT_POOL_MODELS", "XSIGHT_HOOKS_PRIVATE", "XSIGHT_OTLP_ENDPOINT", "XSIGHT_SENTRY_DSN"),
    *("XSIGHT_RATE_USER", "XSIGHT_RATE_TENANT", "XSIGHT_RATE_ADDRESS"),
)
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_DEMO = {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Config:
    """Read once, when a command begins."""

    home: Home
    host: str
    port: int
    public_url: str
    sandbox: str
    demo: bool
    log_level: str
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    passed_on: Mapping[str, str] = field(repr=False)
    """Settings of mail, log-in and limits, handed to the API and the worker as they are."""
    shopify: Mapping[str, str] = field(repr=False)
    """The operator's own ``SHOPIFY_*``; empty: the simulator stands in."""

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> "Config":
        """From the environment.

        Raises
        ------
        Trouble
            A value cannot be understood.
        """
        port_text = env.get("XSIGHT_PORT") or "8000"
        if not port_text.isdecimal() or not 0 < int(port_text) < 65_536:  # noqa: PLR2004
            raise Trouble(f"XSIGHT_PORT={port_text} is no port", "write a number from 1 to 65535")
        sandbox = env.get("XSIGHT_SANDBOX") or "auto"
        if sandbox not in _SANDBOXES:
            raise Trouble(
                f"XSIGHT_SANDBOX={sandbox} is unknown", f"write one of {', '.join(_SANDBOXES)}"
            )
        demo = env.get("XSIGHT_DEMO") or "1"
        if demo not in _DEMO:
            raise Trouble(f"XSIGHT_DEMO={demo} is unknown", "write 1 or 0")
        level = (env.get("XSIGHT_LOG_LEVEL") or "INFO").upper()
        if level not in _LEVELS:
            raise Trouble(
                f"XSIGHT_LOG_LEVEL={level} is unknown", f"write one of {', '.join(_LEVELS)}"
            )
        host = env.get("XSIGHT_HOST") or "127.0.0.1"
        public_url = (
            env.get("XSIGHT_PUBLIC_URL") or f"http://{loopback_of(host)}:{port_text}"
        ).rstrip("/")
        if urlsplit(public_url).scheme not in {"http", "https"} or urlsplit(public_url).path:
            raise Trouble(
                f"XSIGHT_PUBLIC_URL={public_url} is no origin",
                "write it as https://xsight.example.com",
            )
        shopify = {key: value for key, value in env.items() if key.startswith("SHOPIFY_") and value}
        if shopify and not {"SHOPIFY_CLIENT_ID", "SHOPIFY_CLIENT_SECRET"} <= shopify.keys():
            raise Trouble(
                f"{min(shopify)} is set, but not both SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET",
                "set both to use Shopify, or none to use the simulator",
            )
        return cls(
            home=Home.named(env.get("XSIGHT_HOME")),
            host=host,
            port=int(port_text),
            public_url=public_url,
            sandbox=sandbox,
            demo=_DEMO[demo] and not shopify,
            log_level=level,
            database_url=_as_postgresql(env.get("DATABASE_URL")),
            redis_url=env.get("REDIS_URL") or None,
            passed_on={key: env[key] for key in _PASSED_ON if env.get(key)},
            shopify=shopify,
        )


def loopback_of(host: str) -> str:
    """Where something that listens on ``host`` is reached from this machine."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # asked, not bound


def _as_postgresql(url: str | None) -> str | None:
    """Libpq's spelling of an address that may carry SQLAlchemy's or Heroku's."""
    if not url:
        return None
    scheme, sign, rest = url.partition("://")
    return (
        f"postgresql://{rest}"
        if sign and scheme.split("+")[0] in {"postgres", "postgresql"}
        else url
    )
