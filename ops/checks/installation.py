"""The state folder, its secrets, and what the environment says of Shopify and mail."""

import ipaddress
import re
import stat
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ops import postgres
from ops.config import Config
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.crypto import Keyring
from xsight_core.errors import InvalidInput
from xsight_core.settings import Settings

__all__ = ["CHECKS"]

_CLOCK_S = 300
_SUPPORTED_MONTHS = 12


def _home(config: Config) -> None:
    config.home.make()


def _data_folder(config: Config) -> None:
    if not config.database_url and (config.home.path / "postgres" / "data").exists():
        postgres.refuse_foreign(config.home.path / "postgres")


def _secrets(config: Config) -> None:
    for path in config.home.secrets.glob("*"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Trouble(
                f"others may read {path}", f"chmod -R go-rwx {config.home.secrets}, and rotate it"
            )


def _keys(config: Config) -> None:
    ring = Vault(config.home.secrets).known("keyring")
    if ring is None:
        if (config.home.path / "postgres" / "data").exists():
            raise Trouble(
                f"{config.home.secrets / 'keyring'} is gone: no store's Shopify token can be read",
                "copy the folder `secrets` back; without a copy, every store is connected again",
            )
        return
    try:
        Keyring.parse(ring)
    except InvalidInput as error:
        raise Trouble(
            f"{config.home.secrets / 'keyring'} is damaged: {error}", "copy it back"
        ) from None


def _clock(config: Config) -> None:
    mark = config.home.path / "xsight.json"
    ahead = mark.stat().st_mtime - time.time() if mark.exists() else 0
    if ahead > _CLOCK_S:
        raise Trouble(
            f"the clock was {ahead / 3600:.1f} h later than now: log-ins and syncs go by it",
            "set the clock by a time server (timedatectl set-ntp true) and look here again",
        )


def _shopify_version(config: Config) -> None:
    wished = config.shopify.get("SHOPIFY_API_VERSION")
    text = wished or str(Settings.model_fields["shopify_api_version"].default)
    match = re.fullmatch(r"(20\d\d)-(01|04|07|10)", text)
    now = datetime.now(UTC)
    if not match:
        raise Trouble(f"SHOPIFY_API_VERSION={text} is none", "write it as 2026-10, or leave it out")
    months = (now.year - int(match[1])) * 12 + now.month - int(match[2])
    if months >= _SUPPORTED_MONTHS:
        raise Trouble(
            f"Shopify's version {text} has ended: Shopify answers as a later one, and fields may be gone",
            "leave SHOPIFY_API_VERSION out, or upgrade XSight",
        )


def _shopify_address(config: Config) -> None:
    host = urlsplit(config.public_url).hostname or ""
    if config.shopify and (
        config.public_url.startswith("http:") or host in {"localhost", "127.0.0.1"}
    ):
        raise Trouble(
            f"Shopify cannot reach {config.public_url}: no log-in at Shopify, no webhooks",
            "set XSIGHT_PUBLIC_URL to an https address that is reached from outside",
        )


def _mail(config: Config) -> None:
    url = config.passed_on.get("XSIGHT_SMTP_URL")
    if url and (urlsplit(url).scheme not in {"smtp", "smtps"} or not urlsplit(url).hostname):
        raise Trouble(
            "XSIGHT_SMTP_URL is no mail server's address", "write smtp://USER:PASSWORD@HOST:587"
        )


def _trusted(config: Config) -> None:
    for part in filter(None, (config.passed_on.get("XSIGHT_TRUSTED_PROXIES") or "").split(",")):
        try:
            ipaddress.ip_network(part.strip())
        except ValueError:
            raise Trouble(
                f"XSIGHT_TRUSTED_PROXIES: {part.strip()} is no network", "write it as 10.0.0.0/8"
            ) from None


CHECKS = {
    "state folder": _home,
    "data folder": _data_folder,
    "secrets": _secrets,
    "keys": _keys,
    "clock": _clock,
    "Shopify's version": _shopify_version,
    "Shopify's way in": _shopify_address,
    "mail": _mail,
    "trusted proxies": _trusted,
}
