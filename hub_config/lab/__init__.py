"""An analyst's JupyterLab as a single-user server of the Hub."""

import sys

# jsonschema compiles a grammar for this optional format check on import: 1.6 s of a start, for nothing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
