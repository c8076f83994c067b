"""``make chaos``: processes are killed while a shop syncs; what was promised must hold all the same.

Promises: everything comes back by itself; the sync ends with every row exactly once; nothing is left behind.
``XSIGHT_CHAOS_S`` says for how long processes are killed (60), ``XSIGHT_CHAOS_SEED`` repeats an order.
"""

import os
import random
import secrets
import signal
import time

import httpx

from ops.visitor import Visitor
from tests.support.stack import Stack, start_stack

SECONDS = float(os.environ.get("XSIGHT_CHAOS_S", "60"))
SEED = int(os.environ.get("XSIGHT_CHAOS_SEED", secrets.randbelow(10**6)))
SHOP = "cdnow-chaos.myshopify.com"
TRUTH = {"customers": 23_570, "orders": 69_659}
PAUSE_S = (1.0, 4.0)
SYNC_WITHIN_S = 300


def test_a_sync_survives_every_process_being_killed():
    print(f"seed {SEED}")
    with start_stack() as stack:
        with Visitor(stack.url) as visitor:
            visitor.sign_up(
                email=f"{secrets.token_hex(4)}@chaos.example",
                password=secrets.token_urlsafe(16),
                name="Chaos",
                company="Chaos",
            )
            visitor.connect(SHOP)
            visitor.sync()
            killed = kill_for(stack, SECONDS, random.Random(SEED))
            stack.wait_ready()
            state = patiently(lambda: visitor.wait_for(visitor.sync(), within_s=SYNC_WITHIN_S))
            assert state["status"] == "completed", state
            stats = patiently(visitor.stats)
            assert {key: stats["totals"][key] for key in TRUTH} == TRUTH
        print(f"killed {killed}")
        assert stack.stop() == 0
        assert stack.processes() == []


def kill_for(stack: Stack, seconds: float, dice: random.Random) -> dict[str, int]:
    """Kill one process after another; how often each."""
    killed: dict[str, int] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name, service = dice.choice(sorted(stack.state()["services"].items()))
        if service["ready"]:
            try:
                os.kill(service["pid"], signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed[name] = killed.get(name, 0) + 1
        time.sleep(dice.uniform(*PAUSE_S))
    return killed


def patiently(ask, within_s: float = SYNC_WITHIN_S):
    """A request may meet the moment in which something comes back."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return ask()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
