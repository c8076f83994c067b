"""Run a notebook in this interpreter's environment and print its outputs as JSON: python execute.py NOTEBOOK"""

import json
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
outputs = [
    output["data"]
    for cell in notebook.cells
    if cell.cell_type == "code"
    for output in cell.outputs
    if output.output_type == "execute_result"
]
print(json.dumps(outputs))
