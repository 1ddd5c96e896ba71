"""What a product's page says line by line, and which line answers a question."""

import re

from msgspec import Struct

from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.text_match import Asked, answers_kind, asked, fit, rarity, sentences_of
from server.chat.answering.intents.words import fold, stem, stems, word_set
from server.chat.models import ProductDetail

LABEL_WEIGHT = 1.5
_ANSWERS = 0.95
"""What a line must reach to count as an answer: about one word of the question."""


class Line(Struct, frozen=True):
    """One thing the page says: a label with a value, or a sentence (no label)."""

    text: str
    label: str = ""


def near_line(reply: Reply, product: ProductDetail) -> str | None:
    """What the page says beside the point: of a grinder's crank where it was asked whether it is electric."""
    question = question_words(reply, product)
    near = [line.text for line in page_lines(product) if not line.label and fit(stems(line.text), question, {}) > 0]
    return near[0] if len(near) == 1 else None


_IN_THE_BOX = re.compile(
    r"\bwhat(?:'s| is| comes?)? (?:in|inside|with)\b|"
    r"\bwhat does (?:it|this|that|the .{1,40}) (?:include|contain|come with)\b|"
    r"\b(?:dedans|qu'y a-t-il dans|was ist (?:da )?(?:drin|dabei)|que (?:incluye|contiene|trae))\b"
)
_CONTENTS = re.compile(r"content|includ|contenu|inhalt|lieferumfang|contenido")


def find_contents(reply: Reply, product: ProductDetail) -> Line | None:
    """The attribute that lists what one gets, where that is asked: "what's in it?"."""
    if not _IN_THE_BOX.search(fold(reply.question.text)):
        return None
    return next((line for line in page_lines(product) if line.label and _CONTENTS.search(fold(line.label))), None)


def find_line(reply: Reply, product: ProductDetail) -> tuple[Line | None, float]:
    """The line of the page that answers best, and how sure that is (0..1); None when no line does."""
    question = question_words(reply, product)
    lines = list(page_lines(product))
    tokens = [stems(f"{line.label} {line.text}") for line in lines]
    rare = rarity(tokens)
    scored = [
        (
            fit(words, question, {}) + _label_bonus(line, question) + _kind_bonus(line, words, question),
            fit(words, question, rare),
            -rank,
        )
        for rank, (line, words) in enumerate(zip(lines, tokens, strict=True))
    ]
    if not scored or not question.concepts:
        return None, 0.0
    best = max(scored)
    if best[0] < _ANSWERS:
        return None, 0.0
    return lines[-best[2]], min(0.95, 0.45 + 0.5 * min(1.0, best[0] / (len(question.concepts) + 0.5)))


def question_words(reply: Reply, product: ProductDetail) -> Asked:
    """What is asked, without the words that only name the product."""
    own = asked(reply.question.text, reply.intent.language)
    labels = {word for name in product.attributes for word in stems(name)}
    title = frozenset(stems(f"{product.card.title} {product.brand or ''}"))
    telling = own.without(title | _POINTERS)
    return telling if telling.concepts else own.without((title - labels) | _POINTERS)


_POINTERS = frozenset(
    stem(word)
    for word in word_set(
        "first second third fourth last product item page thing buy order long many much safe ok okay allowed possible "
        "suitable good"
    )
)


def _label_bonus(line: Line, question: Asked) -> float:
    """An attribute whose name is asked for beats a sentence that only has the word."""
    return LABEL_WEIGHT * (fit(stems(line.label), question, {}) > 0)


def _kind_bonus(line: Line, words: list[str], question: Asked) -> float:
    return 0.4 * answers_kind(line.text, question) if fit(words, question, {}) else 0.0


def page_lines(product: ProductDetail) -> list[Line]:
    lines = [Line(value, label=label_of(name)) for name, value in product.attributes.items() if value]
    if product.brand:
        lines.append(Line(product.brand, label="Brand"))
    return lines + [Line(sentence) for sentence in sentences_of(product.description)]


def label_of(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def asks_attribute(reply: Reply, product: ProductDetail) -> bool:
    """Whether all that is said beside the product's name is what its page calls an attribute: "fell 2 weight"."""
    title = frozenset(stems(f"{product.card.title} {product.brand or ''}"))
    beside = asked(reply.question.text, reply.intent.language).without(title).concepts
    labels = {word for name in product.attributes for word in stems(name)}
    return bool(beside) and all(concept.met_by(labels, {}) for concept in beside)
