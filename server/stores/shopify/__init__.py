"""Shopify stores: install, the page in Shopify's admin, and shoppers who sign in at their account."""
