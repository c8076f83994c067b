"""Who may see this server: members of the tenant, says the Hub, and it is asked again while they look."""

# pyright: reportMissingImports=false
# Voila lives in the dashboards' environment, the checker in the server's.

import os
from typing import Any

from jupyterhub.services.auth import HubOAuth
from jupyterhub.singleuser.extension import JupyterHubIdentityProvider
from tornado import web
from tornado.ioloop import PeriodicCallback
from traitlets import default
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

__all__ = ["RECHECK_S", "KernelSocket", "TenantIdentityProvider", "members_only"]

RECHECK_S = int(os.environ.get("JUPYTERHUB_RECHECK_S", "10"))
"""How long somebody whose access was taken away may go on."""
ACCESS_REVOKED = 4403
"""Close code of a websocket (4000–4999 are an application's own)."""


class TenantIdentityProvider(JupyterHubIdentityProvider):
    """The Hub's OAuth. Answers are kept for ``RECHECK_S``, not for the five minutes that are JupyterHub's default."""

    @default("hub_auth")
    def _hub_auth(self) -> HubOAuth:
        return self.parent.hub_auth

    async def still_allowed(self, token: str | None) -> bool:
        """Whether the Hub would let the holder of this token in now."""
        user = await self.hub_auth.user_for_token(token, sync=False) if token else None
        return bool(user and self.hub_auth.check_scopes(self.hub_auth.access_scopes, user))


class KernelSocket(VoilaKernelWebsocketHandler):
    """Kernel channels. Jupyter checks a websocket when it opens; this one is checked while it is open."""

    _recheck: PeriodicCallback | None = None

    async def open(self, kernel_id: str) -> None:
        """Start checking with the first message."""
        await super().open(kernel_id)
        self._token = self.identity_provider.hub_auth.get_token(self)
        self._recheck = PeriodicCallback(self._check, RECHECK_S * 1000)
        self._recheck.start()

    def on_close(self) -> None:
        """Stop checking."""
        if self._recheck is not None:
            self._recheck.stop()
        super().on_close()

    async def _check(self) -> None:
        if not await self.identity_provider.still_allowed(self._token):
            self.close(ACCESS_REVOKED, "access revoked")


def members_only(handler: type[web.RequestHandler]) -> type[web.RequestHandler]:
    """Guard a handler that knows nothing of identity providers: some of Voila's are plain tornado ones."""

    class MembersOnly(handler):
        async def prepare(self) -> Any:
            if await self.settings["identity_provider"].get_user(self) is None:
                raise web.HTTPError(403)

    return MembersOnly
