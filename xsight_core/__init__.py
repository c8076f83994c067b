"""XSight's shared library: sync, analytics and segments of Shopify customers, one tenant at a time.

In a notebook: ``import xsight_core as xs; shop = xs.connect()``. Elsewhere, with a token: ``xs.Client(url, token)``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xsight_core.client import Client
    from xsight_core.workspace import Shop, connect

__all__ = ["Client", "Shop", "connect"]


def __getattr__(name: str) -> Any:
    """What a notebook uses, loaded when it asks: servers import this package too, without pandas."""
    if name == "Client":
        from xsight_core import client  # noqa: PLC0415

        return client.Client
    if name in __all__:
        from xsight_core import workspace  # noqa: PLC0415

        return getattr(workspace, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
