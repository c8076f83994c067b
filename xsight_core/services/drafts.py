"""Notebooks that an analyst has laid ready in their own home to be reviewed (``shop.publish``)."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from xsight_core.errors import NotFound

__all__ = ["FOLDER", "drafts", "read_draft"]

FOLDER: Final = "publish"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,100}\.ipynb")
_LARGEST: Final = 1_000_000


def drafts(home: Path, server: str) -> list[str]:
    """Names of what lies ready in a Lab's home; ``server`` is the Lab's name at the Hub."""
    try:
        folder = _folder(home, server)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        return sorted(
            name
            for name in os.listdir(folder)  # noqa: PTH208 - a folder by its handle
            if _NAME.fullmatch(name)
        )
    finally:
        os.close(folder)


def read_draft(home: Path, server: str, name: str) -> bytes:
    """One of them, or ``NotFound``. Links are not followed: the home's owner can lay them to anywhere."""
    if not _NAME.fullmatch(name):
        raise NotFound("There is no such draft.")
    try:
        folder = _folder(home, server)
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError:
        raise NotFound("There is no such draft; lay it ready with shop.publish(…).") from None
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise NotFound("There is no such draft.")
        return opened.read(_LARGEST + 1)


def _folder(home: Path, server: str) -> int:
    """The folder, opened step by step so that none of them is a link."""
    return _step(_step(os.open(home / "homes", os.O_RDONLY | os.O_DIRECTORY), server), FOLDER)


def _step(parent: int, name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    finally:
        os.close(parent)
