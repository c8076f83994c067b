"""Whether notebook servers can be sandboxed here; said loudly where they cannot."""

import shutil

from hub_config.sandbox import find_bubblewrap

__all__ = ["notice", "usable"]


def usable() -> bool:
    """Whether bubblewrap is there and the kernel lets it work."""
    return find_bubblewrap() is not None


def notice(wanted: str) -> str:
    """What the operator must know before notebooks run, or nothing."""
    if wanted == "none":
        why, remedy = "XSIGHT_SANDBOX=none", "unset it"
    elif usable():
        return ""
    elif shutil.which("bwrap"):
        why, remedy = (
            "bubblewrap cannot make a sandbox on this machine",
            "allow unprivileged user namespaces",
        )
    else:
        why, remedy = "bubblewrap is missing", "apt install bubblewrap"
    return (
        f"  !!! NO SANDBOX: {why}. Notebook and dashboard servers run as this user, unprotected,\n"
        f"  !!! and for one tenant only. Remedy: {remedy}, then start XSight again."
    )
