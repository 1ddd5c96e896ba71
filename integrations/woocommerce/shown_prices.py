"""Prices as the shop shows them.

A shop enters prices with or without tax and shows them with or without, by two settings. Where those differ `price` of
wc/v3 is not what shoppers read; the public Store API says what they do.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from integrations.platform import PlatformRevoked
from integrations.woocommerce.client import PER_PAGE, Declined, WooClient
from integrations.woocommerce.values import is_yes, line, record, rows, whole

STORE_PRODUCTS = "wc/store/v1/products"
"""Asked for as a visitor, without keys: a customer of the shop may see other prices."""

NOT_AS_SHOWN = (
    "The shop shows prices with another tax than they are entered with, and its Store API does not answer, so prices "
    "are left out of the chat. Open /wp-json/wc/store/v1/products to visitors, or enter prices as they are shown."
)
Record = dict[str, Any]


class PriceTerms(Struct, frozen=True):
    """How a shop shows prices: whether as they are entered, None where it does not say, and with which words behind
    them ("incl. VAT")."""

    is_as_entered: bool | None = None
    suffix: str = ""


async def read_price_terms(client: WooClient) -> PriceTerms:
    """By the shop's tax settings, as far as our key may read them."""
    calculates = record(await _setting(client, "wc/v3/settings/general/woocommerce_calc_taxes")).get("value")
    if calculates is not None and not is_yes(calculates):
        return PriceTerms(is_as_entered=True)
    found = {str(each.get("id")): each.get("value") for each in rows(await _setting(client, "wc/v3/settings/tax"))}
    if not found:
        return PriceTerms()
    is_entered_with_tax = is_yes(found.get("woocommerce_prices_include_tax"))
    is_shown_with_tax = line(found.get("woocommerce_tax_display_shop")) == "incl"
    suffix = line(found.get("woocommerce_price_display_suffix"))
    return PriceTerms(is_entered_with_tax is is_shown_with_tax, "" if "{" in suffix else suffix)


async def _setting(client: WooClient, path: str) -> object:
    """A setting or a group of them; None where there is none, or our key's user may not see it."""
    try:
        return await client.get(path)
    except Declined as declined:
        if declined.status not in (401, 403, 404):
            raise
    except PlatformRevoked:
        pass
    return None


class ShownPrices:
    """Puts the prices of the Store API in the place of those of wc/v3. `notes` are for the merchant."""

    def __init__(self, client: WooClient) -> None:
        self._client = client
        self.terms = PriceTerms()
        self.notes: tuple[str, ...] = ()

    async def begin(self) -> None:
        """Read the shop's settings anew."""
        self.terms, self.notes = await read_price_terms(self._client), ()

    async def apply(self, bodies: list[Record], *, variations: bool = False) -> list[Record]:
        """The products, or the variations, with prices as shown; without a price where that is known to be another
        than the entered one and cannot be had. Raises PlatformUnavailable for a shop that does not answer."""
        if self.terms.is_as_entered or not bodies:
            return bodies
        ids = [found for each in bodies if (found := whole(each.get("id")))]
        try:
            shown = await self._read(ids, variations=variations)
        except (Declined, PlatformRevoked):
            if self.terms.is_as_entered is None:
                self.terms = PriceTerms(is_as_entered=True)
                return bodies
            self.notes = (NOT_AS_SHOWN,)
            shown = {}
        return [body | _prices(shown.get(whole(body.get("id")) or 0)) for body in bodies]

    async def _read(self, ids: list[int], *, variations: bool) -> dict[int, Record]:
        """By id. What the list leaves out, such as what is sold out in some shops, is asked for by itself."""
        kind = {"type": "variation"} if variations else {}
        found: dict[int, Record] = {}
        for start in range(0, len(ids), PER_PAGE):
            page = await self._client.page(STORE_PRODUCTS, {"include": ids[start : start + PER_PAGE], **kind})
            found |= _by_id(page.rows)
        for each in ids:
            if each not in found:
                found |= await self._read_one(each)
        return found

    async def _read_one(self, product_id: int) -> dict[int, Record]:
        try:
            return _by_id([record(await self._client.get(f"{STORE_PRODUCTS}/{product_id}"))])
        except Declined as declined:
            if declined.status != 404:
                raise
            return {}


def _by_id(products: Iterable[Record]) -> dict[int, Record]:
    return {found: each for each in products if (found := whole(each.get("id")))}


def _prices(shown: Mapping[str, Any] | None) -> Record:
    """The prices of a product of the Store API, which are texts in minor units, as wc/v3 writes them."""
    prices = record(shown.get("prices")) if shown else {}
    digits = whole(prices.get("currency_minor_unit"))
    return {name: _decimal(prices.get(name), digits) for name in ("price", "regular_price")}


def _decimal(value: object, digits: int | None) -> str:
    try:
        return str(Decimal(str(value)).scaleb(-digits)) if digits is not None and value not in (None, "") else ""
    except InvalidOperation:
        return ""
