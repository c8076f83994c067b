"""A notebook laid ready in an analyst's home, for the page where a review is asked for."""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from xsight_core.errors import InvalidInput
from xsight_core.services.drafts import FOLDER
from xsight_core.services.publication_notebook import Cell, Parameter, declared, parse

__all__ = ["Draft", "lay_ready"]


@dataclass(frozen=True)
class Draft:
    """What was laid ready; shown in a notebook it is a link."""

    name: str
    cells: int
    parameters: list[Parameter]

    @property
    def link(self) -> str:
        """Below the address of the dashboards."""
        return f"/auth/publications/new?draft={quote(self.name)}"

    def __repr__(self) -> str:
        return f"<Draft {self.name}: ask for a review at {self.link}>"

    def _repr_html_(self) -> str:
        named = ", ".join(f"{one.name} ({one.kind})" for one in self.parameters) or "no parameters"
        return (
            f"<b>{escape(self.name)}</b>: {self.cells} cells, {escape(named)}.<br>"
            f"<a href='{escape(self.link)}' target='_blank' rel='noopener'>Ask for a review</a> "
            f"<small>(in the dashboards: /auth/publications)</small>"
        )


def lay_ready(path: str | Path, title: str | None, home: Path) -> Draft:
    """Strip a notebook of outputs, check it, and put it where the review page looks."""
    source = Path(path)
    try:
        cells = parse(source.read_bytes())
    except OSError as error:
        raise InvalidInput("path", f"{path} cannot be read: {error.strerror}.") from error
    name = re.sub(r"[^A-Za-z0-9 ._-]", "-", title or source.stem).strip(" .-_")[:90] or "notebook"
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(_notebook(cells)), encoding="utf-8")
    return Draft(f"{name}.ipynb", len(cells), declared(cells))


def _notebook(cells: list[Cell]) -> dict[str, object]:
    written: list[dict[str, object]] = []
    for place, cell in enumerate(cells):
        metadata = {"tags": ["parameters"]} if cell.parameters else {}
        code: dict[str, object] = {"outputs": [], "execution_count": None}
        if cell.kind != "code":
            code = {}
        named = {"cell_type": cell.kind, "id": f"cell-{place:03d}"}
        written.append({**named, "metadata": metadata, "source": cell.source, **code})
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": written}
