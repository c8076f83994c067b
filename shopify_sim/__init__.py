"""A simulated Shopify on Shopify's own Admin schema: for tests, demos and load, never imported by the product."""
