"""Signing up, logging in and out; which cookie goes where."""

import pytest


async def test_a_person_signs_up_and_is_the_owner_of_a_first_store(api) -> None:
    async with api.member() as ann:
        me = await ann.me()
    assert me["user"]["email"] == "ann@example.com"
    assert me["tenant"]["role"] == "owner"
    assert me["tenant"]["pii"] is True
    assert me["tenants"] == [me["tenant"]]
    assert {"connect", "sync", "lab", "read"} <= set(me["rights"])
