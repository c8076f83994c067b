"""What the Hub is told by its environment, read once by ``jupyterhub_config.py``."""

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["HubSettings"]

SOCKET_PATH_MAX = 100
"""Longest path of a unix socket that we hand out; the kernel's limit is 107 bytes."""
LONGEST_SOCKET = len("/aaaaaaaaaaaaaaaaaaaa-00000000/server.sock")


class HubSettings(BaseSettings):
    """Environment of ``python -m hub_config``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(Path("var"), alias="XSIGHT_HOME")
    public_url: str = Field("http://127.0.0.1:8000", alias="XSIGHT_PUBLIC_URL")
    hub_port: int = Field(alias="XSIGHT_HUB_PORT")
    proxy_api_url: str = Field(alias="XSIGHT_PROXY_API_URL")
    proxy_token: SecretStr = Field(alias="CONFIGPROXY_AUTH_TOKEN")
    crypt_key: SecretStr = Field(alias="JUPYTERHUB_CRYPT_KEY")
    cookie_secret_file: Path = Field(alias="XSIGHT_HUB_COOKIE_SECRET_FILE")
    dash_python: Path = Field(alias="XSIGHT_DASH_PYTHON")
    lab_python: Path = Field(alias="XSIGHT_LAB_PYTHON")
    api_internal_url: str = Field(alias="XSIGHT_API_INTERNAL_URL")
    client_secret: SecretStr = Field(alias="XSIGHT_HUB_CLIENT_SECRET")
    api_token: SecretStr = Field(alias="XSIGHT_HUB_API_TOKEN")
    spawner_database_url: SecretStr = Field(alias="XSIGHT_SPAWNER_DATABASE_URL")
    pg_socket_dir: str = Field("", alias="XSIGHT_PG_SOCKET_DIR")
    run_dir: Path | None = Field(None, alias="XSIGHT_RUN_DIR")
    notebook_host: str = Field("", alias="XSIGHT_NOTEBOOK_HOST")  # a domain of their own for Labs
    sandbox: Literal["auto", "bwrap", "none"] = Field("auto", alias="XSIGHT_SANDBOX")
    idle_timeout_s: int = Field(1800, alias="XSIGHT_HUB_IDLE_S")
    auth_refresh_s: int = Field(5, alias="XSIGHT_HUB_AUTH_REFRESH_S")
    recheck_s: int = Field(3, alias="XSIGHT_HUB_RECHECK_S")
    log_level: str = Field("INFO", alias="XSIGHT_LOG_LEVEL")

    @property
    def state_dir(self) -> Path:
        """The Hub's own state: its database and nothing a server may read."""
        return self.home.resolve() / "hub"

    @property
    def homes_dir(self) -> Path:
        """Analysts' home folders, one a Hub user."""
        return self.home.resolve() / "homes"

    @property
    def sockets_dir(self) -> Path:
        """Folder of the servers' unix sockets; outside ``home`` where that path is too long for a socket."""
        folder = self.run_dir or self.home.resolve() / "run" / "servers"
        if len(str(folder)) + LONGEST_SOCKET <= SOCKET_PATH_MAX:
            return folder
        digest = sha256(str(folder).encode()).hexdigest()[:8]
        return Path(tempfile.gettempdir()) / f"xsight-{digest}"
