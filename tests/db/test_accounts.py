"""Sign-up, log-in, sessions, memberships and one-time codes, on a real database."""

import asyncio
from dataclasses import replace
from typing import get_args

import psycopg
import pytest

from xsight_core.errors import Forbidden, InvalidInput, NotFound
from xsight_core.services import accounts
from xsight_core.services.accounts import Audience
from xsight_core.services.tenants import tenant_state

PASSWORD = "correct horse battery"


@pytest.fixture
async def anna(tenancy):
    return await accounts.sign_up(
        tenancy,
        email=" Anna@Example.com ",
        password=PASSWORD,
        name="Anna  Berg",
        company="Nørd Tea & Co",
    )


async def test_signing_up_makes_a_person_and_a_shop_that_they_own(tenancy, anna):
    (tenant,) = await accounts.tenants_of(tenancy, anna)
    assert (tenant.role, tenant.pii, tenant.name) == ("owner", True, "Nørd Tea & Co")
    assert tenant.slug.startswith("nrdteaco")
    assert tenant.slug.isalnum()
    assert 6 <= len(tenant.slug) <= 20
    state = await tenant_state(tenancy, tenant.id)
    assert (state.connection, state.data_version) == ("none", 0)


async def test_an_address_signs_up_once_whatever_its_case(tenancy, anna):
    with pytest.raises(InvalidInput) as refused:
        await accounts.sign_up(
            tenancy, email="ANNA@example.com", password=PASSWORD, name="A", company="Second"
        )
    assert refused.value.field == "email"
    async with tenancy.control() as session:
        connection = await session.connection()
        count = await connection.exec_driver_sql("SELECT count(*) FROM control.tenants")
    assert count.scalar_one() == 1  # the second sign-up left no tenant behind


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("email", {"email": "not an address"}),
        ("email", {"email": "a@b\x00c"}),
        ("email", {"email": "a b@c"}),
        ("password", {"password": "short"}),
        ("password", {"password": "x" * 257}),
        ("password", {"password": "aaaaaaaaaaaa"}),
        ("password", {"password": "Password123"}),
        ("password", {"password": "ben@example.com"}),
        ("name", {"name": "   "}),
        ("company", {"company": "x" * 121}),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_written(tenancy, field, change):
    fields = {"email": "ben@example.com", "password": PASSWORD, "name": "Ben", "company": "Ben's"}
    with pytest.raises(InvalidInput) as refused:
        await accounts.sign_up(tenancy, **(fields | change))
    assert refused.value.field == field
    with pytest.raises(Forbidden):
        await accounts.authenticate(tenancy, email="ben@example.com", password=PASSWORD)


async def test_logging_in_takes_the_right_password(tenancy, anna):
    assert await accounts.authenticate(tenancy, email="anna@example.COM", password=PASSWORD) == anna
    for password in (PASSWORD + "!", "", "x" * 10_000, PASSWORD.ljust(300)):
        with pytest.raises(Forbidden, match="wrong"):
            await accounts.authenticate(tenancy, email="anna@example.com", password=password)


async def test_an_unknown_address_costs_the_same_work(tenancy, anna, monkeypatch):
    hashed = []
    from xsight_core.services import passwords  # noqa: PLC0415

    verify = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda known, given: hashed.append(known) or verify(known, given)
    )
    for email in ("anna@example.com", "nobody@example.com"):
        with pytest.raises(Forbidden):
            await accounts.authenticate(tenancy, email=email, password="wrong password")
    parameters = {text.rsplit("$", 2)[0] for text in hashed}
    assert len(hashed) == 2
    assert parameters == {"$argon2id$v=19$m=19456,t=2,p=1"}


async def test_hashing_leaves_the_event_loop_free(tenancy, anna):
    attempts = [
        asyncio.create_task(
            accounts.authenticate(tenancy, email="nobody@example.com", password=f"guess {n}")
        )
        for n in range(10)
    ]
    turns = 0
    while not all(attempt.done() for attempt in attempts):
        await asyncio.sleep(0.001)
        turns += 1
    assert all(isinstance(a.exception(), Forbidden) for a in attempts)
    assert turns > 50  # hashes on the loop would let it turn a few times an attempt


async def test_a_password_made_with_old_parameters_is_renewed_at_log_in(database, tenancy, anna):
    from argon2 import PasswordHasher  # noqa: PLC0415

    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE control.users SET password_hash = %s", [old])
    await accounts.authenticate(tenancy, email="anna@example.com", password=PASSWORD)
    with psycopg.connect(database.admin_url) as admin:
        (new,) = admin.execute("SELECT password_hash FROM control.users").fetchone()
    assert "m=19456,t=2" in new


async def test_each_audience_has_its_own_secret(tenancy, anna):
    secrets = await accounts.open_session(tenancy, anna, user_agent="Firefox")
    assert set(secrets) == set(get_args(Audience))
    assert len(set(secrets.values())) == 5
    for audience, secret in secrets.items():
        identity = await accounts.identify(tenancy, audience, secret)
        assert identity.user_id == anna
        others = set(secrets) - {audience}
        assert [await accounts.identify(tenancy, other, secret) for other in others] == [None] * 4
    assert await accounts.identify(tenancy, "api", "never given out") is None


async def test_no_secret_is_stored(database, tenancy, anna):
    secrets = await accounts.open_session(tenancy, anna)
    code = await accounts.issue_code(tenancy, "shopify_state", {"a": 1}, ttl_s=60)
    with psycopg.connect(database.admin_url) as admin:
        stored = "".join(
            str(admin.execute(f"SELECT * FROM control.{table}").fetchall())
            for table in ("users", "sessions", "session_secrets", "one_time_codes")
        )
    for secret in [*secrets.values(), code, PASSWORD]:
        assert secret not in stored


async def test_an_identity_says_who_and_what(tenancy, anna):
    secrets = await accounts.open_session(tenancy, anna)
    identity = await accounts.identify(tenancy, "api", secrets["api"])
    (tenant,) = await accounts.tenants_of(tenancy, anna)
    assert (identity.email, identity.name) == ("anna@example.com", "Anna Berg")
    assert (identity.tenant_id, identity.slug, identity.tenant_name) == (
        tenant.id,
        tenant.slug,
        tenant.name,
    )
    assert (identity.role, identity.pii) == ("owner", True)
    assert await accounts.identify_session(tenancy, identity.session_id) == identity


async def test_logging_out_ends_this_session_and_everywhere_ends_all(tenancy, anna):
    first, second, third = [await accounts.open_session(tenancy, anna) for _ in range(3)]
    identity = await accounts.identify(tenancy, "api", first["api"])
    await accounts.close_session(tenancy, identity.session_id)
    assert await accounts.identify(tenancy, "ws", first["ws"]) is None
    assert await accounts.identify_session(tenancy, identity.session_id) is None
    assert await accounts.identify(tenancy, "api", second["api"]) is not None
    await accounts.close_sessions(tenancy, anna)
    assert await accounts.identify(tenancy, "api", second["api"]) is None
    assert await accounts.identify(tenancy, "api", third["api"]) is None


async def test_a_new_password_puts_everybody_out(tenancy, anna):
    secrets = await accounts.open_session(tenancy, anna)
    await accounts.change_password(
        tenancy, anna, email="anna@example.com", password="another long one"
    )
    assert await accounts.identify(tenancy, "api", secrets["api"]) is None
    with pytest.raises(Forbidden):
        await accounts.authenticate(tenancy, email="anna@example.com", password=PASSWORD)
    assert anna == await accounts.authenticate(
        tenancy, email="anna@example.com", password="another long one"
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE control.sessions SET expires_at = now() - interval '1 second'",
        "UPDATE control.users SET disabled_at = now()",
    ],
)
async def test_an_expired_session_or_a_disabled_person_is_nobody(database, tenancy, anna, change):
    secrets = await accounts.open_session(tenancy, anna)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(change)
    assert await accounts.identify(tenancy, "api", secrets["api"]) is None


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM control.memberships", "UPDATE control.tenants SET suspended_at = now()"],
)
async def test_without_membership_or_with_a_suspended_shop_no_right_is_left(
    database, tenancy, anna, change
):
    secrets = await accounts.open_session(tenancy, anna)
    before = await accounts.identify(tenancy, "api", secrets["api"])
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(change)
    after = await accounts.identify(tenancy, "api", secrets["api"])
    assert after == replace(
        before, tenant_id=None, slug=None, tenant_name=None, role=None, pii=False
    )


async def test_switching_needs_a_membership(tenancy, anna, tenant, other_tenant):
    secrets = await accounts.open_session(tenancy, anna)
    identity = await accounts.identify(tenancy, "api", secrets["api"])
    await accounts.add_member(tenancy, tenant_id=tenant.id, user_id=anna, role="analyst")
    await accounts.switch_tenant(tenancy, identity.session_id, tenant.id)
    switched = await accounts.identify(tenancy, "ws", secrets["ws"])
    assert (switched.tenant_id, switched.role, switched.pii) == (tenant.id, "analyst", False)
    with pytest.raises(NotFound):
        await accounts.switch_tenant(tenancy, identity.session_id, other_tenant.id)


async def test_a_code_opens_once_in_time_and_for_its_purpose(tenancy):
    code = await accounts.issue_code(tenancy, "oidc_code", {"user": "x"}, ttl_s=60)
    assert await accounts.redeem_code(tenancy, "shopify_state", code) is None
    assert await accounts.redeem_code(tenancy, "oidc_code", code) == {"user": "x"}
    assert await accounts.redeem_code(tenancy, "oidc_code", code) is None
    late = await accounts.issue_code(tenancy, "oidc_code", {}, ttl_s=-1)
    assert await accounts.redeem_code(tenancy, "oidc_code", late) is None


async def test_of_many_who_use_a_code_at_once_one_wins(tenancy):
    code = await accounts.issue_code(tenancy, "oidc_code", {"n": 1}, ttl_s=60)
    answers = await asyncio.gather(
        *(accounts.redeem_code(tenancy, "oidc_code", code) for _ in range(12))
    )
    assert answers.count(None) == 11
