"""How long an answer takes does not tell whether somebody else's store has a thing.

Too many answers for `make test`, and beside other tests nothing but noise: ``benchmarks/chaos_walls.py`` runs it.
"""

import os
import time
from uuid import uuid4

import numpy as np
import psycopg
from scipy.stats import mannwhitneyu

from api.rights import Right
from tests.api.conftest import (  # noqa: F401
    _logging,
    house,
    make_settings,
    serve,
    sim,
    valkey,
)
from tests.security.test_routes import filled, routes
from tests.support.rows import fill_all_tables

TIMED = int(os.environ.get("XSIGHT_TIMED", "400"))  # answers of each kind and route
MANY = 100
WARM_UP = 3
CHANCE = 0.001  # of calling noise a difference, over all routes
NOISE = 0.03


async def test_time_does_not_tell_what_another_store_has(house, sim, tmp_path):  # noqa: F811
    open_to_all = make_settings(
        house.database, house.valkey, sim, tmp_path, rate_user=0, rate_tenant=0, rate_address=0
    )
    with serve(open_to_all) as service:
        async with service.member() as ann, service.member("bob@example.com") as bob:
            foreign = await bob.tenant_id()
            fill_all_tables(house.database.admin_url, foreign, marker="of bob")
            asked = [
                path
                for method, _, path, right in routes(service.app)
                if method == "GET"
                and right is not Right.PUBLIC
                and "{" in path
                and "/api/v1/" in path
            ]
            ids = ids_of(house.database, foreign)
            assert len(asked) >= 5
            pooled: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
            for path in asked:
                theirs, nobodys = await timed(ann, path, ids)
                usual = float(np.median([*theirs, *nobodys]))
                pooled[0].append(theirs / usual)
                pooled[1].append(nobodys / usual)
                if TIMED >= MANY:
                    assert differs(theirs, nobodys, among=len(asked)) is None, path
                    # the measure would see a tenth of a millisecond
                    longer = theirs + 1e-4 + theirs.mean() * NOISE
                    assert differs(longer, nobodys, among=len(asked)), path
            everywhere, nowhere = np.concatenate(pooled[0]), np.concatenate(pooled[1])
            assert differs(everywhere, nowhere, among=1) is None
            assert differs(everywhere * 1.5, nowhere, among=1)  # it would see half as long again


async def timed(ann, path, ids):
    """Seconds of answers about B's things, and about things that nobody has, by turns."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(TIMED + WARM_UP):
        real = ids[number % len(ids)]
        turns = [(0, "7", real), (1, "8", str(uuid4()))]
        for kind, integer, uuid in turns if number % 2 else reversed(turns):
            address = filled(path, {"int": integer, "uuid": uuid, "str": "rfm"})
            began = time.perf_counter()
            await ann.http.get(address)
            if number >= WARM_UP:  # until everything is warm
                seconds[kind].append(time.perf_counter() - began)
    return np.array(seconds[0]), np.array(seconds[1])


def differs(one, other, *, among: int) -> str | None:
    """In words, if one kind of answer takes longer: by chance at most once in a thousand runs, and beyond noise."""
    p = mannwhitneyu(one, other).pvalue
    ratio = float(np.median(one) / np.median(other))
    if p < CHANCE / among and abs(ratio - 1) > NOISE:
        return f"{ratio:.3f} times as long (p = {p:.1e})"
    return None


def ids_of(database, tenant_id) -> list[str]:
    """What the other store's things are called."""
    named = {"segments": "id", "exports": "id", "insight_runs": "id", "sync_runs": "id"}
    with psycopg.connect(database.admin_url) as admin:
        return [
            str(row[0])
            for table, column in named.items()
            for row in admin.execute(
                f"SELECT {column} FROM xsight.{table} WHERE tenant_id = %s",
                [tenant_id],
            )
        ]
