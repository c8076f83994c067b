"""JupyterHub for XSight: who may enter, and the sandboxes in which tenants' servers run."""
