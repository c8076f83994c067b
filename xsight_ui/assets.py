"""Where the built front end lives and what its files are called."""

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["ASSETS_URL", "STATIC", "manifest", "preloads"]

STATIC = Path(__file__).parent / "static"
ASSETS_URL = "/assets/"


@cache
def manifest() -> dict[str, Any]:
    """Names of the built files: `entry`, `css`, `font`, and `modules` with what each imports."""
    path = STATIC / "manifest.json"
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        message = f"{path} is missing: run `python -m xsight_ui.build`"
        raise FileNotFoundError(message) from None


def preloads(module: str) -> list[str]:
    """The files that a module consists of."""
    known = manifest()["modules"][module]
    return [known["file"], *known["imports"]]
