"""A shop of N customers over three years, from a seed: its true model is known, its clock can reach a future."""

from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from shopify_sim.people import FAMILY, GIVEN
from shopify_sim.sources.baskets import PRODUCTS, catalogue, fill
from shopify_sim.sources.future import CANCEL, GUEST, TEST, USUAL, Rates, history
from shopify_sim.sources.ledger import day_starts
from shopify_sim.sources.process import Model, purchases, season_clock, spend
from shopify_sim.tables import CUSTOMER, LINE, ORDER, Column, Table, Tables

__all__ = ["load"]

ZONE, CURRENCY = "Europe/Berlin", "EUR"
PAST_DAYS, FUTURE_DAYS = 1095, 180
DAY_US = 86_400_000_000
HOUR_WEIGHTS = np.array(
    [2, 1, 0.6, 0.4, 0.4, 0.6, 1.2, 2, 3, 4, 5, 5.5, 5.5, 5, 5, 5, 5, 5.5, 6, 7, 7.5, 7, 5.5, 3.5]
)
HOME = slice(6, 10)  # places in the shop's own country
ABROAD = slice(10, 16)
GUESTS, TESTS, CANCELLED, FOREIGN, DISCOUNTED = 0.06, 0.004, 0.02, 0.12, 0.2
WITH_PHONE = 0.4
CHANNEL_WEIGHTS = [0.82, 0.08, 0.03, 0.07]  # as columns.CHANNELS


def load(customers: int, seed: int, now: datetime, model: Model | None = None) -> Tables:
    """Generate; the same numbers and the same day give the same shop."""
    model = model or Model()
    draw = np.random.default_rng([seed, customers])
    first_day = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(PAST_DAYS)
    days = PAST_DAYS + FUTURE_DAYS
    warp = season_clock(model, days, first_day.weekday(), first_day.timetuple().tm_yday)
    bought = purchases(model, draw, customers, warp[PAST_DAYS], warp[-1])
    customers = len(bought.born)  # with those still to come
    who, at, kind = _with_strangers(draw, bought.customer, bought.at, warp[-1])
    first_day_number = (first_day - datetime(1970, 1, 1).date()).days  # noqa: DTZ001
    us = _calendar(draw, at, warp, first_day_number)
    order = np.argsort(us, kind="stable")
    us, who, kind = us[order], who[order], kind[order]
    count = len(us)
    cents = spend(model, draw, who, customers)
    percent = np.where(draw.random(count) < DISCOUNTED, draw.choice([5, 10, 15, 20], count), 0)
    # the draw is what a customer pays; the list price is higher where there is a discount
    baskets = fill(draw, np.round(cents / (1 - percent / 100)).astype(np.int64), percent)
    people = _people(draw, customers, who, us)
    orders = {
        "processed": us,
        "created": us,
        "customer": who,
        "test": kind == TEST,
        "place": np.where(
            who >= 0,
            people["place"][np.maximum(who, 0)],
            draw.integers(HOME.start, HOME.stop, count),
        ),
        "channel": draw.choice(len(CHANNEL_WEIGHTS), count, p=CHANNEL_WEIGHTS),
        "percent": percent,
        "gross": baskets.gross,
        "discount": baskets.discount,
        "first_line": baskets.first,
        "last_line": baskets.last,
    }
    start = int(day_starts(np.array([first_day_number]), ZONE)[0])
    return Tables(
        Table(CUSTOMER, people),
        Table(ORDER, orders),
        Table(LINE, baskets.lines),
        catalogue(draw, start),
        CURRENCY,
        ZONE,
        "Garden Goods",
        history(draw, Rates(), us, who, kind, people["created"], PRODUCTS),
        {"model": asdict(model), "rate": bought.rate, "drop_out": bought.drop_out, "warp": warp},
    )


def _with_strangers(
    draw: np.random.Generator, who: Column, at: Column, horizon: float
) -> tuple[Column, Column, Column]:
    """Add what is outside the model: guests, test orders, orders that will be cancelled."""
    usual = len(who)
    guests, tests, cancelled = (int(usual * share) for share in (GUESTS, TESTS, CANCELLED))
    picked = draw.integers(0, usual, cancelled)
    whos = [who, np.full(guests + tests, -1), who[picked]]
    later = np.minimum(at[picked] + draw.exponential(3, cancelled), horizon * 0.99999)
    ats = [at, horizon * np.sqrt(draw.random(guests + tests)), later]
    kinds = np.repeat([USUAL, GUEST, TEST, CANCEL], [usual, guests, tests, cancelled])
    return np.concatenate(whos), np.concatenate(ats), kinds


def _calendar(draw: np.random.Generator, at: Column, warp: Column, first_day: int) -> Column:
    """Operational days to microseconds UTC: a day by the season, an hour by the clock on the wall."""
    calendar = np.interp(at, warp, np.arange(len(warp)))
    day = np.minimum(calendar.astype(np.int64), len(warp) - 2)
    hour = draw.choice(24, len(at), p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    second = hour * 3600 + ((calendar - day) * 3599).astype(np.int64)
    return day_starts(first_day + day, ZONE) + second * 1_000_000


def _people(draw: np.random.Generator, count: int, who: Column, us: Column) -> dict[str, Column]:
    first = np.full(count, np.iinfo(np.int64).max)
    known = who >= 0
    np.minimum.at(first, who[known], us[known])
    created = first - (draw.exponential(0.02, count) * DAY_US).astype(np.int64)
    created = created // 1_000_000 * 1_000_000
    consent = draw.choice(3, count, p=[0.55, 0.4, 0.05])
    phone = draw.random(count) < WITH_PHONE
    return {
        "created": created,
        "given": draw.integers(0, len(GIVEN), count),
        "family": draw.integers(0, len(FAMILY), count),
        "place": np.where(
            draw.random(count) < FOREIGN,
            draw.integers(ABROAD.start, ABROAD.stop, count),
            draw.integers(HOME.start, HOME.stop, count),
        ),
        "email_consent": consent,
        "sms_consent": np.where(phone & (consent == 1), draw.integers(0, 2, count), 0),
        "consent_at": created,
        "has_phone": phone,
    }
