"""``python -m shopify_sim``."""

from shopify_sim.cli import main

main()
