"""What a shop's plan has beyond answers: the seam behind which billing decides."""

from typing import Protocol
from uuid import UUID

HIDE_BRANDING = "hide_branding"
"""The widget does not say whose it is."""


class Features(Protocol):
    """Asked when a shop is read, so a process may go on with an answer for seconds."""

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature now."""


class AllFeatures:
    """Self-hosted: every shop has everything."""

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Always."""
        return True
