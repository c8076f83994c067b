"""Benchmarks of the whole: ``xsight bench NAME``. Each ends with one line of JSON."""

import json
from collections.abc import Mapping

__all__ = ["report"]


def report(name: str, figures: Mapping[str, float]) -> int:
    """Print the line that scripts read."""
    rounded = {key: _short(value) for key, value in figures.items()}
    print(json.dumps({"bench": name, "figures": rounded}))
    return 0


def _short(value: float) -> float:
    """Three decimals, or three digits of what is small."""
    return round(value, 3) if abs(value) >= 0.1 or not value else float(f"{value:.3g}")  # noqa: PLR2004
