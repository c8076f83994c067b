"""Running XSight: the ``xsight`` command and the embedded stack."""
