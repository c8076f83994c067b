"""An analyst's JupyterLab as a single-user server of the Hub."""
