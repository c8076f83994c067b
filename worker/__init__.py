"""Everything that runs without a browser waiting: worker, relay, scheduler."""
