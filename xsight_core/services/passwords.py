"""Passwords: argon2id with OWASP's parameters, off the event loop, a few at a time."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from xsight_core.errors import InvalidInput

__all__ = ["check_password", "hash_password", "needs_rehash", "verify_password"]

_T = TypeVar("_T")

_MIN_LENGTH: Final = 10
_MAX_LENGTH: Final = 256
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# Each hash takes 19 MiB and a core for some 50 ms: a flood of log-ins queues here and nowhere else.
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="argon2")

# Verified when there is no such user, so that the answer takes as long.
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$YIBsxXhbmU3hhv9KkfD28w$K9ddMaKEmw/5WrAW+ADA6K5uYd1XOt6ND9UgVXo73Y0"
# with a year or an exclamation mark behind them
_ROOTS: Final = frozenset(
    (
        *("password", "passwort", "admin", "administrator", "welcome", "letmein"),
        *("changeme", "qwerty", "iloveyou", "shopify", "xsight", "customer"),
    )
)
_COMMON: Final = frozenset(
    files("xsight_core.services")
    .joinpath("common_passwords.txt")
    .read_text(encoding="utf-8")
    .splitlines()[1:]
)


def check_password(password: str, *, email: str) -> None:
    """Length over composition (ASVS 5 V6.2): long enough, not among the first to be guessed."""
    if len(password) < _MIN_LENGTH:
        raise InvalidInput("password", f"Choose a password of at least {_MIN_LENGTH} characters.")
    if len(password) > _MAX_LENGTH:
        raise InvalidInput("password", f"Choose a password of at most {_MAX_LENGTH} characters.")
    folded = _normal(password).casefold()
    root = folded.strip("0123456789!?.*#$ ")
    own = {email, email.partition("@")[0]}
    if folded in _COMMON or {folded, root} & (own | _ROOTS) or len(set(folded)) < 4:  # noqa: PLR2004
        raise InvalidInput("password", "This password is easily guessed. Choose another one.")


async def hash_password(password: str) -> str:
    """The text to store."""
    return await _off_loop(partial(_HASHER.hash, _normal(password)))


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the one; for nobody (None) the same work, then False."""
    known = password_hash if len(password) <= _MAX_LENGTH else None
    matches = await _off_loop(partial(_verify, known or _NOBODY, _normal(password[:_MAX_LENGTH])))
    return matches and known is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


async def _off_loop(work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
