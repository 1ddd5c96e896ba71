"""Aisle's own registration with Shopify."""

from msgspec import Struct


class ShopifyApp(Struct, frozen=True):
    """`secrets` has the newest first: after a rotation Shopify still signs with the one before for up to an hour.
    `base_url` is where shoppers' browsers reach Aisle, without a slash at the end."""

    api_key: str
    secrets: tuple[str, ...]
    base_url: str

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"ShopifyApp(api_key={self.api_key!r}, base_url={self.base_url!r})"
