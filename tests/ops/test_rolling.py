"""`xsight restart` while somebody asks: no request fails."""

import threading

import httpx
import pytest

pytestmark = pytest.mark.xdist_group("stack")


def test_a_restart_of_api_worker_and_queue_is_not_noticed(stack):
    before = {name: one["pid"] for name, one in stack.state()["services"].items()}
    stop, answers = threading.Event(), []

    def ask():
        with httpx.Client(base_url=stack.url, trust_env=False, timeout=30) as client:
            while not stop.wait(0.02):
                answers.append(client.get("/api/v1/tenants/me").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        done = stack.xsight("restart", within_s=120)
    finally:
        stop.set()
        asking.join()
    assert done.returncode == 0, done.stderr
    after = {name: one["pid"] for name, one in stack.state()["services"].items()}
    assert {name for name in after if after[name] != before[name]} == {
        "api",
        "worker",
        "queue",
    }
    assert set(answers) == {401}
    assert len(answers) > 50
    stack.wait_ready()
