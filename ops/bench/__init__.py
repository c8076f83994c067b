"""Benchmarks of the whole: ``xsight bench NAME``. Each ends with one line of JSON."""

import json
from collections.abc import Mapping

__all__ = ["report"]


def report(name: str, figures: Mapping[str, float]) -> int:
    """Print the line that scripts read."""
    rounded = {key: round(value, 3) for key, value in figures.items()}
    print(json.dumps({"bench": name, "figures": rounded}))
    return 0
