"""The state folder (``XSIGHT_HOME``): its layout, whose it is, and the one stack that may run on it."""

import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.trouble import Trouble

__all__ = ["ROOT", "Home"]

ROOT = Path(__file__).resolve().parent.parent
_MARK = "xsight.json"
_FOLDERS = {
    "run": 0o755, "secrets": 0o700, "logs": 0o750, "postgres": 0o755, "valkey": 0o700,
    "hub": 0o700, "homes": 0o755, "ledger": 0o755,
    "sim": 0o755,
}  # fmt: skip
# `sun_path` holds 108 bytes; PostgreSQL's socket name and a margin are taken off
_LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything that must survive a restart is kept."""

    path: Path

    @classmethod
    def named(cls, given: str | None = None) -> "Home":
        """``XSIGHT_HOME``, else ``var`` beside the code. Nothing is touched."""
        return cls(Path(given or os.environ.get("XSIGHT_HOME") or ROOT / "var").absolute())

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def state_file(self) -> Path:
        return self.run / "state.json"

    def make(self) -> None:
        """Create what is missing.

        Raises
        ------
        Trouble
            The folder holds something else, or may not be written.
        """
        try:
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            strangers = sorted(p.name for p in self.path.iterdir() if p.name not in _FOLDERS)
            if strangers and not (self.path / _MARK).exists():
                raise Trouble(
                    f"{self.path} is not a state folder of XSight: it holds {strangers[0]}",
                    "name an empty folder with XSIGHT_HOME",
                )
            for name, mode in _FOLDERS.items():
                folder = self.path / name
                if not folder.is_dir():
                    folder.mkdir(mode=mode)
                    folder.chmod(mode)
            (self.path / _MARK).write_text('{"layout": 1}\n')
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise Trouble(
                f"{self.path} cannot be written by user {_user_name()}",
                "make the folder yours, or name another one with XSIGHT_HOME",
            ) from error

    def lock(self) -> int:
        """Take the folder for this process and its forks, and forget what a killed predecessor said.

        Raises
        ------
        Trouble
            Another stack runs on it.
        """
        handle = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            pid = self.state().get("pid")
            raise Trouble(
                f"XSight is running on {self.path} already{f' (process {pid})' if pid else ''}",
                "use it, stop it with `xsight down`, or name another folder with XSIGHT_HOME",
            ) from None
        # the process it names may be somebody else's by now, and `down` would end that
        self.state_file.unlink(missing_ok=True)
        return handle

    def locked(self) -> bool:
        """Whether a stack runs on this folder now."""
        try:
            handle = os.open(self.run / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def state(self) -> dict[str, Any]:
        """What the running stack last said of itself."""
        try:
            return json.loads(self.state_file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}

    def write_state(self, state: dict[str, Any]) -> None:
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1))
        fresh.replace(self.state_file)

    def socket_folder(self) -> Path:
        """A folder short enough for unix sockets: inside the home, else under the temporary one.

        Raises
        ------
        Trouble
            Somebody else made the short folder first.
        """
        folder = self.run / "pg"
        if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
            key = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:10]
            folder = Path(tempfile.gettempdir()) / f"xsight-{os.getuid()}-{key}"
            if folder.is_symlink() or (folder.exists() and not _is_ours(folder)):
                raise Trouble(
                    f"{folder} belongs to somebody else", "remove it, or shorten XSIGHT_HOME's path"
                )
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
        return folder


def _is_ours(folder: Path) -> bool:
    # as root the server, and so its socket folder, belongs to an unprivileged account
    return os.getuid() == 0 or folder.stat().st_uid == os.getuid()


def _user_name() -> str:
    import pwd  # noqa: PLC0415  # not on every platform

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
