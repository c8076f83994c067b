"""Customers with known truth: MBG/NBD purchases and Gamma-Gamma spend.

Purchases run in *operational* time, where the model is exact; a seasonal clock (year, week, Black Friday)
maps it to the calendar. An estimator sees the truth in operational time; on the calendar it is off by
the season, by design.
"""

from dataclasses import dataclass

import numpy as np

from shopify_sim.tables import Column

__all__ = ["Model", "Purchases", "purchases", "season_clock", "spend"]


BLACK_FRIDAY, WEEK_HALF = 331, 3  # day of the year, days around it


@dataclass(frozen=True)
class Model:
    """True parameters.

    Rate ~ Gamma(r, alpha) per operational day; drop-out after each purchase, the first included, ~ Beta(a, b).
    Spend of an order ~ Gamma(p, nu), nu ~ Gamma(q, gamma): Fader & Hardie (2013).
    """

    r: float = 0.55
    alpha: float = 60.0
    a: float = 0.9
    b: float = 2.6
    p: float = 6.0
    q: float = 4.0
    gamma: float = 15.0
    yearly: float = 0.25
    weekly: float = 0.15
    black_friday: float = 2.5


@dataclass(frozen=True)
class Purchases:
    """Who bought when (operational days), and the hidden traits of every customer."""

    customer: Column
    at: Column
    born: Column
    rate: Column
    drop_out: Column
    died: Column  # operational day of the last purchase of those who left, else infinite


def season_clock(model: Model, days: int, first_weekday: int, first_day_of_year: int) -> Column:
    """Operational time at each midnight of ``days`` calendar days (mean rate 1)."""
    day = np.arange(days)
    of_year = (day + first_day_of_year) % 365.25
    rate = 1 + model.yearly * np.cos(2 * np.pi * (of_year - 345) / 365.25)
    rate += model.weekly * np.cos(2 * np.pi * ((day + first_weekday) % 7 - 5) / 7)
    rate[np.abs(of_year - BLACK_FRIDAY) < WEEK_HALF] *= model.black_friday
    return np.concatenate([[0.0], np.cumsum(rate / rate.mean())])


def purchases(
    model: Model, draw: np.random.Generator, customers: int, today: float, horizon: float
) -> Purchases:
    """First purchases of a growing shop, and repeats until drop-out or ``horizon``.

    ``customers`` come before ``today``, and at the same growth more until ``horizon``.
    """
    coming = round(customers * ((horizon / today) ** 2 - 1))
    past = today * np.sqrt(draw.random(customers))
    future = np.sqrt(today**2 + draw.random(coming) * (horizon**2 - today**2))
    born = np.concatenate([past, future])
    customers += coming
    rate = draw.gamma(model.r, 1 / model.alpha, customers)
    drop_out = draw.beta(model.a, model.b, customers)
    alive = draw.random(customers) >= drop_out
    died = np.where(alive, np.inf, born)
    who, at = np.flatnonzero(alive), born[alive]
    whos, ats = [np.arange(customers)], [born]
    while len(who):
        at = at + draw.exponential(1.0, len(who)) / rate[who]
        inside = at < horizon
        who, at = who[inside], at[inside]
        whos.append(who)
        ats.append(at)
        left = draw.random(len(who)) < drop_out[who]
        died[who[left]] = at[left]
        who, at = who[~left], at[~left]
    return Purchases(np.concatenate(whos), np.concatenate(ats), born, rate, drop_out, died)


def spend(model: Model, draw: np.random.Generator, customer: Column, customers: int) -> Column:
    """Cents of every order; a guest (-1) is somebody new each time."""
    trait = draw.gamma(model.q, 1 / model.gamma, customers)
    own = draw.gamma(model.q, 1 / model.gamma, len(customer))
    nu = np.where(customer >= 0, trait[np.maximum(customer, 0)], own)
    return np.maximum(100, np.round(100 * draw.gamma(model.p, 1.0, len(customer)) / nu)).astype(
        np.int64
    )
