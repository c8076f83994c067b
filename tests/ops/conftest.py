"""Fixtures of the operator's tests."""

import os

import pytest


@pytest.fixture(scope="session")
def ordinary_user() -> list[str]:
    """What to put before a command so that it runs without root's privileges.

    Root gives them up in a user namespace, where the process is `nobody` and has no capability: unlike after
    `setuid`, an interpreter in root's own home can still be read.
    """
    if os.geteuid():
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
