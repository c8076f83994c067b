"""The bubblewrap sandbox of a server: what it may see, and whether this machine can make one."""

import ctypes
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["command", "find_bubblewrap", "interpreter_folders", "limit_resources"]

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ssl", "/etc/fonts", "/etc/ld.so.cache")
"""Read-only parts of the machine that programs need. Nothing of /etc, /var, /run, /root or /home beside these."""

ETC = Path(__file__).with_name("etc")
"""Files of a sandbox's /etc: who "1000" is, and what "localhost" means."""

WALLS = (
    *("--die-with-parent", "--new-session", "--unshare-all", "--cap-drop", "ALL"),
    *("--uid", "1000", "--gid", "1000", "--hostname", "xsight"),
    *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108 - the sandbox's own
)

GIB = 1 << 30
PR_SET_PDEATHSIG = 1


def find_bubblewrap() -> Path | None:
    """Path of a bubblewrap that can make a sandbox here, for this user; None where it is missing or refused.

    Distributions, containers and security modules forbid user namespaces in many ways, so it is tried, not guessed.
    """
    found = shutil.which("bwrap")
    if found is None:
        return None
    trial = command(Path(found), ["true"])
    try:
        done = subprocess.run(trial, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found) if done.returncode == 0 else None


def command(
    bubblewrap: Path,
    run: Iterable[str],
    *,
    read_only: Mapping[Path, str] | None = None,
    writable: Mapping[Path, str] | None = None,
    chdir: str = "/tmp",  # noqa: S108 - the sandbox's own, empty at start
) -> list[str]:
    """Command line that runs ``run`` in a sandbox which sees the folders named (outside → inside) and nothing else."""
    argv = [str(bubblewrap), *WALLS]
    for path in SYSTEM:
        argv += ["--ro-bind-try", path, path]
    for file in ("passwd", "hosts"):
        argv += ["--ro-bind", str(ETC / file), f"/etc/{file}"]
    for outside, inside in (writable or {}).items():
        argv += ["--bind", str(outside), inside]
    for outside, inside in (read_only or {}).items():
        argv += ["--ro-bind", str(outside), inside]
    return [*argv, "--chdir", chdir, *run]


def interpreter_folders(python: Path) -> list[Path]:
    """Folders a virtual environment's interpreter needs: the environment, and where its links lead."""
    folders = [python.absolute().parent.parent]
    link = python.absolute()
    while link.is_symlink():
        link = link.parent / link.readlink()
        folders.append(link.parent.parent)
    folders.append(link.resolve().parent.parent)
    return [f for f in dict.fromkeys(folders) if not str(f).startswith("/usr")]


def limit_resources() -> None:
    """Run in the child before it becomes a server: no core files, bounded files and memory, end with the Hub."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * GIB, 4 * GIB))
    # Address space, not memory: mapped ledgers and native libraries reserve far more than they use.
    resource.setrlimit(resource.RLIMIT_AS, (32 * GIB, 32 * GIB))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
