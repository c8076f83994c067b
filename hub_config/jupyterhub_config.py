"""JupyterHub's configuration: the composition root. Everything that differs between machines is in the environment."""

import logging
import sys
from pathlib import Path

from hub_config.authenticator import DashboardClients, XsightAuthenticator
from hub_config.identity import LAB_SCOPES, USER_SCOPES, USERNAME
from hub_config.origins import origins_of
from hub_config.policy import CONTENT_SECURITY_POLICY
from hub_config.roles import LIFETIME
from hub_config.settings import HubSettings
from hub_config.site import Site
from hub_config.spawner import ServerSpawner

c = get_config()  # pyright: ignore[reportUndefinedVariable]
settings = HubSettings()  # pyright: ignore[reportCallIssue]
settings.state_dir.mkdir(parents=True, exist_ok=True)
public, api = settings.public_url.rstrip("/"), settings.api_internal_url.rstrip("/")
hub_url = f"http://127.0.0.1:{settings.hub_port}"
overview = f"{public}/app/overview"

# ------------------------------------------------------------------------------------------------ the Hub itself
c.JupyterHub.bind_url = public
c.JupyterHub.hub_bind_url = hub_url
c.JupyterHub.db_url = f"sqlite:///{settings.state_dir}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(settings.cookie_secret_file)
c.JupyterHub.log_level = logging.getLevelNamesMapping()[settings.log_level.upper()]
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.default_url = overview
c.JupyterHub.implicit_spawn_seconds = 0.05
c.JupyterHub.shutdown_on_logout = True
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.tornado_settings = {
    "oauth_no_confirm_list": DashboardClients(),
    "xsight_overview_url": overview,
    "slow_spawn_timeout": 0.5,  # who asks for a server is answered "starting" and looks again
    "headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY},
}

# ------------------------------------------------------------------------------------------------ the proxy
# A process of its own, so that API and webhooks outlive the Hub. All but these two prefixes is the API's.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = settings.proxy_api_url
c.ConfigurableHTTPProxy.auth_token = settings.proxy_token.get_secret_value()
c.JupyterHub.hub_routespec = "/hub/"
# A proxy that was started anew has no routes: they are looked after together with activity (every 300 s by default).
c.JupyterHub.last_activity_interval = 5
c.Proxy.extra_routes = {"/user/": hub_url}  # of servers that do not run

if origins := origins_of(public, settings.notebook_host):  # the proxy then runs with --host-routing
    c.JupyterHub.subdomain_host = origins.public
    c.JupyterHub.subdomain_hook = origins.hook
    c.JupyterHub.hub_routespec = origins.hub_routespec
    c.Proxy.extra_routes = origins.extra_routes(hub_url)

# ------------------------------------------------------------------------------------------------ who may enter
c.JupyterHub.authenticator_class = XsightAuthenticator
c.Authenticator.allow_all = True  # everybody the API vouches for
c.Authenticator.auto_login = True
c.Authenticator.enable_auth_state = True
c.Authenticator.manage_roles = True
c.Authenticator.username_pattern = USERNAME
c.Authenticator.auth_refresh_age = settings.auth_refresh_s
c.Authenticator.auth_refresh_strict = True
c.Authenticator.refresh_pre_spawn = True
c.GenericOAuthenticator.client_id = "xsight-hub"
c.GenericOAuthenticator.client_secret = settings.client_secret.get_secret_value()
c.GenericOAuthenticator.scope = ["openid"]
c.GenericOAuthenticator.enable_pkce = True
c.GenericOAuthenticator.oauth_callback_url = f"{public}/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = f"{public}/auth/oauth/authorize"  # the browser goes there
c.GenericOAuthenticator.token_url = f"{api}/auth/oauth/token"  # the Hub does
c.GenericOAuthenticator.userdata_url = f"{api}/auth/oauth/userinfo"
c.GenericOAuthenticator.logout_redirect_url = f"{public}/login?out=1"

# `user` is everybody's role: name themselves, be seen active. Starting a server of one's own comes with `lab`;
# `dash-<slug>` with the log-in (identity.py).
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": USER_SCOPES},
    {"name": "lab", "scopes": LAB_SCOPES},
    {
        "name": "xsight-api",
        "services": ["xsight-api"],
        "scopes": ["admin:users", "servers", "tokens", "read:servers", "read:hub"],
    },
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]
oldest_s = int(LIFETIME.total_seconds()) - 3600
c.JupyterHub.services = [
    {"name": "xsight-api", "api_token": settings.api_token.get_secret_value()},
    {
        "name": "idle-culler",
        "command": [
            *(sys.executable, "-m", "hub_config.culler"),
            f"--timeout={settings.idle_timeout_s}",
            f"--max-age={oldest_s}",
            f"--cull-every={max(settings.idle_timeout_s // 6, 1)}",
        ],
    },
]

# ------------------------------------------------------------------------------------------------ servers
c.JupyterHub.spawner_class = ServerSpawner
ServerSpawner.site = Site(settings)
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.poll_interval = 5
c.Spawner.environment = {
    "JUPYTERHUB_ACTIVITY_INTERVAL": str(max(settings.idle_timeout_s // 6, 1)),
    "JUPYTERHUB_RECHECK_S": str(settings.recheck_s),
}
