"""The one place that pins Shopify's API version."""

API_VERSION = "2026-10"
"""Quarterly, served for a year. Tests hold every document against it and the two versions before it."""
