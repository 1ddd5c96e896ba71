"""Any other shop: a product feed by address, and the merchant's own order look-up."""

from integrations.feed.platform import FeedPlatform, FeedSettings, ReadFeed
from integrations.feed.signing import signed_headers

__all__ = ["FeedPlatform", "FeedSettings", "ReadFeed", "signed_headers"]
