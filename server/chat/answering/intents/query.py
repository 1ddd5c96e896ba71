"""The text to search with: what the shopper wants, without the words they wrap it in."""

import re

from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.words import STOP_WORDS, fold

_WRAPPING = re.compile(
    r"\b(?:do you (?:have|sell|carry|stock|offer)|have you got|are there|i(?:'m| am) (?:looking|searching) for|"
    r"looking for|searching for|search for|show me|find me|i(?:'d| would)? (?:like|love)(?: to (?:buy|get|see|order))?|"
    r"i (?:need|want)(?: to (?:buy|get|see|find|order))?|can you (?:recommend|suggest|show me|find)|"
    r"(?:recommend|suggest)"
    r"(?: me)?|what do you have|which .{0,20}do you (?:have|sell|recommend)|any|some|please|hi|hello|hey|"
    r"good (?:morning|afternoon|evening|day)|"
    r"in stock|available|the (?:cheapest|best)|best|good|nice|"
    r"je (?:cherche|voudrais|veux)|avez[- ]vous|est[- ]ce que vous (?:avez|vendez)|vendez[- ]vous|"
    r"montrez[- ]moi|bonjour|svp|"
    r"s'il vous plait|en stock|j'ai besoin d[eu']?|il me faut|"
    r"ich (?:suche|brauche|mochte|hatte gern\w?)|habt ihr|haben sie|verkauft ihr|gibt es|"
    r"zeig(?:en sie)? mir|hallo|bitte|auf lager|"
    r"(?:estoy )?busc(?:o|ando)|quiero|quisiera|necesito|teneis|tienen|tienes|venden|muestrame|hola|por favor)\b"
)
_SIZE = re.compile(
    r"\b(?:in |en )?(?:an? )?(?:size|taille|grose|talla)s? (?:us |uk |eu )?"
    r"(?:\d{1,3}(?:[.,]5)?|x{0,3}[sml]|small|medium|large)\b"
)
"""Which of a product's forms is wanted; no page is found by it."""
_SPACES = re.compile(r"\s+")
_MAX_CHARACTERS = 300


def product_words(folded_rest: str, original: str) -> str:
    """For the catalog: fillers out. Falls back to the whole message when nothing is left."""
    kept = _WRAPPING.sub(" ", _SIZE.sub(" ", folded_rest))
    kept = re.sub(r"[?!¿¡,;:\"]+|(?<!\w)[.'-]+|[.'-]+(?!\w)", " ", kept)
    words = kept.split()
    while words and words[0] in STOP_WORDS:
        words.pop(0)
    while words and words[-1] in STOP_WORDS:
        words.pop()
    return (" ".join(words) or original.strip())[:_MAX_CHARACTERS]


def policy_words(text: str) -> str:
    """For documents: the question as asked."""
    return _SPACES.sub(" ", text).strip()[:_MAX_CHARACTERS]


def with_gloss(text: str, language: str) -> str:
    """The text, and behind it what its words mean in English."""
    meaning = gloss(fold(text), language)
    return f"{text} {meaning}" if meaning else text
