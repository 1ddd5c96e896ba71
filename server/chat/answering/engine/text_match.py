"""Sentences of shop texts, plain and short enough to quote, and how well they fit a question."""

import math
import re
from collections.abc import Set as AbstractSet
from functools import lru_cache

from msgspec import Struct

from server.chat.answering.grounding import split_sentences
from server.chat.answering.intents.dictionary import gloss, join_phrases, words_of_phrase
from server.chat.answering.intents.words import content_words, fold, stem, stems, words

MAX_QUOTE_CHARACTERS = 320
MAX_TEXT_CHARACTERS = 12_000

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s|^\s*(?:=+|-{3,})\s*$")
_MARKER = re.compile(r"^[\s>]*(?:[-*+•]|\d{1,3}[.)])?\s+|^[\s>]+")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,1000}\)|<[^<>\n]{1,500}>")
_EMPHASIS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")
_ROW = re.compile(r"[^:;]{1,40}: [^;]+(?:; [^:;]{1,40}: [^;]+)+")
_TABLE_RULE = re.compile(r"^[\s|:-]+$")

_SYNONYMS = (
    "return returnable refund exchange back",
    "refund money back reimburse credited",
    "ship shipping deliver delivery dispatch send courier carrier postage label",
    "international abroad worldwide overseas countries europe customs duties",
    "pay payment card paypal klarna invoice installment",
    "cost price fee charge expensive much pays rate rates",
    "warranty guarantee guaranteed cover defect defective broken faulty",
    "account password login sign",
    "long take days arrive time soon fast when quickly",
    "open hours opening closed close",
    "located location address store shop showroom visit",
    "discount coupon promo voucher",
    "cancel cancellation change modify",
    "heavy weigh weight light lighter lightest heavier heaviest",
    "big size dimension measure length width height tall long wide large bigger biggest larger largest smaller "
    "smallest roomier area capacity",
    "waterproof water-resistant water rain rainproof resistant",
    "made material fabric composition wool cotton leather",
    "wash washable clean care dishwasher machine",
    "battery charge charging runtime",
    "color colour colors colours",
    "fit compatible compatibility works",
    "hold capacity volume litres liters",
    "warm warmer warmest insulation insulated temperature cold winter",
    "wrap wrapping wrapped",
    "privacy data personal gdpr",
    "damaged damage broken wrong defective",
    "wrong incorrect mistaken",
    "sunday saturday weekend weekends monday tuesday wednesday thursday friday weekday weekdays working business",
    "balance left remaining remains",
    "electric electrical electronic powered motor mains plug cord crank manual",
    "backpack backpacks rucksack daypack pack",
    "hike hiking trek trekking trail walking outdoor",
    "shoe sneaker trainer",
    "trousers pants",
    "guide chart table",
    "person people sleeps sleep fits",
    "used worn opened unused condition",
    "repair mend fix sharpen",
)


class Concept(Struct, frozen=True):
    """One thing a question names: the stems that are it (its English gloss too) and those that come near it."""

    forms: frozenset[str]
    related: frozenset[str]

    def met_by(self, words: AbstractSet[str], rare: dict[str, float]) -> float:
        """How well some stems meet it: their rarity, half for a related one, 0 for none."""
        if own := self.forms & words:
            return max(rare.get(word, 1.0) for word in own)
        if near := self.related & words:
            return 0.5 * max(rare.get(word, 1.0) for word in near)
        return 0.0


class Asked(Struct, frozen=True):
    """What a question names, and whether it wants a time or an amount of money."""

    concepts: tuple[Concept, ...]
    wants_time: bool = False
    wants_money: bool = False
    wants_free: bool = False

    def without(self, words: frozenset[str]) -> "Asked":
        """The question without the concepts that these stems name."""
        kept = tuple(concept for concept in self.concepts if not concept.forms & words)
        return Asked(kept, self.wants_time, self.wants_money, self.wants_free)


_TIME = re.compile(
    r"\b(?:how long|when|how many days|window|deadline|how fast|how soon|combien de temps|quand|delai|wie lange|wann|"
    r"cuanto tiempo|cuanto tarda|cuando)\b"
)
_MONEY = re.compile(
    r"\b(?:how much|cost|costs|fee|fees|rates?|price|free|charge|(?:pay|paying) for|who pays|"
    r"(?:shipping|delivery) (?:options|methods|services)|combien(?! de temps)|"
    r"cout\w*|frais|kostet|kosten|cuanto cuesta|gastos)\b"
)
_TIME_WORDS = re.compile(r"\b(?:combien de temps|wie lange|cuanto tiempo)\b")
"""Time phrases whose single words would mean something else (an amount, a length)."""
_HAS_TIME = re.compile(
    r"\b\d{1,3}\b.{0,25}\b(?:days?|hours?|weeks?|months?|years?|jours?|tagen?|dias?|semaines?|"
    r"wochen)\b|\b(?:within|daily|weekdays)\b"
)
_HAS_MONEY = re.compile(r"[$€£]\s?\d|\d\s?[€$£]|\b(?:free|no charge|eur|usd|gbp)\b")


_FREE = re.compile(r"\b(?:free|gratis|gratuit\w*|kostenlos\w*|kostenfrei\w*|versandkostenfrei\w*)\b")
_FREE_FROM = re.compile(r"\b(?:free|no charge)\b.{0,40}?[$€£]\s?\d")
"""The rule ("free on orders of $75"), not its small print."""


@lru_cache(maxsize=512)
def asked(text: str, language: str) -> Asked:
    """The question's concepts, each once. Words of other languages count by what they mean in English too."""
    folded = fold(text).replace("can't", "cannot").replace("can not", "cannot").replace("preorder", "pre order")
    concepts: list[Concept] = []
    seen: set[str] = set()
    for word in content_words(join_phrases(_TIME_WORDS.sub(" ", plain_meaning(folded)), language)):
        own = words_of_phrase(word, language) or [word]
        forms = frozenset((*stems(" ".join(own)), stem(word), *stems(gloss(word, language))))
        if forms & seen or (word.isdecimal() and len(word) > 3):
            continue
        seen |= forms
        near = frozenset().union(*(synonyms().get(form, frozenset()) for form in forms)) - forms
        concepts.append(Concept(forms, near))
    return Asked(tuple(concepts), bool(_TIME.search(folded)), bool(_MONEY.search(folded)), bool(_FREE.search(folded)))


_NOT_AS_ORDERED = re.compile(
    r"\b(?:not|isn't|wasn't|is not|was not) (?:what|the (?:one|thing|item)) (?:you|i|we|they)"
    r"(?:'ve| have| had)? (?:ordered|bought|asked for)\b"
)


def plain_meaning(folded: str) -> str:
    """Folded text with what says the same in other words made one: "not what you ordered" is "wrong"."""
    return _NOT_AS_ORDERED.sub("wrong", folded)


@lru_cache(maxsize=1)
def synonyms() -> dict[str, frozenset[str]]:
    """Stem to related stems."""
    table: dict[str, set[str]] = {}
    for line in _SYNONYMS:
        group = {stem(word) for word in line.replace("-", " ").split()}
        for word in group:
            table.setdefault(word, set()).update(group - {word})
    return {word: frozenset(related) for word, related in table.items()}


def sentences_of(text: str) -> list[str]:
    """The sentences of a Markdown text as plain text, without headings; table rows are one sentence each."""
    found: list[str] = []
    for line in _paragraphs(text[:MAX_TEXT_CHARACTERS]):
        plain = plain_text(line)
        if is_row(plain):
            found.append(plain)
            continue
        found += [sentence for part in split_sentences(plain) if len(sentence := part.strip()) > 2]
    return found


def _paragraphs(text: str) -> list[str]:
    """Lines, with those of one paragraph joined: a sentence may run over several."""
    lines: list[str] = []
    joins = False
    for line in text.splitlines():
        is_own = bool(re.match(r"\s*(?:[-*+•|]|\d{1,3}[.)]\s)", line)) or is_row(line.strip())
        if not line.strip() or _HEADING.match(line) or _TABLE_RULE.match(line):
            joins = False
            continue
        if joins and not is_own:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line)
        joins = True
    return lines


def plain_text(line: str) -> str:
    """One line without its Markdown."""
    line = _LINK.sub(lambda found: found[1] or "", _MARKER.sub("", line, count=1))
    if line.strip().startswith("|"):
        line = ", ".join(cell.strip() for cell in line.strip().strip("|").split("|") if cell.strip())
    return " ".join(_EMPHASIS.sub("", line).split())


def clip(text: str, limit: int = MAX_QUOTE_CHARACTERS) -> str:
    """Short enough to quote: cut at a word, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[:limit].rsplit(" ", 1)[0].rstrip(",;:-–(")
    return f"{cut} …"


def rarity(texts: list[list[str]]) -> dict[str, float]:
    """How much a stem tells: ln(1 + texts / texts with it), over the given stems of each text."""
    counts: dict[str, int] = {}
    for tokens in texts:
        for word in set(tokens):
            counts[word] = counts.get(word, 0) + 1
    return {word: math.log(1 + len(texts) / count) for word, count in counts.items()}


def fit(tokens: list[str], question: Asked, rare: dict[str, float]) -> float:
    """How much of the question some stems meet, weighted by rarity; 0 when nothing."""
    there = set(tokens)
    return sum(concept.met_by(there, rare) for concept in question.concepts)


def answers_kind(sentence: str, question: Asked) -> float:
    """A bonus for a sentence that has what was asked for: a time for "how long", a price for "how much"."""
    folded = fold(sentence)
    bonus = 1.0 if question.wants_time and _HAS_TIME.search(folded) else 0.0
    bonus += 1.0 if question.wants_free and _FREE_FROM.search(folded) else 0.0
    return bonus + (1.0 if question.wants_money and _HAS_MONEY.search(folded) else 0.0)


def coverage(question: Asked, text: str) -> float:
    """The share of the question's concepts that a text has, 0..1 (related words count half)."""
    if not question.concepts:
        return 0.0
    return sum(concept.met_by(_all_stems(text), {}) for concept in question.concepts) / len(question.concepts)


@lru_cache(maxsize=1024)
def _all_stems(text: str) -> frozenset[str]:
    """Of every word, the empty ones included; remembered, as passages and products come again and again."""
    return frozenset(stem(word) for word in words(text))


def is_row(sentence: str) -> bool:
    """Whether it is a row of a table: "Service: Standard; Price: $6.95"."""
    return bool(_ROW.fullmatch(sentence))


def is_item(sentence: str, text: str) -> bool:
    """Whether it is an entry of a list in its text, and no sentence of its own."""
    return not sentence.endswith((".", "!", "?")) and any(f"{mark} {sentence}" in text for mark in ("-", "*", "•"))


def row_text(sentence: str) -> str:
    """A table row to be read: "Standard: price $6.95; delivery 3 to 5 working days". Other sentences stay."""
    if not is_row(sentence):
        return sentence
    (_, first), *others = (cell.split(": ", 1) for cell in sentence.split("; "))
    if len(others) == 1:
        return f"{first}: {others[0][1]}"
    return f"{first}: " + "; ".join(f"{_lowered(label)} {value}" for label, value in others)


def _lowered(label: str) -> str:
    """A column's name inside a sentence; abbreviations stay."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
