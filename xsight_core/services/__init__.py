"""Use-cases: open the tenant's scope, read, compute, write."""
