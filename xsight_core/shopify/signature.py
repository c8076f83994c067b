"""Signatures on what Shopify sends us: constant-time, over raw bytes, any secret of the ring.

While a client secret is rotated Shopify may sign with either for a while, so every check takes all
of them.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

__all__ = ["query_signature_is_valid", "webhook_signature_is_valid"]


def webhook_signature_is_valid(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Whether ``X-Shopify-Hmac-Sha256`` belongs to exactly these bytes."""
    try:
        given = base64.b64decode(signature.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return _any_matches(body, given, secrets)


def query_signature_is_valid(query: Mapping[str, str], secrets: Iterable[str]) -> bool:
    """Whether ``hmac`` belongs to the other parameters (sorted, ``k=v`` joined by ``&``)."""
    try:
        given = bytes.fromhex(query.get("hmac", ""))
    except ValueError:
        return False
    message = "&".join(f"{key}={query[key]}" for key in sorted(query) if key != "hmac")
    return _any_matches(message.encode(), given, secrets)


def _any_matches(message: bytes, given: bytes, secrets: Iterable[str]) -> bool:
    digests = [
        hmac.digest(secret.encode(), message, hashlib.sha256) for secret in secrets if secret
    ]
    matches = [
        hmac.compare_digest(digest, given) for digest in digests
    ]  # all of them, whichever fits
    return any(matches)
