"""Which runs stay."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from xsight_core.services.retention import (
    DAYS_KEPT,
    MONTHS_KEPT,
    PAST_KEPT,
    RECENT_RUNS,
    KeptRun,
    retained,
)

START = datetime(2023, 1, 10, 3, tzinfo=UTC)


def run(at: datetime, kind: str = "shown", rows: str = "scores") -> KeptRun:
    return KeptRun(uuid4(), kind, at.date(), at, rows)


def lived(days: int, per_day: int = 2) -> dict[str, list[KeptRun]]:
    """What is left after that many days, each day being followed by the clean-up, as in a shop's life."""
    left: dict[UUID, KeptRun] = {}
    for day in range(days):
        runs = [run(START + timedelta(days=day, hours=n)) for n in range(per_day)]
        fate = retained([*left.values(), *runs])
        rows = {i: r.rows for i, r in left.items()}
        for i, kept in fate.items():  # rows that are gone cannot come back
            assert rows.get(i) != "none" or kept in {"none", "gone"}
            assert rows.get(i) != "history" or kept in {"history", "none", "gone"}
        left = {
            r.id: KeptRun(r.id, r.kind, r.as_of, r.computed_at, fate[r.id])
            for r in [*left.values(), *runs]
            if fate[r.id] != "gone"
        }
    by_rows: dict[str, list[KeptRun]] = {"scores": [], "history": [], "none": []}
    for kept in left.values():
        by_rows[kept.rows].append(kept)
    return by_rows


def test_more_than_two_years_of_two_runs_a_day() -> None:
    left = lived(800)
    assert len(left["scores"]) == RECENT_RUNS
    months = sorted(f"{r.as_of:%Y-%m}" for r in left["history"])
    assert len(months) == len(set(months))
    assert MONTHS_KEPT - 1 <= len(months) <= MONTHS_KEPT
    for r in left["history"]:  # the last day of its month, but for the one under way
        assert (r.as_of + timedelta(days=1)).day == 1 or r.as_of == max(
            k.as_of for k in left["history"]
        )
    assert 0.9 * DAYS_KEPT < len(left["none"]) < DAYS_KEPT


def test_looks_at_the_past_do_not_push_out_what_is_shown() -> None:
    shown = [run(START + timedelta(days=d)) for d in range(5)]
    past = [run(START + timedelta(days=10, minutes=n), "past", "history") for n in range(40)]
    random.Random(1).shuffle(past)
    fate = retained([*past, *shown])
    assert [fate[r.id] for r in shown] == ["none", "none", "scores", "scores", "scores"]
    kept = [r for r in past if fate[r.id] == "history"]
    assert len(kept) == PAST_KEPT
    assert min(r.computed_at for r in kept) > max(
        r.computed_at for r in past if fate[r.id] == "gone"
    )


def test_nothing_from_nothing() -> None:
    assert retained([]) == {}
