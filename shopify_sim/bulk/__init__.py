"""Bulk operations: rules, life cycle, and the JSONL writer."""
