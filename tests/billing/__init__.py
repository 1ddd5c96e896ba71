"""Plans, bills, and the payment provider."""
