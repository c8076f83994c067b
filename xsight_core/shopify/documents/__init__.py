"""GraphQL documents, tested against Shopify's schema. A folder named by a version holds twins."""

from functools import cache
from importlib.resources import files

__all__ = ["document"]


@cache
def document(name: str, version: str) -> str:
    """The text of ``name`` (e.g. ``orders_page``, ``bulk/orders``) for an API version."""
    root = files(__name__)
    twin = root.joinpath(version, *f"{name}.graphql".split("/"))
    chosen = twin if twin.is_file() else root.joinpath(*f"{name}.graphql".split("/"))
    return chosen.read_text(encoding="utf-8")
