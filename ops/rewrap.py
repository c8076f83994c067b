"""``python -m ops.rewrap``: every stored token is sealed with the newest key of ``XSIGHT_KEYRING``."""

import asyncio
import os

from xsight_core.crypto import Keyring
from xsight_core.services.keys import rewrap_tokens
from xsight_core.tenancy import Tenancy


async def main() -> None:
    """Say how many were sealed anew."""
    tenancy = Tenancy(os.environ["XSIGHT_DATABASE_URL"], pool_size=2)
    done = await rewrap_tokens(tenancy, Keyring.parse(os.environ["XSIGHT_KEYRING"]))
    await tenancy.close()
    print(f"Tokens of {done} stores are sealed with it.")


if __name__ == "__main__":
    asyncio.run(main())
