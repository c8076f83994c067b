"""PyAirbyte reads the stream orders into DuckDB; runs in PyAirbyte's environment, orders by stdin, result by stdout.

``read`` times the read; ``look`` (another process: DuckDB opens a file once) says what is in the file.
"""

# ruff: noqa: ANN001, ANN201, PLC0415 - other people's modules, which are not in our environment
# pyright: reportMissingImports=false, reportGeneralTypeIssues=false
import json
import sys
import time


def read(order):
    import airbyte
    from airbyte.caches import DuckDBCache

    config = {
        "shop": order["shop"],
        "start_date": "2015-01-01",
        "credentials": {"auth_method": "api_password", "api_password": order["token"]},
    }
    source = airbyte.get_source(
        "source-shopify",
        local_executable=order["connector"],
        config=config,
        install_if_missing=False,
    )
    source.select_streams(["orders"])
    cache = DuckDBCache(db_path=order["file"], schema_name="shop")
    begun = time.monotonic()
    source.read(cache=cache, force_full_refresh=True)
    return {"seconds": time.monotonic() - begun}


def look(order):
    import duckdb

    rows = duckdb.connect(order["file"], read_only=True).execute(
        "SELECT count(*), count(DISTINCT id), sum(CAST(total_price AS DECIMAL(18, 2))),"
        " sum(json_array_length(line_items)) FROM shop.orders WHERE deleted_at IS NULL"
    )
    orders, ids, total, lines = rows.fetchone()
    return {"orders": orders, "ids": ids, "total": str(total), "lines": int(lines)}


if __name__ == "__main__":
    order = json.load(sys.stdin)
    made = {"read": read, "look": look}[order["do"]](order)
    print(f"\n{json.dumps(made)}", flush=True)  # a line of its own, after the progress bars
