"""The starter notebooks in an analyst's home."""

from pathlib import Path

from hub_config.launch import PROJECT

__all__ = ["STARTERS", "link_starters"]

STARTERS = PROJECT / "notebooks" / "analysis"


def link_starters(home: Path | None = None) -> None:
    """Link the folder of starters into the home as ``starters``: always this version's, and read-only in a sandbox."""
    link = (home or Path.home()) / "starters"
    if link.is_symlink() and link.readlink() != STARTERS:
        link.unlink()
    if STARTERS.is_dir() and not link.is_symlink() and not link.exists():
        link.symlink_to(STARTERS)
