"""``xsight bench segments``: rules on 1 M customers and 5 M orders, through one process of the API.

Twenty typical rules are previewed over HTTP, first touch and seven times more; ten of them are held against each other;
forty segments are refreshed whole, then after 1,000 customers changed, which must come to what a whole refresh finds;
and DuckDB answers the same twenty from native tables in memory, with the same counts. The shop is made once and kept in
the state folder (``bench/segments``).
"""

import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg

from ops.bench import report, segments_data
from ops.bench.api import TENANT, kept, serving, version
from ops.bench.segments_rules import RULES
from ops.config import Config
from xsight_core.analytics import day_number

__all__ = ["measure"]

_TIMES = 7


def measure(config: Config) -> int:
    """Make the shop if it is not there, serve, measure."""
    folder = config.home.path / "bench" / "segments"
    today = day_number(datetime.now(UTC).date())
    told = version([Path(segments_data.__file__)], str(today), str(segments_data.CUSTOMERS))

    def fill(urls: dict[str, str], home: Path) -> None:
        segments_data.fill(urls, TENANT, home, today)

    with kept(folder, told, fill) as urls:
        whole = _part("refresh", urls)
        with serving(folder, urls) as (url, cookies, _):
            figures = _previews(url, cookies)
        few = _changed(urls)
        again = _part("refresh", urls)
        _changed(urls)  # as it was
    _say(f"refresh: {whole}, after {segments_data.CHANGED} changed: {few}, whole again: {again}")
    if not few["moved"] or again["moved"]:
        raise SystemExit("Who changed was looked at alone, and a whole refresh finds others.")
    figures |= {"refresh_40_s": whole["s"], "incremental_s": few["s"]}
    peer = _part("duckdb", {})
    ours, theirs = figures.pop("counts"), peer.pop("counts")
    if ours != theirs:
        names = [name for (name, _, _), a, b in zip(RULES, ours, theirs, strict=True) if a != b]
        raise SystemExit(f"XSight and DuckDB count differently: {names}: {ours} {theirs}")
    _say(f"duckdb: {peer}")
    figures["ratio_vs_duckdb"] = peer["p95_ms"] / figures["preview_p95_ms"]
    return report("segments", figures)


def _changed(urls: dict[str, str]) -> dict[str, Any]:
    """A refresh after a thousand customers got a tag and another answer to the newsletter, or all went back."""
    with psycopg.connect(urls["admin"]) as admin:
        admin.execute(
            "UPDATE xsight.customers SET tags = CASE WHEN tags = '{}' THEN ARRAY['vip'] ELSE '{}' END, "
            "email_consent = CASE email_consent WHEN 'SUBSCRIBED' THEN 'NOT_SUBSCRIBED' ELSE 'SUBSCRIBED' END "
            "WHERE ordinal %% %s = 0",
            [segments_data.CUSTOMERS // segments_data.CHANGED],
        )
        admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
    return _part("change", urls)


def _previews(url: str, cookies: dict[str, str]) -> dict[str, Any]:
    """Each rule once, then seven times more, one after the other."""
    with httpx.Client(base_url=url, cookies=cookies, timeout=60, trust_env=False) as http:
        csrf = http.get("/api/auth/me").json()["csrf"]
        http.headers.update({"Origin": url, "X-CSRF-Token": csrf})

        def ask(path: str, body: Any) -> tuple[float, dict[str, Any]]:
            started = time.perf_counter()
            answer = http.post(f"/api/v1/segments/{path}", json=body)
            took = (time.perf_counter() - started) * 1e3
            if not answer.is_success:
                raise SystemExit(f"{path}: {answer.status_code} {answer.text}")
            return took, answer.json()

        first = [ask("preview", {"rule": rule}) for _, rule, _ in RULES]
        took = {
            name: [ask("preview", {"rule": rule})[0] for _ in range(_TIMES)]
            for name, rule, _ in RULES
        }
        ten = {"rules": [rule for _, rule, _ in RULES[::2]]}
        both = [ask("overlap", ten)[0] for _ in range(3)]
    for (name, times), (cold, found) in zip(took.items(), first, strict=True):
        _say(
            f"{name}: {found['customers']:,} customers; first {cold:.1f} ms, then "
            f"{statistics.median(times):.1f} ms, {found['milliseconds']:.1f} ms of it the rule"
        )
    every = [one for times in took.values() for one in times]
    return {
        "preview_p50_ms": float(np.percentile(every, 50)),
        "preview_p95_ms": float(np.percentile(every, 95)),
        "preview_cold_ms": max(cold for cold, _ in first),
        "overlap_10_ms": statistics.median(both),
        "counts": [found["customers"] for _, found in first],
    }


def _part(name: str, urls: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "ops.bench.segments_parts", name],
        env=os.environ | {"XSIGHT_BENCH_URLS": json.dumps(urls)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _say(text: str) -> None:
    sys.stderr.write(f"bench segments: {text}\n")
