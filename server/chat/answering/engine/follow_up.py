"""The last wish at another price: what "and cheaper?" and "anything under 250?" are to be searched for."""

import msgspec

from server.chat.answering.engine.product_reference import lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents.query import with_gloss
from server.chat.models import ProductDetail


async def refine(reply: Reply) -> None:
    """Complete the intent: the kind of what was shown where no wish was named, and "cheaper" as a limit."""
    shown = await reply.tools.get_product(reply.question.shown_products[0])
    if shown is None:
        return
    intent = reply.intent
    wanted = intent.wanted or _kind_of(shown)
    price_max = intent.price_max
    if intent.cheaper and (price := lowest_price(shown.card)):
        price_max = price.amount - 1
    reply.intent = msgspec.structs.replace(
        intent, wanted=wanted, query=with_gloss(wanted, intent.language), price_max=price_max
    )


def _kind_of(product: ProductDetail) -> str:
    """Its narrowest category, or the last words of its name."""
    return product.category[-1] if product.category else " ".join(product.card.title.split(",")[0].split()[-1:])
