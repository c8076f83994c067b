"""From Shopify's records to our rows: backfill, delta, guarded merge, runs and their progress."""
