"""``make chaos``, webhooks: a hundred thousand of them with duplicates, in any order, while processes are killed.

Promises: what was acknowledged is in the inbox; all of it is worked off by itself; the store ends as the shop is. And
of random histories, more of them and longer than ``make test`` takes, every one ends as a clean sync.
``XSIGHT_CHAOS_WEBHOOKS`` says how many deliveries (100000), ``XSIGHT_HISTORIES`` how many histories (25),
``XSIGHT_CHAOS_SEED`` repeats an order of kills.
"""

import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time

import psycopg

from ops.bench.webhooks import Stand, deliver, lost, stand

WEBHOOKS = int(os.environ.get("XSIGHT_CHAOS_WEBHOOKS", "100000"))
HISTORIES = os.environ.get("XSIGHT_HISTORIES", "25")
SEED = int(os.environ.get("XSIGHT_CHAOS_SEED", secrets.randbelow(10**6)))
VICTIMS = ("api", "worker", "relay", "postgres", "valkey")
PAUSE_S = (2.0, 7.0)
BATCH = 10_000
RATE_PER_S = 1500.0
WORKED_OFF_WITHIN_S = 1800
STATE = """
    SELECT count(*) FILTER (WHERE done_at IS NULL AND dead_at IS NULL),
           count(*) FILTER (WHERE dead_at IS NOT NULL) FROM control.inbox"""
STORED = """
    SELECT count(*), coalesce(sum(net_minor), 0) FROM xsight.orders
    WHERE NOT test AND cancelled_at IS NULL AND deleted_at IS NULL"""


def test_no_acknowledged_webhook_is_lost():
    print(f"seed {SEED}")
    with stand() as made:
        stop = threading.Event()
        killed: dict[str, int] = {}
        killer = threading.Thread(target=_kill, args=(made, random.Random(SEED), stop, killed))
        killer.start()
        acknowledged = refused = 0
        try:
            for number in range(max(1, WEBHOOKS // BATCH)):
                made.act("create_order", lines=[{"amount": "12.34", "quantity": 2}])
                came = deliver(
                    made,
                    f"chaos{number}",
                    RATE_PER_S,
                    min(BATCH, WEBHOOKS) / RATE_PER_S,
                    duplicates=0.2,
                    again=True,
                )
                acknowledged += came["acknowledged"]
                refused += came["refused"]
        finally:
            stop.set()
            killer.join()
        print(f"acknowledged {acknowledged}, refused {refused}, killed {killed}")
        _wait(made)
        missing = sum(lost(made, f"chaos{n}") for n in range(max(1, WEBHOOKS // BATCH)))
        assert missing == 0
        assert acknowledged >= WEBHOOKS * 0.5
        made.visitor.wait_for(made.visitor.sync(), within_s=600)
        truth = made.look("truth")
        with psycopg.connect(made.admin_dsn) as admin:
            stored = admin.execute(STORED).fetchone()
        net = truth["gross_minor"] - truth["discounts_minor"] - truth["removed_minor"]
        assert stored == (truth["orders"], net)


def test_many_histories_end_as_one_clean_sync():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/sync/test_histories.py",
        ],
        env=os.environ | {"XSIGHT_HISTORIES": HISTORIES},
        check=False,
    )
    assert done.returncode == 0


def _kill(made: Stand, dice: random.Random, stop: threading.Event, killed: dict[str, int]) -> None:
    while not stop.wait(dice.uniform(*PAUSE_S)):
        name = dice.choice(VICTIMS)
        service = made.home.state().get("services", {}).get(name)
        if service and service["ready"]:
            try:
                os.kill(service["pid"], signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed[name] = killed.get(name, 0) + 1


def _wait(made: Stand) -> None:
    """Until everything is worked off."""
    deadline = time.monotonic() + WORKED_OFF_WITHIN_S
    while True:
        try:
            with psycopg.connect(made.admin_dsn) as admin:
                waiting, dead = admin.execute(STATE).fetchone()
        except psycopg.OperationalError:
            waiting, dead = -1, 0
        assert dead == 0
        if waiting == 0:
            return
        assert time.monotonic() < deadline, f"{waiting} still wait"
        time.sleep(1)
