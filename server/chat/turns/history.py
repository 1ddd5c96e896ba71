"""The question that a message asks, with what the conversation so far adds to it."""

from collections.abc import Sequence
from itertools import chain
from uuid import UUID

import msgspec

from server.chat.models import MessagePart, Question, Utterance
from server.chat.storage import StoredMessage
from server.shops.identity import Shopper
from server.shops.models import ShopProfile

MAX_SHOWN_PRODUCTS = 12
"""Products of earlier answers that are remembered."""


def build_question(
    shopper: Shopper,
    text: str,
    picture_ids: tuple[UUID, ...],
    profile: ShopProfile,
    history: Sequence[StoredMessage],
) -> Question:
    """The shopper's message as a question; `history` is what was said before it, oldest first."""
    said = [(message.author, msgspec.json.decode(message.parts)) for message in history]
    newest_first = [part for _, parts in reversed(said) for part in reversed(parts)]
    shown = [_shown_products(parts) for _, parts in reversed(said)]
    return Question(
        text=text,
        shopper=shopper,
        locale=shopper.locale,
        history=tuple(Utterance(author, words) for author, parts in said if (words := _text(parts))),
        shown_products=tuple(dict.fromkeys(chain.from_iterable(shown)))[:MAX_SHOWN_PRODUCTS],
        last_shown=next(filter(None, shown), ()),
        order_in_question=_order_in_question(newest_first),
        page_product_id=shopper.page_product_id,
        picture_ids=picture_ids,
        shop_name=profile.name,
        shop_locale=profile.locale,
        currency=profile.currency,
        tone=profile.tone,
        contact=profile.contact,
    )


def _text(parts: Sequence[MessagePart]) -> str:
    return "\n\n".join(part["text"] for part in parts if part.get("type") == "text")


def _shown_products(parts: Sequence[MessagePart]) -> tuple[str, ...]:
    """The ids of the products that a message shows, each once."""
    cards = (part["data"]["products"] for part in parts if part["type"] == "data-products")
    return tuple(dict.fromkeys(product["id"] for product in chain.from_iterable(cards)))


def _order_in_question(newest_first: Sequence[MessagePart]) -> str | None:
    """The number of the order that was shown or asked for last."""
    for part in newest_first:
        if part["type"] == "data-order":
            return str(part["data"]["order"]["number"])
        if part["type"] == "data-verification" and part["data"].get("order_number"):
            return str(part["data"]["order_number"])
    return None
