"""The documentation as a site: pages of ``docs/``, and references made from the code they describe."""
