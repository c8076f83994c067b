"""``xsight mail``: messages that nobody sent, for the operator to pass on. Without a mail server, all of them."""

import asyncio

from ops import postgres
from ops.config import Config
from ops.processes import app_dsn, base_env
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.services.mail import HeldMail, held_mails
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

__all__ = ["show"]


def show(config: Config) -> int:
    """Print who waits for what, with the link. Whoever has a link has what it opens: pass it on to them alone."""
    vault = Vault(config.home.secrets)
    if vault.known("keyring") is None:
        raise Trouble(f"{config.home.path} holds no installation", "start one with `xsight up`")
    admin_dsn = config.database_url or postgres.embedded(config.home, vault, base_env())[1]
    found = asyncio.run(_read(app_dsn(vault, admin_dsn), vault.keyring("keyring")))
    for mail in found:
        print(f"\n  to       {mail.recipient}\n  about    {mail.letter.subject}")
        print(f"  link     {mail.letter.link}")
    print("" if found else "  no mail waits")
    return 0


async def _read(dsn: str, keyring: str) -> list[HeldMail]:
    settings = Settings.model_validate({"database_url": dsn, "redis_url": "", "keyring": keyring})
    tenancy = Tenancy(dsn)
    try:
        return await held_mails(tenancy, settings)
    finally:
        await tenancy.close()
