"""Shopify: install, catalog, orders, webhooks. GraphQL Admin only."""

from integrations.shopify.app import ShopifyApp
from integrations.shopify.auth import SCOPES, AuthRefused, InstallState
from integrations.shopify.platform import ShopifyPlatform
from integrations.shopify.tokens import TokenEndpoint
from integrations.shopify.version import API_VERSION

__all__ = ["API_VERSION", "SCOPES", "AuthRefused", "InstallState", "ShopifyApp", "ShopifyPlatform", "TokenEndpoint"]
