"""``python -m ops.docs FOLDER``: write every page into FOLDER, for mkdocs to build; see ``make docs``."""

import shutil
import sys
from pathlib import Path

from ops.docs import commands, dictionary, pages, python, rest

REFERENCES = {
    "reference/rest.md": rest.page,
    "reference/python.md": python.page,
    "reference/commands.md": commands.page,
    "reference/tables.md": dictionary.page,
    "reference/entities.svg": dictionary.diagram,
}


def write(folder: Path) -> None:
    """Make the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    pages.copy(folder)
    (folder / "reference").mkdir()
    for name, make in REFERENCES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
