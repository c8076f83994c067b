"""The OpenID provider's own knowledge: its key, its one client, and what it says about a person."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

from xsight_core.errors import InvalidInput
from xsight_core.services.accounts import Identity, TenantView
from xsight_core.settings import Settings

__all__ = ["CLIENT_ID", "Provider", "challenge_of", "claims"]

CLIENT_ID: Final = "xsight-hub"
ID_TOKEN_LIFE_S: Final = 300
ACCESS_LIFE_S: Final = 900  # and every use looks at the log-in itself


class Provider:
    """Signs for the Hub, with ES256 and a key that only this process reads."""

    access_life_s = ACCESS_LIFE_S

    def __init__(self, key: ec.EllipticCurvePrivateKey, issuer: str, client_secret: str) -> None:
        self._key = key
        self._client_secret = client_secret
        self.issuer = issuer

    @classmethod
    def from_settings(cls, settings: Settings) -> "Provider":
        """Read the key. Without a file the key is made anew: good for tests, and for one process only."""
        issuer = f"{settings.public_url}/auth/oauth"
        secret = settings.hub_client_secret.get_secret_value()
        if settings.oidc_key_file is None:
            return cls(ec.generate_private_key(ec.SECP256R1()), issuer, secret)
        key = load_pem_private_key(settings.oidc_key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            raise InvalidInput(
                "XSIGHT_OIDC_KEY_FILE", "The key must be an EC key on the curve P-256 (PEM)."
            )
        return cls(key, issuer, secret)

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """The public half, named by its thumbprint (RFC 7638)."""
        public: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        thumb = json.dumps(
            {name: public[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":")
        )
        kid = _b64(hashlib.sha256(thumb.encode()).digest())
        return {"kty": "EC", "crv": public["crv"], "x": public["x"], "y": public["y"]} | {
            "use": "sig",
            "alg": "ES256",
            "kid": kid,
        }

    def is_client(self, client_id: str, secret: str) -> bool:
        """Whether this is the Hub. An installation without a secret has no client."""
        ours = self._client_secret.encode()
        return client_id == CLIENT_ID and bool(ours) and hmac.compare_digest(secret.encode(), ours)

    def sign(self, about: dict[str, Any], *, nonce: str | None) -> str:
        """An ID token."""
        return self._sign(about | ({"nonce": nonce} if nonce else {}), CLIENT_ID, ID_TOKEN_LIFE_S)

    def sign_access(self, session_id: UUID) -> str:
        """A token that stands for a log-in at ``userinfo``, and nowhere else."""
        return self._sign({"sid": str(session_id)}, self._userinfo, ACCESS_LIFE_S)

    def read_access(self, token: str) -> UUID | None:
        """The log-in such a token stands for; ``None`` for whatever else is sent."""
        try:
            body = jwt.decode(
                token,
                self._key.public_key(),
                ["ES256"],
                audience=self._userinfo,
                issuer=self.issuer,
            )
            return UUID(body["sid"])
        except (jwt.PyJWTError, KeyError, ValueError):
            return None

    @property
    def _userinfo(self) -> str:
        return f"{self.issuer}/userinfo"

    def _sign(self, body: dict[str, Any], audience: str, life_s: int) -> str:
        now = int(time.time())
        body = body | {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + life_s}
        return jwt.encode(body, self._key, algorithm="ES256", headers={"kid": self.jwk["kid"]})


def claims(identity: Identity, tenants: Sequence[TenantView]) -> dict[str, Any]:
    """What the Hub learns about a person: who, and where with which role."""
    return {
        "sub": str(identity.user_id),
        "email": identity.email,
        "name": identity.name,
        "tenant": identity.slug,
        "tenants": [
            {"id": str(tenant.id), "slug": tenant.slug, "role": tenant.role, "pii": tenant.pii}
            for tenant in tenants
        ],
    }


def challenge_of(verifier: str) -> str:
    """PKCE, S256."""
    return _b64(hashlib.sha256(verifier.encode()).digest())


def _b64(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
