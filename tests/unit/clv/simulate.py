"""Customers who behave exactly as the models say, with what they do next."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Simulated:
    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    alive: np.ndarray
    later: np.ndarray  # purchases in the horizon after T


def simulate(n, params, horizon, seed, *, modified, longest=500.0) -> Simulated:
    """Continuous time, one purchase after the other; ``modified``: one may leave after the first purchase too."""
    r, alpha, a, b = params
    rng = np.random.default_rng(seed)
    until = rng.uniform(30, longest, n)
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, last, later = np.zeros(n), np.zeros(n), np.zeros(n)
    clock = np.zeros(n)
    active = np.ones(n, bool)
    if modified:
        active = rng.random(n) >= leave
    alive = active.copy()
    going = np.flatnonzero(active)
    while len(going):
        clock[going] += rng.exponential(1 / rate[going])
        going = going[clock[going] <= until[going] + horizon]
        past = clock[going] <= until[going]
        x[going[past]] += 1
        last[going[past]] = clock[going[past]]
        later[going[~past]] += 1
        left = rng.random(len(going)) < leave[going]
        alive[going[left & past]] = False
        going = going[~left]
    return Simulated(x, last, until, alive, later)


TRUTHFUL = (0.8, 30.0, 0.6, 2.5)


def history(n, params, *, days, seed) -> tuple[np.ndarray, np.ndarray]:
    """Orders (customer, day) of n MBG/NBD customers who came in evenly over the days; sorted."""
    r, alpha, a, b = params
    rng = np.random.default_rng(seed)
    clock = rng.uniform(0, days, n)
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    who = np.arange(n)
    customers, at = [who], [clock.copy()]
    going = who[rng.random(n) >= leave]
    while len(going):
        clock[going] += rng.exponential(1 / rate[going])
        going = going[clock[going] <= days]
        customers.append(going)
        at.append(clock[going])
        going = going[rng.random(len(going)) >= leave[going]]
    customer, day = np.concatenate(customers), np.concatenate(at).astype(np.int64)
    order = np.lexsort((day, customer))
    return customer[order], day[order]
