"""The parts of the Shopify stand-in; `server.embedded.standins.shopify_server` puts them together."""
