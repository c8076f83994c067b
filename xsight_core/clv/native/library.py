"""Where the compiled kernels lie and which of them this processor can run."""

import hashlib
import platform
from functools import cache
from pathlib import Path

__all__ = ["FLAGS", "SOURCE", "TARGETS", "best_target", "library_path"]

SOURCE = Path(__file__).with_name("kernels.c")

FLAGS = (
    *("-O3", "-shared", "-fPIC", "-nostdlib", "-ffreestanding", "-fvisibility=hidden", "-s"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fno-sanitize=undefined"),
)

TARGETS = {"x86_64": ("x86_64_v3", "baseline"), "aarch64": ("baseline",)}
"""Best first. AVX-512 is left out: its gathers made the row sums slower than AVX2 does."""

_V3 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}


@cache
def best_target() -> str | None:
    """The best target of this processor; None on an architecture without one."""
    targets = TARGETS.get(platform.machine())
    if targets is None or len(targets) == 1:
        return targets and targets[0]
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text() if cpu.exists() else ""
    line = next((line for line in flags.splitlines() if line.startswith("flags")), "")
    return targets[0] if set(line.split()) >= _V3 else targets[1]


@cache
def library_path(name: str) -> Path:
    """Named after the source and how it is compiled: a changed source is compiled anew."""
    text = SOURCE.read_bytes() + " ".join(FLAGS).encode()
    return SOURCE.with_name(f"kernels-{hashlib.sha256(text).hexdigest()[:12]}-{name}.so")
