"""The parts of the Shopify stand-in; `tests.standins.shopify_server` puts them together."""
