"""How well a found product fits what the shopper wants: the words it meets and where, and the search's own score."""

import re

from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.text_match import Asked, Concept, asked
from server.chat.answering.intents.words import content_words, stem, stems, word_set
from server.chat.models import ProductDetail

TRUSTED_SCORE = 0.4
"""A search score from here on is a fit even where no word is met. In the demo's catalog what suits a wish scores
0.3 to 0.5, and nothing reaches 0.2 for a wish that the shop cannot meet."""
FULL_SCORE = 0.5
WORDS_SHARE = 0.75
"""Of the words against the search score."""
IN_RUNNING_TEXT = 0.6
"""What a word is worth that only the description has: "room for a wet dog" is no dog bed."""
KIND_BONUS = 0.25
"""For products of the kind that is asked for, beside those made for it (a tent, not its pegs)."""
_TURN = re.compile(r"\b(?:for|in|to|that|which|with|under|from|made|pour|avec|qui|fur|mit|die|der|das|para|con|que)\b")
_NO_NOUN = re.compile(r"^\W*(?:something|anything|etwas|irgendwas|was|algo|quelque chose)\b")
VAGUE = frozenset(
    stem(word)
    for word in word_set(
        "product products item items thing things option article artikel produkt producto produit something anything "
        "sell stuff else cosa algo etwas chose gift gifts present presents cadeau geschenk regalo idea ideas mom mum "
        "mother dad father wife husband girlfriend boyfriend friend sister brother grandma grandpa parents someone "
        "somebody people person who loves love likes birthday christmas anniversary mutter vater freund freundin mere "
        "pere ami amie madre padre amigo amiga nice cool good great best cheap cheaper cheapest under below less than "
        "max maximum over above between dollar dollars "
        "euro euros eur usd pound pounds budget price expensive most"
    )
)
"""Words that name no product."""
_PRAISE = frozenset(
    stem(word)
    for word in word_set(
        "sturdy durable quality lovely beautiful pretty perfect comfy comfortable reliable solid decent proper "
        "favorite favourite real new simple easy strong affordable inexpensive popular fancy stylish awesome amazing "
        "suitable different other several couple pair sell sold buy order available stock today now really still ever "
        "maybe size sizes color colour colors colours"
    )
)
"""What a shopper hopes for and no page need say."""


def fits(reply: Reply, product: ProductDetail, score: float) -> float:
    """0..1."""
    head, others = _wish(reply)
    trusted = min(1.0, score / FULL_SCORE) if score >= TRUSTED_SCORE else 0.0
    weight = 2.0 * (head is not None) + len(others)
    if not weight:
        return max(trusted, min(1.0, score / FULL_SCORE))
    prominent, running = _texts(product)
    met = 2.0 * (_met(head, prominent, running) if head else 0.0) + sum(_met(c, prominent, running) for c in others)
    if head and not others and not head.met_by(_names(product), {}):
        return 0.0  # a pack with room for a laptop is no laptop
    words = met / weight
    if not words:
        return trusted
    bonus = KIND_BONUS * words if head and is_of_kind(head, product) else 0.0
    return min(1.0, max(trusted, WORDS_SHARE * words + (1 - WORDS_SHARE) * min(1.0, score / FULL_SCORE) + bonus))


def names_nothing(reply: Reply) -> bool:
    """ "Something under $20", "the cheapest one": any product will do."""
    head, others = _wish(reply)
    has_limit = reply.intent.price_max is not None or reply.intent.price_min is not None
    return not [c for c in (head, *others) if c and not (has_limit and all(form.isdecimal() for form in c.forms))]


def wanted_kind(reply: Reply) -> Concept | None:
    """The noun of the wish: "tent" of "a light tent for two"."""
    return _wish(reply)[0]


def wanted_traits(reply: Reply) -> list[Concept]:
    """What the noun is narrowed by: "mushroom" of "mushroom lamp"; figures and praise say nothing of that sort."""
    language = reply.intent.language
    phrase = asked(_TURN.split(reply.intent.wanted, maxsplit=1)[0], language).without(VAGUE | _PRAISE)
    head = wanted_kind(reply)
    traits = [c for c in phrase.concepts if head is None or c.forms != head.forms]
    return [c for c in traits if not any(form.isdecimal() or len(form) < 3 for form in c.forms)]


def is_called(product: ProductDetail, kind: Concept) -> bool:
    """Whether its title, brand or categories say that noun, or one near it."""
    return kind.met_by(_names(product), {}) > 0


def meets(product: ProductDetail, concept: Concept) -> bool:
    """Whether any of its texts has the concept, or something near it."""
    return _met(concept, *_texts(product)) > 0


def is_of_kind(kind: Concept, product: ProductDetail, *, or_near: bool = False) -> bool:
    """Whether its title or its narrowest category ends in that noun, or in one near it ("pack" for "backpack")."""
    nouns_meant = kind.forms | kind.related if or_near else kind.forms
    title = content_words(re.split(r"[,(–]| - ", product.card.title)[0])
    nouns = [word for word in title if not any(character.isdigit() for character in word) and len(word) > 2]
    category = content_words(product.category[-1]) if product.category else []
    return any(stem(words[-1]) in nouns_meant for words in (nouns, category) if words)


def _wish(reply: Reply) -> tuple[Concept | None, tuple[Concept, ...]]:
    """(the noun that is wanted, everything else about it)."""
    language = reply.intent.language
    everything = asked(reply.intent.wanted, language).without(VAGUE)
    first = asked(_TURN.split(reply.intent.wanted, maxsplit=1)[0], language).without(VAGUE)
    names_kind = first.concepts and not _NO_NOUN.match(reply.intent.wanted)  # "something warm" has no noun
    head = _noun(first, language) if names_kind else None
    return head, tuple(concept for concept in everything.concepts if head is None or concept.forms != head.forms)


def _noun(phrase: Asked, language: str) -> Concept:
    """English and German say the noun last, French and Spanish first."""
    return phrase.concepts[0 if language in ("fr", "es") else -1]


def _names(product: ProductDetail) -> set[str]:
    """The stems of what it is called and filed under."""
    return set(stems(" ".join((product.card.title, product.brand or "", *product.category))))


def _texts(product: ProductDetail) -> tuple[set[str], set[str]]:
    """The stems of what the product is called and filed under, and of its running text."""
    attributes = " ".join(f"{name} {value}" for name, value in product.attributes.items())
    variants = " ".join(variant.title for variant in product.card.variants)
    parts = (product.card.title, product.brand or "", " ".join(product.category), attributes, variants)
    return set(stems(" ".join(parts)[:4000])), set(stems(product.description[:8000]))


def _met(concept: Concept, prominent: set[str], running: set[str]) -> float:
    return max(concept.met_by(prominent, {}), IN_RUNNING_TEXT * concept.met_by(running, {}))
