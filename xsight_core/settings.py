"""What an installation may configure, read once in each process's composition root and passed down."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["DEFAULT_SCOPES", "TAG_SCOPE", "QueueSettings", "Settings"]

DEFAULT_SCOPES = (
    "read_customers,read_orders,read_all_orders,read_products,read_inventory,read_customer_merge,"
    "read_reports"
)
"""What every shop is asked for. Writing tags asks for ``TAG_SCOPE`` besides, when a shop first wants to."""

TAG_SCOPE = "write_customers"


class QueueSettings(BaseSettings):
    """Environment of scheduler and relay: they promise and send work, and open no secret."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    database_url: SecretStr = Field(alias="XSIGHT_DATABASE_URL")
    redis_url: SecretStr = Field(alias="XSIGHT_REDIS_URL")
    # after so long a worker that is not heard of is taken for dead; it is heard of three times as often
    lease_s: float = Field(30.0, ge=1, alias="XSIGHT_LEASE_S")
    log_level: str = Field("INFO", alias="XSIGHT_LOG_LEVEL")
    log_format: str = Field("json", alias="XSIGHT_LOG_FORMAT")
    # where traces and reports of errors go; empty: nowhere
    otlp_endpoint: str = Field("", alias="XSIGHT_OTLP_ENDPOINT")
    sentry_dsn: SecretStr = Field(SecretStr(""), alias="XSIGHT_SENTRY_DSN")

    @property
    def lease(self) -> timedelta:
        """How long a job is a worker's without a sign of life."""
        return timedelta(seconds=self.lease_s)


class Settings(QueueSettings):
    """Environment of API and worker. Every secret is a ``SecretStr``: it does not print."""

    home: Path = Field(Path("var"), alias="XSIGHT_HOME")
    public_url: str = Field("http://127.0.0.1:8000", alias="XSIGHT_PUBLIC_URL")
    ingest_database_url: SecretStr | None = Field(None, alias="XSIGHT_INGEST_DATABASE_URL")
    keyring: SecretStr = Field(alias="XSIGHT_KEYRING")
    keyring_file: Path | None = Field(None, alias="XSIGHT_KEYRING_FILE")  # read anew for new keys
    oidc_key_file: Path | None = Field(None, alias="XSIGHT_OIDC_KEY_FILE")
    hub_client_secret: SecretStr = Field(SecretStr(""), alias="XSIGHT_HUB_CLIENT_SECRET")
    hub_api_url: str | None = Field(None, alias="XSIGHT_HUB_API_URL")
    hub_api_token: SecretStr = Field(SecretStr(""), alias="XSIGHT_HUB_API_TOKEN")
    api_host: str = Field("127.0.0.1", alias="XSIGHT_API_HOST")
    api_port: int = Field(8001, alias="XSIGHT_API_PORT")
    metrics_port: int | None = Field(None, alias="XSIGHT_METRICS_PORT")
    metrics_host: str = Field("127.0.0.1", alias="XSIGHT_METRICS_HOST")  # in a container: 0.0.0.0
    trusted_proxies: str = Field("", alias="XSIGHT_TRUSTED_PROXIES")  # networks, comma-separated
    # requests a second, with ten seconds' worth saved up; 0: no limit
    rate_user: int = Field(50, ge=0, alias="XSIGHT_RATE_USER")
    rate_tenant: int = Field(200, ge=0, alias="XSIGHT_RATE_TENANT")
    rate_address: int = Field(30, ge=0, alias="XSIGHT_RATE_ADDRESS")
    smtp_url: SecretStr | None = Field(None, alias="XSIGHT_SMTP_URL")
    # somebody else's OpenID provider to log in through
    login_issuer: str = Field("", alias="XSIGHT_LOGIN_ISSUER")
    login_client_id: str = Field("", alias="XSIGHT_LOGIN_CLIENT_ID")
    login_client_secret: SecretStr = Field(SecretStr(""), alias="XSIGHT_LOGIN_CLIENT_SECRET")
    login_name: str = Field("your organisation", alias="XSIGHT_LOGIN_NAME")
    mail_from: str = Field("XSight <xsight@localhost>", alias="XSIGHT_MAIL_FROM")
    # what runs published notebooks: who may make their database roles, the analysts' Python, PostgreSQL's socket
    spawner_database_url: SecretStr | None = Field(None, alias="XSIGHT_SPAWNER_DATABASE_URL")
    lab_python: Path | None = Field(None, alias="XSIGHT_LAB_PYTHON")
    pg_socket_dir: str = Field("", alias="XSIGHT_PG_SOCKET_DIR")
    sandbox: str = Field("auto", alias="XSIGHT_SANDBOX")
    shopify_client_id: str = Field("", alias="SHOPIFY_CLIENT_ID")
    shopify_client_secret: SecretStr = Field(SecretStr(""), alias="SHOPIFY_CLIENT_SECRET")
    shopify_api_version: str = Field("2026-10", alias="SHOPIFY_API_VERSION")
    shopify_scopes: Annotated[str, NoDecode] = Field(DEFAULT_SCOPES, alias="SHOPIFY_SCOPES")
    pool_models: bool = Field(
        default=False, alias="XSIGHT_POOL_MODELS"
    )  # shops' models learn from each other: docs/adr/0015
    hooks_private: bool = Field(
        default=False, alias="XSIGHT_HOOKS_PRIVATE"
    )  # outgoing webhooks may go to addresses of our own network
    operators: str = Field("", alias="XSIGHT_OPERATORS")  # e-mail addresses, comma-separated
    demo_shops: str = Field("", alias="XSIGHT_DEMO_SHOPS")  # simulated ones to try, comma-separated
    shopify_url_template: str = Field("https://{shop}", alias="SHOPIFY_URL_TEMPLATE")

    @property
    def secure(self) -> bool:
        """Whether the public origin is https: cookies are then Secure and carry the ``__Secure-`` prefix."""
        return self.public_url.startswith("https://")

    @property
    def operator_addresses(self) -> frozenset[str]:
        """Who runs the installation."""
        return frozenset(filter(None, (one.strip().lower() for one in self.operators.split(","))))

    @property
    def shopify_secrets(self) -> tuple[str, ...]:
        """Client secrets, newest first; two while one is being rotated."""
        return tuple(s for s in self.shopify_client_secret.get_secret_value().split(",") if s)
