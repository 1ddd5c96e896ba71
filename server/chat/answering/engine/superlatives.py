"""The warmest sleeping bag, the lightest stove, the cheapest of all: of a kind, the product with the extreme figure."""

from server.chat.answering.engine.comparison import fact_line
from server.chat.answering.engine.measures import measured
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import NEAR, Wish
from server.chat.languages.measures import MEASURES
from server.chat.models import AnswerEvent, ShowProducts

MAX_TOLD = 4


def answer_superlative(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Nothing where no measure is asked for, or fewer than two products give the figure."""
    measure, _, end = (reply.reading.slots.superlative or "").partition("_")
    if measure not in MEASURES or end not in ("min", "max"):
        return []
    products = [match.product for match in wish.matches if match.fit >= max(NEAR, 0.55 * wish.fit)]
    known = measured(reply, products, measure)
    if len(known) < 2:
        return []
    ranked = sorted(known, key=lambda found: found.figure, reverse=end == "max")[:MAX_TOLD]
    words, first = reply.words, ranked[0]
    events: list[AnswerEvent] = []
    for found in ranked:
        events += reply.cite_product(found.product)
    name = first.attribute.replace("_", " ").lower()
    events += reply.say(words.most.format(title=first.product.card.title, name=name, value=first.text))
    for found in ranked:
        events += reply.say(f"- {fact_line(reply, found.product, [found.attribute])}", separator="\n")
    events.append(ShowProducts(tuple(found.product.card for found in ranked)))
    events += reply.suggest(words.ask_details, words.ask_stock, words.ask_shipping)
    reply.product = first.product
    return events + list(reply.conclude("product_search", 0.85))
