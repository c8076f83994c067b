"""XSight's HTTP service: accounts, pages, REST, the OpenID provider, webhooks and the progress websocket."""
