"""Voila as a single-user server of the Hub: its OAuth, activity, version header; our pages, guards and kernels."""

# pyright: reportMissingImports=false
# Voila lives in the dashboards' environment, the checker in the server's.

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from jupyter_server.base.handlers import APIVersionHandler
from jupyter_server.utils import url_path_join
from jupyterhub import __version__ as hub_version
from jupyterhub.log import log_request
from jupyterhub.services.auth import HubOAuth
from jupyterhub.singleuser.extension import JupyterHubAuthorizer, JupyterHubSingleUser
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_unix_socket
from traitlets.config import Config
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

import xsight_ui
from hub_config.credentials import SOCKET, run_folder
from hub_config.dashboards.access import (
    RECHECK_S,
    KernelSocket,
    TenantIdentityProvider,
    members_only,
)
from hub_config.dashboards.forkserver import register
from hub_config.dashboards.pages import PageHandler, SpecHandler, ToFirstPage
from hub_config.policy import CONTENT_SECURITY_POLICY

__all__ = ["DashboardServer"]

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks" / "dashboards"
KERNELS = Path(__file__).with_name("kernels")
PAGE = r"([a-z0-9-]+)"
HEADERS = {
    "X-JupyterHub-Version": hub_version,
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
REPLACED: dict[type, type] = {
    VoilaKernelWebsocketHandler: KernelSocket,
    AllowListFileHandler: members_only(AllowListFileHandler),
    RequestInfoSocketHandler: members_only(RequestInfoSocketHandler),
}


class DashboardServer(Voila):
    """Standalone Voila, configured by what the Hub's spawner put into the environment."""

    hub_token: ClassVar[str]

    def initialize(self, argv: list[str] | None = None) -> None:
        """Configure everything, then let Voila put itself together."""
        self.hub_auth = HubOAuth(parent=self, api_token=self.hub_token, cache_max_age=RECHECK_S)
        self.last_seen = datetime.now(UTC)
        _lay_out_jupyter_path(run_folder() / "jupyter")
        register()
        self.update_config(_config(self._log_function))
        super().initialize(argv)

    def last_activity(self) -> datetime:
        """A member's last request, or last message of a kernel that somebody looks at. Health checks do not count."""
        kernels = self.kernel_manager
        connections = kernels._kernel_connections  # noqa: SLF001 - there is no public question
        watched = [
            kernels.get_kernel(k).last_activity
            for k in kernels.list_kernel_ids()
            if connections.get(k)
        ]
        return max([self.last_seen, *watched])

    def init_handlers(self) -> list[Any]:
        """Voila's handlers, guarded where they are not, behind ours."""
        page = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        plain = {"voila_configuration": self.voila_configuration}
        at = self.server_url
        ours = [
            (url_path_join(at, "/api"), APIVersionHandler),  # the Hub's health check
            (url_path_join(at, rf"/app/{PAGE}"), PageHandler, page),
            (url_path_join(at, rf"/app/{PAGE}(?:\.json|/spec)"), SpecHandler, plain),
            (url_path_join(at, r"/(?:app/?)?"), ToFirstPage, plain),
        ]
        theirs = []
        for pattern, handler, *arguments in super().init_handlers():
            if handler is TornadoVoilaHandler:
                continue  # pages have one address
            # Voila forgets the prefix of the identity provider's handlers
            prefixed = pattern if pattern.startswith(at) else url_path_join(at, pattern)
            theirs.append((prefixed, REPLACED.get(handler, handler), *arguments))
        return [*ours, *theirs]

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings and the tenant's slug."""
        return super().init_settings() | {"tenant": os.environ["XSIGHT_TENANT"]}

    def listen(self) -> None:
        """Listen on the run folder's unix socket, and report to the Hub."""
        server = HTTPServer(self.app, xheaders=True)
        server.add_socket(bind_unix_socket(str(run_folder() / SOCKET), mode=0o600))
        hub = JupyterHubSingleUser(
            hub_auth=self.hub_auth, log=self.log
        )  # its reports, not its server
        hub.serverapp = SimpleNamespace(web_app=self)
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(hub.check_hub_version)
        self.ioloop.add_callback(hub.keep_activity_updated)
        with suppress(KeyboardInterrupt):
            self.ioloop.start()

    def _log_function(self, handler: web.RequestHandler) -> None:
        if getattr(handler, "current_user", None):  # refused visitors do not keep a server alive
            self.last_seen = datetime.now(UTC)
        log_request(handler)


def _lay_out_jupyter_path(folder: Path) -> None:
    """Templates and kernelspec are looked up in a Jupyter data folder: make one of links."""
    (folder / "voila").mkdir(parents=True)
    (folder / "voila" / "templates").symlink_to(xsight_ui.TEMPLATES)
    (folder / "kernels").symlink_to(KERNELS)
    os.environ["JUPYTER_PATH"] = str(folder)


def _config(log_function: Any) -> Config:
    return Config(
        {
            "Voila": {
                "root_dir": str(NOTEBOOKS),
                "open_browser": False,
                "auto_token": True,
                "mathjax_url": "",  # by default another server's
                "base_url": os.environ["JUPYTERHUB_SERVICE_PREFIX"],
                "identity_provider_class": TenantIdentityProvider,
                "authorizer_class": JupyterHubAuthorizer,
                "tornado_settings": {"headers": HEADERS, "log_function": log_function},
            },
            "VoilaConfiguration": {
                "template": "xsight",
                "file_allowlist": [],
                "extension_denylist": ["@voila-dashboards/jupyterlab-preview"],
            },
            "MappingKernelManager": {
                # a page ends its kernel when it is left, and gives up a lost one after half a minute
                "cull_idle_timeout": 120,
                "cull_interval": 30,
                "cull_connected": False,
            },
            "KernelManager": {
                "transport": "ipc",  # no port that anybody else on the machine could reach
                "client_factory": "hub_config.dashboards.client.QuickClient",
            },
        }
    )
