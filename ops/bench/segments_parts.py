"""The parts of ``bench segments`` that need a process of their own."""

import asyncio
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ops.bench.api import TENANT
from ops.bench.segments_data import CHANNELS, COUNTRIES, CUSTOMERS, score_arrays, shop_arrays
from ops.bench.segments_rules import RULES, TABLES
from xsight_core.analytics import day_number
from xsight_core.analytics.segments import SEGMENTS
from xsight_core.services.segment_refresh import refresh_segments
from xsight_core.tenancy import Tenancy

_TIMES = 3


def refresh(urls: dict[str, str], *, whole: bool) -> dict[str, Any]:
    """Forty segments; without the facts that an earlier one has kept where it is whole."""
    home = Path(urls["home"])
    if whole:
        for kept in (home / "ledger" / str(TENANT)).glob("facts-*"):
            shutil.rmtree(kept)

    async def run() -> dict[str, Any]:
        tenancy = Tenancy(urls["app"])
        started, worked = time.perf_counter(), time.process_time()
        done = await refresh_segments(tenancy, TENANT, home, whole=whole)
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
        await tenancy.close()
        moved = done.entered + done.left
        told = {"segments": done.segments, "whole": done.whole, "moved": moved}
        return {"s": seconds, "processor_s": processor, **told}

    return asyncio.run(run())


def duck(_: dict[str, str]) -> dict[str, Any]:
    """The same rules on native tables in memory, facts of customers ready in columns."""
    today = day_number(datetime.now(UTC).date())
    made = shop_arrays(today)
    net = made["gross"] - made["discounts"] - made["returns"]
    scores = score_arrays()
    people = {
        "customer": np.arange(CUSTOMERS, dtype=np.int32),
        "country": np.array(COUNTRIES)[made["country"]],
        "vip": made["vip"],
        "consent": np.where(made["subscribed"], "SUBSCRIBED", "NOT_SUBSCRIBED"),
        "segment": np.array(sorted(s.key for s in SEGMENTS))[scores["segment"]],
        "churn_90": scores["churn_90"],
        "clv_365_minor": scores["clv_365_minor"],
    }
    of, product = made["line_order"], made["line_product"]
    database = duckdb.connect()
    sources = {
        "p": people,
        "o": {
            "customer": made["customer"],
            "day": made["day"],
            "net": net,
            "discounts": made["discounts"],
            "channel": np.array(CHANNELS)[made["channel"]],
        },
        "l": {
            "customer": made["customer"][of],
            "day": made["day"][of],
            "product": product + 1,
            "vendor": pa.array([f"Vendor {i}" for i in range(40)]).take(pa.array(product % 40)),
            "type": pa.array([f"Type {i}" for i in range(12)]).take(pa.array(product % 12)),
        },
    }
    for name, columns in sources.items():
        database.register("arrow", pa.table(columns))
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow")  # noqa: S608 - ours
        database.unregister("arrow")
    database.execute(TABLES.format(today=today))
    counts: list[int] = []
    took: list[float] = []
    for _name, _rule, condition in RULES:
        statement = f"SELECT count(*) FROM c WHERE {condition.format(today=today)}"  # noqa: S608 - ours
        found: list[tuple[int]] = []
        for _turn in range(_TIMES):
            started = time.perf_counter()
            found = database.execute(statement).fetchall()
            took.append((time.perf_counter() - started) * 1e3)
        counts.append(found[0][0])
    return {
        "p50_ms": float(np.percentile(took, 50)),
        "p95_ms": float(np.percentile(took, 95)),
        "counts": counts,
    }


def main() -> None:
    """Run a part and print what it found."""
    urls = json.loads(os.environ["XSIGHT_BENCH_URLS"])
    parts = {
        "refresh": lambda: refresh(urls, whole=True),
        "change": lambda: refresh(urls, whole=False),
        "duckdb": lambda: duck(urls),
    }
    sys.stdout.write(json.dumps(parts[sys.argv[1]]()) + "\n")


if __name__ == "__main__":
    main()
