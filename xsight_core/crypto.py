"""Secrets at rest: sealed with AES-256-GCM when we need them back, digested when we only compare.

A sealed text names the key that sealed it and opens only for the tenant and purpose it was sealed for: a row copied
to another tenant, or a refresh token put where an access token belongs, does not open.
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xsight_core.errors import InvalidInput, SealBroken

__all__ = ["Keyring", "digest", "new_secret"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_VERSION = "xs1"


class Keyring:
    """The installation's keys. The first seals; every one of them opens."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise InvalidInput("XSIGHT_KEYRING", "XSIGHT_KEYRING holds no key.")
        self._current = next(iter(keys))
        self._fresh: Callable[[], str] | None = None
        self._mac_key = hmac.digest(keys[self._current], b"xsight: what is signed", hashlib.sha256)
        self._ciphers = MappingProxyType({name: AESGCM(key) for name, key in keys.items()})

    @classmethod
    def parse(cls, text: str, *, fresh: Callable[[], str] | None = None) -> "Keyring":
        """Read ``name:base64 of 32 bytes[,name:…]``, newest first. A message never repeats a key.

        ``fresh`` gives the text as it is now; it is asked when a key's name is unknown, so that keys
        are rotated while processes serve.
        """
        keys: dict[str, bytes] = {}
        for number, part in enumerate(text.split(","), start=1):
            name, _, encoded = part.strip().partition(":")
            if not _KEY_ID.fullmatch(name):
                raise InvalidInput(
                    "XSIGHT_KEYRING",
                    f"Key {number} of XSIGHT_KEYRING has no usable name: write name:base64, the name of letters, "
                    "digits, - and _.",
                )
            if name in keys:
                raise InvalidInput("XSIGHT_KEYRING", f"XSIGHT_KEYRING names key {name!r} twice.")
            keys[name] = _decode_key(name, encoded)
        ring = cls(keys)
        ring._fresh = fresh
        return ring

    def seal(self, secret: str, *, tenant_id: UUID, purpose: str) -> str:
        """``secret`` as text that only :meth:`open` with the same tenant and purpose gives back."""
        nonce = os.urandom(_NONCE_BYTES)
        head = f"{_VERSION}.{self._current}"
        sealed = self._ciphers[self._current].encrypt(
            nonce, secret.encode(), _bound_to(head, tenant_id, purpose)
        )
        return f"{head}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, tenant_id: UUID, purpose: str) -> str:
        """The secret. Raises :class:`SealBroken` for any other tenant, purpose, key or text."""
        head, _, body = sealed.rpartition(".")
        version, _, name = head.partition(".")
        if version != _VERSION:
            raise SealBroken(f"The {purpose} is not sealed text of this version.")
        cipher = self._ciphers.get(name) or self._learned(name)
        if cipher is None:
            raise SealBroken(
                f"The {purpose} was sealed with key {name!r}, which XSIGHT_KEYRING no longer holds: add it back."
            )
        try:
            raw = urlsafe_b64decode(body)
            opened = cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(head, tenant_id, purpose)
            )
        except (InvalidTag, ValueError):
            raise SealBroken(
                f"The {purpose} does not open: it was changed, or belongs to another tenant or purpose."
            ) from None
        return opened.decode()

    def sign(self, text: str, *, purpose: str) -> str:
        """A signature that only this installation can make. It changes with the newest key: for what is short-lived."""
        signature = hmac.digest(self._mac_key, f"{purpose}|{text}".encode(), hashlib.sha256)
        return urlsafe_b64encode(signature).rstrip(b"=").decode()

    def _learned(self, name: str) -> AESGCM | None:
        """The key of this name, if it has been added since; from then on we seal with the newest."""
        if self._fresh is None:
            return None
        newer = Keyring.parse(self._fresh())
        if name not in newer._ciphers:  # noqa: SLF001 - one of us
            return None
        self._ciphers, self._current = newer._ciphers, newer._current  # noqa: SLF001
        self._mac_key = newer._mac_key  # noqa: SLF001
        return self._ciphers[name]

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key sealed this; if not, open it and seal it again."""
        return sealed.startswith(f"{_VERSION}.{self._current}.")


def new_secret() -> str:
    """256 random bits for a cookie, a state, a code."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a :func:`new_secret`: enough to recognise it, useless to a thief.

    A plain hash is right for random secrets only; passwords go through argon2.
    """
    return hashlib.sha256(secret.encode()).digest()


def _bound_to(head: str, tenant_id: UUID, purpose: str) -> bytes:
    return f"{head}|{tenant_id}|{purpose}".encode()


def _decode_key(name: str, encoded: str) -> bytes:
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise InvalidInput(
            "XSIGHT_KEYRING",
            f"Key {name!r} of XSIGHT_KEYRING is not the base64 of {_KEY_BYTES} bytes.",
        )
    return key
