"""Plans, entitlements, bills and the gateway to Stripe. Imports nothing of the server."""
