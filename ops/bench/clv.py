"""``xsight bench clv``: fit and score a million customers, beside lifetimes and pymc-marketing at the same optimum.

Everything takes the same four columns and ends with P(alive), expected orders in 90 days and the discounted value of
twelve months for each customer. Our runs stand between those of the others, so that all see the same machine.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ops.bench import report
from ops.bench.customers import Array, Customers, simulate
from ops.config import Config
from ops.home import ROOT
from ops.trouble import Trouble
from xsight_core.clv import BetaGeoFitter, GammaGammaFitter

__all__ = ["measure"]

_CUSTOMERS = 1_000_000
_SHOPS, _CUSTOMERS_A_SHOP = 1_000, 1_000
_SHOPS_A_TURN = 20
_OURS_A_TURN = 5
_PYMC = Path(__file__).with_name("clv_pymc.py")
_COLD = """
import numpy as np
from xsight_core.clv import BetaGeoFitter, GammaGammaFitter
x, t_x, T, m = np.load({path!r}).values()
model, spend = BetaGeoFitter().fit(x, t_x, T), GammaGammaFitter().fit(x, m)
model.conditional_probability_alive(x, t_x, T)
spend.customer_lifetime_value(model, x, t_x, T, m)
"""

Scores = dict[str, Any]


def measure(config: Config) -> int:
    """Take turns, compare the optima, then many small shops and a first call."""
    many = simulate(_CUSTOMERS, seed=1)
    print(f"· {len(many):,} customers, {int(many.frequency.sum()):,} repeat purchases", flush=True)
    _timed(lambda: _ours(simulate(2_000, seed=2)))
    ours: list[float] = []
    peers: dict[str, float] = {}
    found: dict[str, Scores] = {}
    turns: list[tuple[str, Callable[[], Any]]] = [
        ("lifetimes", lambda: _lifetimes(many)),
        ("lifetimes, grouped", _grouped(many)),
        ("pymc-marketing", lambda: _pymc(config, many)),
    ]
    for name, peer in turns:
        for _ in range(_OURS_A_TURN):
            seconds, found["ours"] = _timed(lambda: _ours(many))
            ours.append(seconds)
        peers[name], found[name] = _timed(peer)
        if name == "pymc-marketing":
            peers[name] = found[name]["seconds"]  # without the start of its process
        print(f"· {name}: {peers[name]:.2f} s; ours {ours[-1]:.3f} s", flush=True)
    own, theirs = found["ours"], found["lifetimes"]
    usual = statistics.median(ours)
    apart = _furthest(own["clv"], theirs["clv"])
    print(f"· values, each at its own optimum: at most {apart:.1e} apart")
    parameters = [abs(own["parameters"][k] / v - 1) for k, v in theirs["parameters"].items()]
    gain = _log_likelihood(many, own) - _log_likelihood(many, theirs)
    print(f"· log-likelihood by lifetimes' own formula, our optimum minus theirs: {gain:+.6f}")
    if peers["pymc-marketing"]:
        gaps = {
            k: own["parameters"][k] / v - 1
            for k, v in found["pymc-marketing"]["parameters"].items()
        }
        print("· pymc-marketing's optimum:", {k: f"{v:+.1e}" for k, v in gaps.items()})
    return report(
        "clv",
        {
            "ratio_vs_lifetimes": peers["lifetimes"] / usual,
            "ratio_vs_lifetimes_grouped": peers["lifetimes, grouped"] / usual,
            "ratio_vs_pymc": peers["pymc-marketing"] / usual,
            "shops_1000_s": _many_shops(),
            "cold_first_call_s": _cold(),
            "max_param_rel_diff": max(parameters),
            "max_clv_rel_diff": _furthest(own["clv"], _values_of_lifetimes(many, own)),
        },
    )


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def _ours(c: Customers) -> Scores:
    x, t_x, until, m = c.frequency, c.recency, c.T, c.monetary_value
    model, spend = BetaGeoFitter().fit(x, t_x, until), GammaGammaFitter().fit(x, m)
    return {
        "alive": model.conditional_probability_alive(x, t_x, until),
        "orders": model.conditional_expected_number_of_purchases_up_to_time(90, x, t_x, until),
        "clv": spend.customer_lifetime_value(model, x, t_x, until, m),
        "parameters": model.params_ | spend.params_,
    }


def _lifetimes(c: Customers) -> Scores:
    lifetimes = _import_lifetimes()
    x, t_x, until, m = (column.astype(float) for column in astuple(c))
    back = x > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = lifetimes.BetaGeoFitter().fit(x, t_x, until)
        spend = lifetimes.GammaGammaFitter().fit(x[back], m[back])
        return {
            "alive": model.conditional_probability_alive(x, t_x, until),
            "orders": model.predict(90, x, t_x, until),
            "clv": np.asarray(
                spend.customer_lifetime_value(
                    model,
                    *map(pd.Series, (x, t_x, until, m)),
                    time=12,
                    discount_rate=0.01,
                    freq="D",
                )
            ),
            "parameters": {**model.params_, **spend.params_},
        }


def _values_of_lifetimes(c: Customers, scores: Scores) -> Array:
    """What lifetimes makes of our optimum: it stops a few millionths short of it, and values move as much."""
    lifetimes = _import_lifetimes()
    model, spend = lifetimes.BetaGeoFitter(), lifetimes.GammaGammaFitter()
    found = pd.Series(scores["parameters"])
    model.params_, spend.params_ = found[["r", "alpha", "a", "b"]], found[["p", "q", "v"]]
    model.predict = model.conditional_expected_number_of_purchases_up_to_time
    columns = (pd.Series(column.astype(float)) for column in _columns(c))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = spend.customer_lifetime_value(
            model, *columns, time=12, discount_rate=0.01, freq="D"
        )
    return value.to_numpy()


def _furthest(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a / b - 1)))


def _grouped(c: Customers) -> Callable[[], Scores]:
    """The same with equal histories as one row with a weight; grouping them is not counted."""
    lifetimes = _import_lifetimes()
    rows = np.column_stack([c.frequency, c.recency, c.T])
    distinct, which, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    x, t_x, until = distinct.T.astype(float)
    own_x, m = c.frequency.astype(float), c.monetary_value
    back = own_x > 0

    def run() -> Scores:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = lifetimes.BetaGeoFitter().fit(x, t_x, until, weights=count)
            spend = lifetimes.GammaGammaFitter().fit(own_x[back], m[back])
            alive = model.conditional_probability_alive(x, t_x, until)
            orders = model.predict(90, x, t_x, until)
            one = pd.Series(np.ones(len(x)))
            purchases = lifetimes.utils._customer_lifetime_value(  # noqa: SLF001 - the part without spend
                model, *map(pd.Series, (x, t_x, until)), one, time=12, discount_rate=0.01, freq="D"
            )
            each = spend.conditional_expected_average_profit(own_x, m)
            at = which.ravel()
            return {
                "alive": alive[at],
                "orders": orders[at],
                "clv": purchases.to_numpy()[at] * each,
            }

    return run


def _log_likelihood(c: Customers, scores: Scores) -> float:
    """Of BG/NBD at the parameters found, as lifetimes computes it."""
    at = np.log([scores["parameters"][name] for name in ("r", "alpha", "a", "b")])
    columns = (column.astype(float) for column in (c.frequency, c.recency, c.T))
    formula = _import_lifetimes().BetaGeoFitter._negative_log_likelihood  # noqa: SLF001
    return -len(c) * float(formula(at, *columns, np.ones(len(c)), 0.0))


def _import_lifetimes() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes  # noqa: PLC0415 - warns at import
        import lifetimes.utils  # noqa: PLC0415
    return lifetimes


def _pymc(config: Config, c: Customers) -> Scores:
    """pymc-marketing in an environment of its own, made where it is missing; 0 s without a Python for it."""
    python = _pymc_python(config)
    if python is None:
        print("· pymc-marketing needs Python 3.12 or later, and none was found: its ratio is 0")
        return {"seconds": 0.0, "parameters": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "customers.npz")
        np.savez(path, **{k: v.astype(float) for k, v in vars(c).items()})
        done = subprocess.run([python, _PYMC, path], check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": answer["seconds"]["all"], "parameters": answer["parameters"]}


def _pymc_python(config: Config) -> Path | None:
    folder = config.home.path / "bench" / "pymc"
    python = folder / "bin" / "python"
    if (folder / ".installed").exists():
        return python
    base = _newer_python()
    if base is None:
        return None
    print("· installing pymc-marketing into an environment of its own", flush=True)
    uv, wants = (
        Path(sys.executable).with_name("uv"),
        ROOT / "requirements" / "peers" / "pymc-marketing.txt",
    )
    for command in (
        [uv, "--quiet", "venv", "--allow-existing", "--python", base, folder],
        [uv, "--quiet", "pip", "sync", "--require-hashes", "--python", python, wants],
    ):
        if subprocess.run(command, check=False).returncode:
            raise Trouble("pymc-marketing could not be installed", "read the lines above")
    (folder / ".installed").touch()
    return python


def _newer_python() -> str | None:
    if sys.version_info >= (3, 12):
        return sys.executable
    found = [shutil.which(name) for name in ("python3.13", "python3.12")]
    versions = Path.home() / ".pyenv" / "versions"
    found += [str(p) for minor in (12, 13) for p in versions.glob(f"3.{minor}.*/bin/python")]
    for path in filter(None, found):
        asked = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
        if subprocess.run(asked, check=False, capture_output=True).returncode == 0:
            return path
    return None


def _many_shops() -> float:
    """Shops of different kinds in one waiting process a core, as calculators are; best of 3 runs.

    Customers on their way there and scores on their way back are counted, the start of the processes is not.
    """
    rng = np.random.default_rng(3)
    shops = [
        simulate(
            _CUSTOMERS_A_SHOP,
            seed=100 + i,
            purchases=(*np.exp(rng.normal(np.log([0.55, 45.0, 0.7, 2.2]), 0.3)).tolist(),),
        )
        for i in range(_SHOPS)
    ]
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), fresh) as cores:
        list(cores.map(_ours, shops[:_SHOPS_A_TURN]))
        return min(
            _timed(lambda: list(cores.map(_ours, shops, chunksize=_SHOPS_A_TURN)))[0]
            for _ in range(3)
        )


def _cold() -> float:
    """A fresh process until it has fitted and scored 2,357 customers, interpreter and imports included; median of 5."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "shop.npz"))
        np.savez(path, *_columns(simulate(2_357, seed=4)))
        command = [sys.executable, "-c", _COLD.format(path=path)]
        runs = [_timed(lambda: subprocess.run(command, check=True, cwd=ROOT)) for _ in range(5)]
    return statistics.median(seconds for seconds, _ in runs)


def _columns(c: Customers) -> tuple[Array, ...]:
    return c.frequency, c.recency, c.T, c.monetary_value
