"""``python -m hub_config.lab.published FOLDER``: execute a published notebook and render its page, inside a sandbox.

Reads ``job.json`` (cells, parameters, key), writes ``page.html`` and ``notebook.ipynb``, or ``failure.json``. Equal
keys and equal answers give equal bytes: ids are numbers, chance is seeded by the key, times are left out.
"""

# pyright: reportMissingImports=false
# papermill and nbconvert live in the analysts' environment, the checker in the server's.

import html
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import nbformat
import papermill
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

__all__ = ["main"]

SEED: Final = """\
import random, uuid
import numpy as np
random.seed({seed})
np.random.seed({seed} % 2**32)
_chance = random.Random({seed})
uuid.uuid4 = lambda: uuid.UUID(int=_chance.getrandbits(128), version=4)
"""

PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Published notebook</title><style>
:root {{ color-scheme: light dark; --line: #dfe3ea; --soft: #566079 }}
@media (prefers-color-scheme: dark) {{ :root {{ --line: #2b3550; --soft: #9aa6c0 }} }}
body {{ margin: 0 auto; padding: 8px 20px 24px; max-width: 1080px; font: 15px/1.55 system-ui, sans-serif }}
h1 {{ font-size: 1.6em }} h2 {{ font-size: 1.25em; margin-top: 1.6em }} a.anchor-link {{ display: none }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }}
th, td {{ padding: 5px 10px; border-bottom: 1px solid var(--line); text-align: right }}
pre {{ overflow-x: auto; font-size: 13px }} img, svg {{ max-width: 100%; height: auto }}
.output_html, .jp-RenderedHTMLCommon, .output_subarea {{ overflow-x: auto }}
footer, dl {{ color: var(--soft); font-size: 12px }} dl {{ display: flex; flex-wrap: wrap; gap: 4px 18px }}
dt, dd {{ display: inline; margin: 0 }} dt::after {{ content: ": " }}
</style></head><body>
{parameters}<main>{body}</main>
<footer>Run {key} · data version {data_version}</footer>
</body></html>
"""


def main() -> None:
    """Execute, render, or say what went wrong."""
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        os.environ["IPYTHONDIR"] = place  # nobody's settings
        try:
            done = _execute(job, Path(place))
        except PapermillExecutionError as error:
            sources = [cell["source"] for cell in job["cells"]]
            told = {
                "cell": sources.index(error.source) + 1 if error.source in sources else 0,
                "name": error.ename,
                "value": str(error.evalue)[:1000],
            }
            (folder / "failure.json").write_text(json.dumps(told), encoding="utf-8")
            return
    (folder / "page.html").write_text(_page(done, job), encoding="utf-8")
    nbformat.write(done, folder / "notebook.ipynb")


def _execute(job: dict[str, Any], place: Path) -> Any:
    new = {"code": new_code_cell, "markdown": new_markdown_cell}
    chance = new_code_cell(SEED.format(seed=int(job["key"][:12], 16)), metadata={"tags": []})
    notebook = new_notebook(
        cells=[
            chance,
            *(
                new[cell["kind"]](
                    cell["source"], metadata={"tags": ["parameters"] if cell["parameters"] else []}
                )
                for cell in job["cells"]
            ),
        ],
        metadata={
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}
        },
    )
    source, result = place / "in.ipynb", place / "out.ipynb"
    nbformat.write(notebook, source)
    papermill.execute_notebook(
        str(source),
        str(result),
        parameters=job["parameters"],
        kernel_name="python3",
        progress_bar=False,
        cwd=str(place),
    )
    done = nbformat.read(result, as_version=4)
    done.metadata.pop("papermill", None)
    done.cells = [cell for cell in done.cells if cell.source != chance.source]
    for number, cell in enumerate(done.cells):  # times, durations and names by chance
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        cell["id"] = f"cell-{number:03d}"
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"].pop("text/plain", None)  # may name a place in memory
    return done


def _page(notebook: Any, job: dict[str, Any]) -> str:
    exporter = HTMLExporter(template_name="basic", exclude_input=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(notebook)
    said = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd></div>"
        for name, value in job["parameters"].items()
    )
    return PAGE.format(
        parameters=f"<dl>{said}</dl>" if said else "",
        body=body,
        key=job["key"][:12],
        data_version=job["data_version"],
    )


if __name__ == "__main__":
    main()
