"""What can be wrong inside a result file."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from shopify_sim.bulk.templates import to_json
from shopify_sim.faults import Faults
from shopify_sim.spoilt import Damage, spoilt

__all__ = ["Mangling"]


@dataclass(frozen=True)
class Mangling:
    """Plan for one file."""

    seed: int
    malformed: int
    duplicated: int
    scattered: bool
    damages: Mapping[str, Damage]

    @staticmethod
    def drawn(faults: Faults, damages: Mapping[str, Damage]) -> "Mangling":
        """What the plan has for the next file."""
        return Mangling(
            faults.seed,
            faults.take("malformed_lines"),
            faults.take("duplicated_lines"),
            faults.strike("scattered_files"),
            damages,
        )

    def rewrite(self, path: Path) -> int:
        """Mangle a finished file in place; returns how many lines it has more."""
        if not (self.malformed or self.duplicated or self.scattered or self.damages):
            return 0
        draw = random.Random(self.seed)
        lines = path.read_bytes().splitlines(keepends=True)
        if self.damages:
            lines = [self._damaged(line) for line in lines]
        for place in draw.sample(range(len(lines)), min(self.malformed, len(lines))):
            lines[place] = _garbled(lines[place])
        copies = draw.sample(lines, min(self.duplicated, len(lines)))
        lines += copies
        if self.scattered:
            draw.shuffle(lines)
        path.write_bytes(b"".join(lines))
        return len(copies)

    def _damaged(self, line: bytes) -> bytes:
        row = orjson.loads(line)
        damage = self.damages.get(row.get("id", ""))
        if damage is None:
            return line
        text = (to_json(spoilt(row, self.damages)) + "\n").encode()
        return _garbled(text) if damage.garbled else text


def _garbled(line: bytes) -> bytes:
    return line[: len(line) // 2] + b"\n"
