"""Secrets of an installation: made once, one file each, readable by its owner only."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Vault"]


class Vault:
    """The folder ``secrets`` of a home. Reading a name that is not there makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def add_key(self, name: str) -> str:
        """Put a new key before the others of a keyring; its name."""
        old = self.keyring(name)
        known = {part.partition(":")[0] for part in old.split(",")}
        number = len(known) + 1
        while f"k{number}" in known:
            number += 1
        fresh = f"k{number}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        self._write(name, f"{fresh},{old}")
        return f"k{number}"

    def text(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """The secret of this name; ``make`` is called the first time only."""
        file = self.path(name)
        if not file.exists():
            self._write(name, make())
        return file.read_text()

    def _write(self, name: str, text: str) -> None:
        """Whole or not at all: a half-written key would lock its data away."""
        fresh = self.path(f".{name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path(name))

    def known(self, name: str) -> str | None:
        """The secret of this name if it was made."""
        file = self.path(name)
        return file.read_text() if file.exists() else None

    def hex(self, name: str) -> str:
        """32 random bytes in hexadecimal digits, as JupyterHub wants its keys."""
        return self.text(name, lambda: secrets.token_hex(32))

    def keyring(self, name: str) -> str:
        """``kid:base64(32 bytes)[,…]``, the current key first. `xsight keys rotate` adds one."""
        return self.text(name, lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}")

    def signing_key(self, name: str) -> Path:
        """File of an ES256 private key in PEM."""
        self.text(name, _new_signing_key)
        return self.path(name)


def _new_signing_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
