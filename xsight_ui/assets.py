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


def preloads(*modules: str) -> list[str]:
    """Files that a page with these modules will ask for, each once, in the order they are needed."""
    known = manifest()["modules"]
    files = [
        file
        for name in ("kit", *modules)
        for file in (known[name]["file"], *known[name]["imports"])
    ]
    return list(dict.fromkeys(files))
