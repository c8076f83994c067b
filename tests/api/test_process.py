"""``python -m api`` as the operator's supervisor runs it."""

import http.client
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

from ops.ports import any_free

ROOT = Path(__file__).resolve().parents[2]


def answer(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def test_it_serves_measures_and_stops_at_once(settings) -> None:
    port, metrics_port = any_free(), any_free()
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("XSIGHT_", "SHOPIFY_"))
    }
    env |= {
        "XSIGHT_DATABASE_URL": settings.database_url.get_secret_value(),
        "XSIGHT_INGEST_DATABASE_URL": settings.ingest_database_url.get_secret_value(),
        "XSIGHT_REDIS_URL": settings.redis_url.get_secret_value(),
        "XSIGHT_KEYRING": settings.keyring.get_secret_value(),
        "XSIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "XSIGHT_API_PORT": str(port),
        "XSIGHT_METRICS_PORT": str(metrics_port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "api"], cwd=ROOT, env=env, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 60
        while answer(f"http://127.0.0.1:{port}/ready")[0] != 200:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert answer(f"http://127.0.0.1:{port}/nothing")[0] == 404
        assert answer(f"http://127.0.0.1:{port}/metrics")[0] == 404
        status, text = answer(f"http://127.0.0.1:{metrics_port}/metrics")
        assert status == 200
        assert 'xsight_http_requests_total{method="GET",route="unknown",status="404"}' in text
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as kept:
            kept.request("GET", "/ready")  # as a proxy does: the connection stays open, idle
            assert kept.getresponse().read()
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            log = process.communicate(timeout=60)[1].decode()
            assert time.monotonic() - begun < 10  # then a container engine kills
        assert process.returncode in {0, -signal.SIGTERM}
        assert "Traceback" not in log
        for secret in ("keyring", "database_url", "redis_url"):
            assert getattr(settings, secret).get_secret_value() not in log
    finally:
        process.kill()
        process.wait()
