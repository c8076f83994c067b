"""What a test run does over and over and needs once, or never: most of a small test's processor time was this."""

import functools
import ssl
from collections.abc import Iterator

import certifi
import pytest
from argon2 import PasswordHasher

from xsight_core.services import passwords

__all__ = ["cheap_passwords"]


@pytest.fixture(scope="session", autouse=True)
def _authorities() -> Iterator[None]:
    """The file of authorities is read once a process: httpx reads it for each client, 40 ms of nothing but work.

    Nothing in a test speaks TLS with the outside, and every client of ours wants the same context.
    """
    make = ssl.create_default_context
    known = functools.cache(functools.partial(make, cafile=certifi.where()))

    def create(*args, **options):
        return (
            known()
            if not args and options == {"cafile": certifi.where()}
            else make(*args, **options)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", create)
        yield


@pytest.fixture(scope="module")
def cheap_passwords() -> Iterator[None]:
    """Hashes at a hundredth of the cost, for services in this process whose tests are about something else.

    `tests/db/test_accounts.py` holds the real parameters; `xsight up` in `tests/ops` and `tests/browser` has them too.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody's"))
        yield
