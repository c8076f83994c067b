"""Shop domains: parsed once at the border, so that no request can be sent anywhere else."""

import re
from typing import NewType

from xsight_core.errors import InvalidInput

__all__ = ["ShopDomain", "parse_shop_domain", "shop_url"]

ShopDomain = NewType("ShopDomain", str)

_DOMAIN = re.compile(r"\A[a-z0-9][a-z0-9-]{0,61}\.myshopify\.com\Z", re.ASCII)


def parse_shop_domain(text: str) -> ShopDomain:
    """The domain a merchant typed or Shopify sent, or ``InvalidInput``.

    Accepted are the domain itself, its bare handle, and both as a merchant copies them from the
    address bar of the shop's admin. Everything which could lead a request to another host (user
    info, port, path tricks, look-alike letters, line ends) does not match and is refused.
    """
    name = text.strip(" ").lower().removeprefix("https://").removesuffix("/admin").removesuffix("/")
    if name.startswith("admin.shopify.com/store/"):
        name = name.removeprefix("admin.shopify.com/store/")
    if re.fullmatch(r"[a-z0-9-]+", name, re.ASCII):
        name += ".myshopify.com"
    if not _DOMAIN.match(name):
        raise InvalidInput("shop", "Give the shop's own address, like my-store.myshopify.com.")
    return ShopDomain(name)


def shop_url(template: str, shop: ShopDomain, path: str = "") -> str:
    """The shop's address by the installation's template (``https://{shop}`` unless simulated)."""
    return template.format(shop=shop).rstrip("/") + path
