"""What can be wrong inside a result file."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from shopify_sim.bulk.templates import to_json
from shopify_sim.faults import Faults
from shopify_sim.spoilt import Damage, spoilt, without_persons

__all__ = ["Mangling"]


@dataclass(frozen=True)
class Mangling:
    """Plan for one file."""

    seed: int
    malformed: int
    duplicated: int
    scattered: bool
    extra: tuple[bytes, ...]
    damages: Mapping[str, Damage]
    hidden: bool

    @staticmethod
    def drawn(faults: Faults, damages: Mapping[str, Damage], *, hidden: bool) -> "Mangling":
        """What the plan has for the next file."""
        return Mangling(
            faults.seed,
            faults.take("malformed_lines"),
            faults.take("duplicated_lines"),
            faults.strike("scattered_files"),
            tuple(line.encode() + b"\n" for line in faults.take("bad_lines")),
            damages,
            hidden,
        )

    @property
    def is_needed(self) -> bool:
        """Whether anything is wrong with the file."""
        plan = (self.malformed, self.duplicated, self.scattered, self.extra, self.damages)
        return any(plan) or self.hidden

    def rewrite(self, path: Path) -> int:
        """Mangle a finished file in place; returns how many lines it has more."""
        if not self.is_needed:
            return 0
        draw = random.Random(self.seed)
        lines = path.read_bytes().splitlines(keepends=True)
        if self.damages or self.hidden:
            lines = [self._damaged(line) for line in lines]
        for place in draw.sample(range(len(lines)), min(self.malformed, len(lines))):
            lines[place] = _garbled(lines[place])
        more = draw.sample(lines, min(self.duplicated, len(lines))) + list(self.extra)
        lines += more
        if self.scattered:
            draw.shuffle(lines)
        path.write_bytes(b"".join(lines))
        return len(more)

    def _damaged(self, line: bytes) -> bytes:
        row = orjson.loads(line)
        damage = self.damages.get(row.get("id", ""))
        if damage is None and not self.hidden:
            return line
        shown = spoilt(row, self.damages)
        text = (to_json(without_persons(shown) if self.hidden else shown) + "\n").encode()
        return _garbled(text) if damage is not None and damage.garbled else text


def _garbled(line: bytes) -> bytes:
    return line[: len(line) // 2] + b"\n"
