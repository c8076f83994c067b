"""Which server answers under which host, where analysts' code gets a site of its own (``XSIGHT_NOTEBOOK_HOST``).

Dashboards that come with XSight (``t-<tenant>``) stay on the public host: their pages ask the API with the viewer's own
session. Labs, where anybody's code writes the page, are each on a host of their own below another domain: no cookie
of ours is ever sent there, and no page of theirs can read ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub_config.identity import DASHBOARDS_PREFIX

__all__ = ["Origins", "origins_of"]


@dataclass(frozen=True)
class Origins:
    """What JupyterHub and the proxy have to be told. ``public``: scheme and host of everything but Labs."""

    public: str
    notebooks: str

    @property
    def public_name(self) -> str:
        """Host without port, as routes name it."""
        return urlsplit(self.public).hostname or ""

    @property
    def hub_routespec(self) -> str:
        """The Hub's own prefix, on the public host only."""
        return f"{self.public_name}/hub/"

    def extra_routes(self, hub_url: str) -> dict[str, str]:
        """Servers that do not run are the Hub's to answer for, on the public host."""
        return {f"{self.public_name}/user/": hub_url}

    @property
    def hook(self) -> Callable[[str, str, str], str]:
        """JupyterHub's ``subdomain_hook``: a name's host."""

        def host_of(name: str, domain: str, kind: str) -> str:
            if kind != "user" or name.startswith(DASHBOARDS_PREFIX):
                return domain
            return f"{name}.{self.notebooks}"

        return host_of


def origins_of(public_url: str, notebook_host: str) -> Origins | None:
    """None: one origin for all, as in the embedded installation. ``ValueError`` where two would be one site.

    Browsers send cookies to a site, and ``a.example.com`` and ``b.example.com`` are one.
    """
    if not notebook_host:
        return None
    public = urlsplit(public_url)
    name, host = notebook_host.lower().strip("."), public.hostname or ""
    if "." not in name or "/" in name or ":" in name:
        raise ValueError(f"XSIGHT_NOTEBOOK_HOST: write a domain, not {notebook_host!r}")
    if _site(name) == _site(host):
        raise ValueError(
            f"XSIGHT_NOTEBOOK_HOST: {name} and {host} are one site to a browser; take another domain"
        )
    return Origins(f"{public.scheme}://{public.netloc}", name)


def _site(host: str) -> str:
    """The last two labels: strict enough, since a shared suffix like ``co.uk`` is refused rather than let through."""
    return ".".join(host.rsplit(".", 2)[-2:])
