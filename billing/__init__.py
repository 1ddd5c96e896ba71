"""Plans, quotas and (later) Stripe. Knows nothing of the server."""
