"""A tenant's dashboard server: Voila as a single-user server of the Hub, with kernels forked from a warm process."""
