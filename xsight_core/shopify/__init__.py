"""The only code that speaks to Shopify."""
