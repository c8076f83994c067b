"""XSight's shared library: sync, analytics and segments of Shopify customers, one tenant at a time."""
