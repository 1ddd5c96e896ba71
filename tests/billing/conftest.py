"""A fresh Stripe stand-in with a merchant for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.billing.stripe_shop import StripeShop, stripe_shop


@pytest.fixture
async def shop() -> AsyncIterator[StripeShop]:
    async with stripe_shop() as found:
        yield found
