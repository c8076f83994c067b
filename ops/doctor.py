"""``xsight doctor``: what could keep XSight from running here, or from getting on, each with its remedy."""

from collections.abc import Callable

from ops.checks import installation, machine, running
from ops.config import Config
from ops.trouble import Trouble

__all__ = ["CHECKS", "examine"]

CHECKS: dict[str, Callable[[Config], None]] = {
    **machine.CHECKS,
    **installation.CHECKS,
    **running.CHECKS,
}


def examine(config: Config) -> int:
    """Run every check; the exit code is 1 when one of them failed."""
    failed = 0
    for name, check in CHECKS.items():
        try:
            check(config)
        except Trouble as trouble:
            failed += 1
            print(f"  ✗ {name:<17} {trouble}")
        else:
            print(f"  ✓ {name}")
    print("All is well." if not failed else f"{failed} of {len(CHECKS)} checks failed.")
    return 1 if failed else 0
