"""Compile ``kernels.c``: ``python -m xsight_core.clv.native.build``, part of ``make install``.

The compiler is the one inside the ``ziglang`` wheel, so a machine needs none of its own. What comes out
depends on nothing, no C library, no Python version: the three environments share it. What is already there
is left alone.
"""

import platform
import subprocess
import sys
import tempfile
from os import environ
from pathlib import Path

from xsight_core.clv.native.library import FLAGS, SOURCE, TARGETS, library_path

__all__ = ["build"]


def build(*, say: bool = True) -> list[Path]:
    """Compile for each kind of processor this machine's architecture has; the files are swapped in whole."""
    made: list[Path] = []
    for target in TARGETS[platform.machine()]:
        path = library_path(target)
        if path.exists():
            continue
        if say:
            print(f"· purchase models: compiling for {target}", flush=True)  # noqa: T201 - a command
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder, "kernels.so")
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "ziglang",
                    "cc",
                    f"-mcpu={target}",
                    *FLAGS,
                    "-o",
                    fresh,
                    SOURCE,
                ],
                check=True,
                env=environ | {f"ZIG_{each}_CACHE_DIR": folder for each in ("LOCAL", "GLOBAL")},
            )
            staged = path.with_suffix(f".{Path(folder).name}")
            staged.write_bytes(fresh.read_bytes())
            staged.replace(path)
        made.append(path)
    current = {library_path(target) for target in TARGETS[platform.machine()]}
    for old in set(SOURCE.parent.glob("kernels-*.so")) - current:
        old.unlink()
    return made


if __name__ == "__main__":
    if platform.machine() in TARGETS:
        build()
    else:
        print(  # noqa: T201 - a command
            f"· purchase models: no compiled kernels for {platform.machine()}; NumPy does the work, slower"
        )
