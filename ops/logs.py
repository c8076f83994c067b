"""``xsight logs``: the last lines of the processes' logs."""

import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from ops.config import Config
from ops.trouble import Trouble

__all__ = ["show"]

_LOOK_EVERY_S = 0.3


def show(config: Config, name: str | None, *, lines: int, follow: bool) -> int:
    """Print the end of one log or of all; with ``follow`` go on until interrupted."""
    folder = config.home.logs
    files = sorted(folder.glob("*.log"))
    if name is not None:
        names = [file.stem for file in files]
        if name not in names:
            known = ", ".join(names) or "none yet"
            raise Trouble(f"there is no log of {name} in {folder}", f"name one of: {known}")
        files = [folder / f"{name}.log"]
    for file in files:
        with file.open(errors="replace") as text:
            for line in deque(text, maxlen=lines):
                _print(file, line, alone=name is not None)
    with suppress(KeyboardInterrupt):
        if follow:
            _follow(files, alone=name is not None)
    return 0


def _follow(files: list[Path], *, alone: bool) -> None:
    places = {file: file.stat().st_size for file in files}
    while True:
        for file, place in places.items():
            size = file.stat().st_size
            if size == place:
                continue
            with file.open(errors="replace") as text:
                text.seek(place if size > place else 0)  # shorter: it was rotated
                for line in text:
                    _print(file, line, alone=alone)
                places[file] = text.tell()
        time.sleep(_LOOK_EVERY_S)


def _print(file: Path, line: str, *, alone: bool) -> None:
    print("" if alone else f"{file.stem:<10} ", line.rstrip("\n"), sep="", flush=True)
