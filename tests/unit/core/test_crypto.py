"""Sealed text opens for whom it was sealed, with a key of the ring, and not otherwise."""

import os
from base64 import b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsight_core.crypto import Keyring, digest, new_secret
from xsight_core.errors import InvalidInput, SealBroken

NORTH, SOUTH = UUID(int=1), UUID(int=2)


def key():
    return b64encode(os.urandom(32)).decode()


RING = Keyring.parse(f"2026-11:{key()}")


@given(secret=st.text(max_size=200), tenant=st.uuids(), purpose=st.text(max_size=30))
def test_what_is_sealed_opens(secret, tenant, purpose):
    sealed = RING.seal(secret, tenant_id=tenant, purpose=purpose)
    assert RING.open(sealed, tenant_id=tenant, purpose=purpose) == secret
    assert sealed.isascii()


def test_a_seal_differs_each_time_and_shows_nothing():
    seals = {RING.seal("shpat_secret", tenant_id=NORTH, purpose="access") for _ in range(50)}
    assert len(seals) == 50
    assert not any("shpat" in sealed for sealed in seals)
    assert all(sealed.startswith("xs1.2026-11.") for sealed in seals)


@given(tenants=st.tuples(st.uuids(), st.uuids()), purposes=st.tuples(st.text(), st.text()))
def test_it_opens_for_no_other_tenant_or_purpose(tenants, purposes):
    sealed = RING.seal("secret", tenant_id=tenants[0], purpose=purposes[0])
    same = tenants[0] == tenants[1] and purposes[0] == purposes[1]
    if same:
        assert RING.open(sealed, tenant_id=tenants[1], purpose=purposes[1]) == "secret"
    else:
        with pytest.raises(SealBroken):
            RING.open(sealed, tenant_id=tenants[1], purpose=purposes[1])


def test_rows_swapped_between_tenants_do_not_open():
    rows = {t: RING.seal(f"token of {t}", tenant_id=t, purpose="access") for t in (NORTH, SOUTH)}
    for reader, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
        with pytest.raises(SealBroken, match="another tenant or purpose"):
            RING.open(rows[other], tenant_id=reader, purpose="access")


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=6))
def test_a_changed_character_does_not_open(position, bit):
    sealed = RING.seal("a token of a shop", tenant_id=NORTH, purpose="access")
    place = position % len(sealed)
    changed = sealed[:place] + chr(ord(sealed[place]) ^ (1 << bit)) + sealed[place + 1 :]
    try:
        opened = RING.open(changed, tenant_id=NORTH, purpose="access")
    except SealBroken:
        return
    # base64 ignores the last unused bits: the bytes are then the same
    assert opened == "a token of a shop"
    assert place >= len(sealed) - 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "...",
        "xs1",
        "xs1.2026-11",
        "xs1.2026-11.",
        "xs1.2026-11.AAAA",
        "xs2.2026-11.AAAA",
        "é.é.é",
    ],
)
def test_other_text_does_not_open(text):
    with pytest.raises(SealBroken):
        RING.open(text, tenant_id=NORTH, purpose="access")


def test_a_rotated_ring_opens_the_old_and_seals_with_the_new():
    old, new = f"old:{key()}", f"new:{key()}"
    sealed = Keyring.parse(old).seal("token", tenant_id=NORTH, purpose="access")
    ring = Keyring.parse(f"{new}, {old}")
    assert ring.open(sealed, tenant_id=NORTH, purpose="access") == "token"
    assert not ring.is_current(sealed)
    renewed = ring.seal("token", tenant_id=NORTH, purpose="access")
    assert ring.is_current(renewed)
    assert Keyring.parse(new).open(renewed, tenant_id=NORTH, purpose="access") == "token"
    with pytest.raises(SealBroken, match=r"key 'old'.*add it back"):
        Keyring.parse(new).open(sealed, tenant_id=NORTH, purpose="access")
    with pytest.raises(SealBroken, match="does not open"):
        Keyring.parse(f"old:{key()}").open(sealed, tenant_id=NORTH, purpose="access")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no usable name"),
        ("a:", "not the base64 of 32 bytes"),
        ("a:AAAA", "not the base64 of 32 bytes"),
        ("a:not base64!" + "A" * 40, "not the base64 of 32 bytes"),
        (":" + key(), "no usable name"),
        ("a b:" + key(), "no usable name"),
        (f"a:{key()},a:{key()}", "names key 'a' twice"),
        (f"a:{key()},", "no usable name"),
    ],
    ids=["empty", "no key", "short", "no base64", "no name", "space", "twice", "comma"],
)
def test_a_bad_ring_is_refused_without_repeating_a_key(text, complaint):
    with pytest.raises(InvalidInput, match=complaint) as refused:
        Keyring.parse(text)
    assert refused.value.field == "XSIGHT_KEYRING"
    for part in text.split(","):
        secret = part.partition(":")[2]
        assert len(secret) < 5 or secret not in str(refused.value)


def test_an_empty_ring_is_refused():
    with pytest.raises(InvalidInput, match="holds no key"):
        Keyring({})


def test_secrets_are_long_and_their_digests_are_not_them():
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(secret) >= 43 for secret in secrets)
    assert {len(digest(secret)) for secret in secrets} == {32}
    assert digest("a") == digest("a") != digest(str(uuid4()))
