"""The demo shops: made through XSight's own pages as a newcomer would, and shown."""

from ops.config import Config


async def run_beside(config: Config, *, started_s: float) -> None:
    print(
        f"\nXSight is up after {started_s:.0f} s: {config.public_url}\n\nCtrl-C stops it\n",
        flush=True,
    )
