"""Run notebooks in this interpreter, one after another, each in names of its own: python execute.py < questions.

A question is {"notebook": path, "env": {…}}; the answer, a line of JSON: what its first code cell shows, and its last.
A process and its imports once, not a kernel each: what a kernel adds is tested with the Hub and with published runs.
"""

import json
import os
import sys

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def run(notebook: str) -> list[str]:
    shell = InteractiveShell.instance()
    shell.reset(new_session=True)
    shown = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            with capture_output():
                done = shell.run_cell(cell.source, store_history=False)
            done.raise_error()
            form, _ = shell.display_formatter.format(done.result)
            shown.append(form.get("text/html", form.get("text/plain", "")))
    return [shown[0], shown[-1]]


for line in sys.stdin:
    question = json.loads(line)
    os.environ.update(question["env"])
    print(json.dumps(run(question["notebook"])), flush=True)
