"""Promised work: enqueued once, leased to one worker, tried again, buried at last."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from xsight_core.services import jobs


async def promise(tenancy, tenant, **kwargs):
    async with tenancy.scope(tenant.id) as session:
        return await jobs.enqueue(session, tenant_id=tenant.id, **({"kind": "insights"} | kwargs))


@pytest.fixture
def sql(database):
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        yield lambda statement: admin.execute(statement).fetchall()


@pytest.fixture
def let_leases_expire(database):
    def expire():
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "UPDATE control.jobs SET due_at = now() - interval '1 s', sent_at = sent_at - interval '1 hour'"
            )

    return expire


async def test_a_waiting_job_is_promised_once(tenancy, tenant, other_tenant):
    first = await promise(tenancy, tenant, payload={"run": 1})
    assert await promise(tenancy, tenant, payload={"run": 2}) == first
    others = {
        await promise(tenancy, tenant, key="x"),
        await promise(tenancy, tenant, kind="sync"),
        await promise(tenancy, other_tenant),
    }
    assert len(others | {first}) == 4
    job = await jobs.claim(tenancy, first)
    assert (job.payload, job.attempts, job.tenant_id) == ({"run": 1}, 1, tenant.id)


async def test_a_promise_dies_with_its_transaction(tenancy, tenant, sql):
    async def promise_and_break():
        async with tenancy.scope(tenant.id) as session:
            await jobs.enqueue(session, tenant_id=tenant.id, kind="sync")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await promise_and_break()
    assert sql("SELECT * FROM control.jobs") == []


async def test_many_promises_at_once_make_one_job(tenancy, tenant):
    made = await asyncio.gather(*(promise(tenancy, tenant) for _ in range(10)))
    assert len(set(made)) == 1


async def test_a_job_asked_for_while_it_runs_runs_once_more_with_the_newest_payload(
    tenancy, tenant
):
    job_id = await promise(tenancy, tenant, payload={"n": 1})
    job = await jobs.claim(tenancy, job_id)
    assert await promise(tenancy, tenant, payload={"n": 2}) == job_id
    assert await promise(tenancy, tenant, payload={"n": 3}) == job_id
    assert await jobs.finish(tenancy, job) == "queued"
    again = await jobs.claim(tenancy, job_id)
    assert (again.payload, again.attempts) == ({"n": 3}, 1)
    assert await jobs.finish(tenancy, again) == "done"
    assert await jobs.claim(tenancy, job_id) is None
    assert await promise(tenancy, tenant) != job_id


async def test_of_many_claimers_one_gets_the_job(tenancy, tenant):
    for n in range(5):
        job_id = await promise(tenancy, tenant, key=str(n))
        claims = await asyncio.gather(*(jobs.claim(tenancy, job_id) for _ in range(8)))
        assert sum(claim is not None for claim in claims) == 1


async def test_a_lease_that_expires_gives_the_job_to_the_next_and_shuts_out_the_first(
    tenancy, tenant, let_leases_expire
):
    job_id = await promise(tenancy, tenant)
    first = await jobs.claim(tenancy, job_id)
    assert await jobs.claim(tenancy, job_id) is None
    let_leases_expire()
    assert [due.id for due in await jobs.due_jobs(tenancy)] == [job_id]
    second = await jobs.claim(tenancy, job_id)
    assert second.attempts == 2
    assert not await jobs.heartbeat(tenancy, first)
    assert await jobs.finish(tenancy, first) == "lost"
    assert await jobs.fail(tenancy, first, "too late") == "lost"
    assert await jobs.heartbeat(tenancy, second)
    assert await jobs.finish(tenancy, second) == "done"


async def test_heartbeats_keep_a_long_job(tenancy, tenant):
    short = timedelta(seconds=4)
    job_id = await promise(tenancy, tenant)
    job = await jobs.claim(tenancy, job_id, lease=short)
    async with jobs.leased(tenancy, job, lease=short):
        for _ in range(8):  # in all two leases
            await asyncio.sleep(1.05)
            assert await jobs.claim(tenancy, job_id) is None
    assert await jobs.finish(tenancy, job) == "done"


async def test_work_whose_lease_is_lost_is_cancelled(tenancy, tenant, sql):
    short = timedelta(milliseconds=150)
    job = await jobs.claim(tenancy, await promise(tenancy, tenant), lease=short)

    async def work():
        async with jobs.leased(tenancy, job, lease=short):
            await asyncio.sleep(30)

    working = asyncio.create_task(work())
    sql("UPDATE control.jobs SET lease = gen_random_uuid() RETURNING id")
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_the_relay_sends_what_is_due_and_not_twice_in_a_row(
    tenancy, tenant, other_tenant, let_leases_expire
):
    ids = {
        await promise(tenancy, tenant),
        await promise(tenancy, tenant, key="b"),
        await promise(tenancy, other_tenant),
    }
    assert {due.id for due in await jobs.due_jobs(tenancy)} == ids
    assert await jobs.due_jobs(tenancy) == []
    let_leases_expire()  # the doorbell was lost
    assert {due.id for due in await jobs.due_jobs(tenancy, limit=2)} < ids
    assert len(await jobs.due_jobs(tenancy)) == 1


async def test_two_relays_share_the_work(tenancy, tenant):
    ids = [await promise(tenancy, tenant, key=str(n)) for n in range(20)]
    sent = await asyncio.gather(*(jobs.due_jobs(tenancy, limit=7) for _ in range(4)))
    assert sorted(due.id for batch in sent for due in batch) == sorted(ids)


async def test_a_failed_try_waits_longer_each_time_until_it_is_given_up(
    tenancy, tenant, sql, let_leases_expire
):
    job_id = await promise(tenancy, tenant)
    waits = []
    for attempt in range(1, jobs.MAX_ATTEMPTS):
        job = await jobs.claim(tenancy, job_id)
        assert await jobs.fail(tenancy, job, f"no {attempt}") == "queued"
        assert await jobs.claim(tenancy, job_id) is None  # not due yet
        ((wait,),) = sql("SELECT extract(epoch FROM due_at - now())::float FROM control.jobs")
        waits.append(wait)
        let_leases_expire()
    job = await jobs.claim(tenancy, job_id)
    assert await jobs.fail(tenancy, job, "the last") == "dead"
    assert sql("SELECT status, error FROM control.jobs") == [("dead", "the last")]
    assert waits == sorted(waits)
    assert 3.9 < waits[0] < 6.1
    let_leases_expire()
    assert await jobs.due_jobs(tenancy) == []


async def test_a_failure_that_trying_again_cannot_help_ends_the_job(tenancy, tenant, sql):
    job = await jobs.claim(tenancy, await promise(tenancy, tenant))
    assert await jobs.fail(tenancy, job, "revoked", retryable=False) == "failed"
    assert sql("SELECT status FROM control.jobs") == [("failed",)]


async def test_a_job_that_kills_its_worker_is_buried(tenancy, tenant, sql, let_leases_expire):
    job_id = await promise(tenancy, tenant)
    for _ in range(jobs.MAX_ATTEMPTS):
        assert await jobs.claim(tenancy, job_id) is not None
        let_leases_expire()
    assert await jobs.claim(tenancy, job_id) is None
    assert await jobs.due_jobs(tenancy) == []
    ((status, error),) = sql("SELECT status, error FROM control.jobs")
    assert (status, error) == ("dead", "The worker ended 6 times while running this.")


async def test_webhooks_that_wait_are_promised_to_somebody(tenancy, tenant, other_tenant, sql):
    sql(
        "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, done_at) "
        f"SELECT id, n::text, 'orders/updated', '', CASE WHEN id = '{other_tenant.id}' THEN now() END "
        "FROM control.tenants, generate_series(1, 3) n RETURNING 1"
    )
    (made,) = await jobs.enqueue_due_inbox(tenancy)
    assert await jobs.enqueue_due_inbox(tenancy) == []
    job = await jobs.claim(tenancy, made)
    assert (job.tenant_id, job.kind) == (tenant.id, "webhooks")


async def test_only_old_well_ended_jobs_are_forgotten(tenancy, tenant, sql):
    for key in "ab":
        await jobs.finish(
            tenancy, await jobs.claim(tenancy, await promise(tenancy, tenant, key=key))
        )
    await promise(tenancy, tenant, key="c")
    sql(
        "UPDATE control.jobs SET finished_at = now() - interval '8 days' WHERE key = 'a' RETURNING 1"
    )
    await jobs.prune(tenancy)
    assert sql("SELECT key FROM control.jobs ORDER BY key") == [("b",), ("c",)]


async def test_a_job_given_back_is_due_at_once_and_has_lost_no_attempt(tenancy, tenant):
    job_id = await promise(tenancy, tenant)
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        job = await jobs.claim(tenancy, job_id)
        assert job.attempts == 1
        assert await jobs.give_back(tenancy, job, "stopped")
    assert not await jobs.give_back(tenancy, job, "stopped")  # it is no longer ours
    assert [due.id for due in await jobs.due_jobs(tenancy)] == [job_id]
