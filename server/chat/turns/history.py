"""What a conversation so far means for its next question."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.chat.models import MessagePart, Question, Utterance
from server.chat.storage import StoredMessage
from server.shops.identity import Shopper
from server.shops.models import ShopProfile

MAX_SHOWN = 12


def question_of(
    shopper: Shopper,
    text: str,
    picture_ids: tuple[UUID, ...],
    profile: ShopProfile,
    history: Sequence[StoredMessage],
) -> Question:
    """The shopper's message with what is known around it."""
    decoded = [(message, msgspec.json.decode(message.parts)) for message in history]
    return Question(
        text=text,
        shopper=shopper,
        locale=shopper.locale,
        history=tuple(Utterance(message.author, said) for message, parts in decoded if (said := text_of(parts))),
        shown_products=_shown_products(decoded),
        order_in_question=_order_in_question(decoded),
        page_product_id=shopper.page_product_id,
        picture_ids=picture_ids,
        shop_name=profile.name,
        currency=profile.currency,
        tone=profile.tone,
        contact=profile.contact,
    )


def text_of(parts: Sequence[MessagePart]) -> str:
    """The words of a message, without its cards."""
    return "\n\n".join(part["text"] for part in parts if part.get("type") == "text")


def _shown_products(decoded: Sequence[tuple[StoredMessage, list[MessagePart]]]) -> tuple[str, ...]:
    shown = [
        product["id"]
        for _, parts in reversed(decoded)
        for part in parts
        if part["type"] == "data-products"
        for product in part["data"]["products"]
    ]
    return tuple(dict.fromkeys(shown))[:MAX_SHOWN]


def _order_in_question(decoded: Sequence[tuple[StoredMessage, list[MessagePart]]]) -> str | None:
    for _, parts in reversed(decoded):
        for part in reversed(parts):
            if part["type"] == "data-order":
                return str(part["data"]["order"]["number"])
            if part["type"] == "data-verification" and part["data"].get("order_number"):
                return str(part["data"]["order_number"])
    return None
