"""What a message points back at, and what it compares."""

import re

from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.words import word_set, words

COLORS = word_set(
    "black white red blue green grey gray yellow orange pink purple brown beige navy silver gold sand "
    "olive turquoise cream"
)
SIZES = word_set("small medium large xs s m l xl xxl")
SIZE_LETTERS = {"small": "s", "medium": "m", "large": "l"}
_AROUND_A_CHOICE = word_set(
    "and in the one ones size color colour a an or also maybe et en le la taille couleur ou aussi und in der die das "
    "grose farbe oder auch y el talla color o tambien"
)
_BACK = re.compile(
    r"\b(?:it|its|it's|this|that|these|those|them|they|this one|that one|the (?:first|second|third|"
    r"fourth|last)(?: one)?|"
    r"(?:the|both|either|those|these) (?:two|both|ones?)|both|"
    r"celui[- ]ci|celle[- ]ci|ce|cet|cette|il|elle|ils|elles|la deuxieme|le deuxieme|la premiere|le premier|les deux|"
    r"dies(?:e[rsnm]?|es)|es|er|der erste|die erste|das erste|der zweite|die zweite|das zweite|beide|"
    r"est[eao]s?|eso|ese|el primero|la primera|el segundo|la segunda|los dos|ambos)\b"
)
_FOLLOW_UP = re.compile(r"^\W*(?:and|what about|how about|et|und|y|was ist mit|wie steht es mit|qu'en est|que tal)\b")
_IN_STOCK = re.compile(
    r"\b(?:in stock|available (?:now|today|right now)|ready to ship|en stock|"
    r"disponibles? (?:maintenant|de suite)|auf lager|"
    r"sofort (?:lieferbar|verfugbar)|disponible ahora)\b"
)
_NAMES = (
    r"(?P<first>[^?,;]{2,60}?)\s+(?:and|with|to|vs\.?|versus|or|et|avec|ou|und|mit|oder|y|con|"
    r"o)\s+(?P<second>[^?;.!]{2,60})"
)
_COMPARED = re.compile(
    r"(?:\bcompar(?:e|ing|ison of|aison de|ez|er|ar|a|aci?on de)|\bvergleich\w*|"
    r"\bdifferences? (?:between|entre)|\bdiferencias? entre|"
    r"\bunterschied\w* zwischen|\b(?:better|cheaper|lighter|warmer|best)[,:]|\b(?:besser|gunstiger|"
    r"leichter|mieux|mejor)[,:])\s+"
    rf"(?:the |les |den |die |das |der |la |le |el |los |las )?{_NAMES}"
)
_VERSUS = re.compile(r"(?P<first>[^?,;]{2,60}?)\s+(?:vs\.?|versus)\s+(?P<second>[^?;.!]{2,60})")
_EITHER = re.compile(
    r"^\W*(?P<first>[^?,;:]{2,60}?)\s+(?:or|ou|oder|o|vs\.?)\s+(?P<second>[^?,;:.!]{2,60}?)\s*[,:;?.–-]+\s*"
    r"(?:which|what|welche[rs]?|lequel|laquelle|cual|quel)\b"
)
_WHICH_OF = re.compile(
    r"\b(?:which|what|welche[rs]?|lequel|laquelle|cual|quelle?)\b[^?,;:]{2,50}[,:?]\s*(?P<first>[^?,;:]{2,60}?)\s+"
    r"(?:or|ou|oder|o)\s+(?P<second>[^?;.!]{2,60})"
)
_EITHER_ALONE = re.compile(
    r"^\W*(?:the|la|le|les|der|die|das|el|los|las) (?P<first>[^?,;:]{2,40}?) (?:or|ou|oder|o) "
    r"(?:the|la|le|les|der|die|das|el|los|las) (?P<second>[^?,;:.!]{2,40}?)\W*$"
)
_BETTER_THAN = re.compile(
    r"\bis (?P<first>[^?,;]{2,60}?) (?:better|cheaper|lighter|warmer|bigger|heavier) than (?P<second>[^?;.!]{2,60})"
)
_ARTICLE = re.compile(
    r"^(?:compare|the|a|an|your|le|la|les|l'|der|die|das|den|dem|el|los|las)\s+|\s+(?:please|bitte|svp|por favor)$"
)
_MAX_NAMES = 4


_EMPTY_IT = re.compile(
    r"\b(?:does|do|would|will|did) it (?:cost|take)s? (?:me )?to\b|\bis it (?:possible|ok|okay|safe|true|allowed)\b"
)
"""Where "it" stands for nothing: "how much does it cost to repair a zip"."""


def refers_back(folded: str) -> bool:
    """Whether the message speaks of something shown before ("it", "the second one", "and in blue?")."""
    return bool(_BACK.search(_EMPTY_IT.sub(" ", folded)) or _FOLLOW_UP.search(folded))


def is_bare_choice(folded: str, language: str) -> bool:
    """Whether the message is nothing but a colour or size ("blue?", "und in blau", "medium")."""
    telling = [word for word in words(folded) if word not in _AROUND_A_CHOICE]
    return 0 < len(telling) <= 3 and all(
        word in COLORS or word in SIZES or bool(COLORS & set(gloss(word, language).split())) for word in telling
    )


def is_follow_up(folded: str) -> bool:
    """Whether the message continues the last one ("and in blue?", "what about returns?")."""
    return bool(_FOLLOW_UP.search(folded))


def wants_stock(folded: str) -> bool:
    """Whether only what can be had now will do."""
    return bool(_IN_STOCK.search(folded))


def compared_names(folded: str) -> tuple[str, ...]:
    """The names a comparison speaks of, as written but folded; none where it says "these two"."""
    for pattern in (_EITHER, _WHICH_OF, _COMPARED, _BETTER_THAN, _VERSUS, _EITHER_ALONE):
        if found := pattern.search(folded):
            names = [found["first"], *re.split(r"\s*,\s*|\s+(?:and|und|et|y|vs\.?)\s+", found["second"])]
            cleaned = (_ARTICLE.sub("", name.strip()).strip() for name in names[:_MAX_NAMES])
            return tuple(name for name in cleaned if len(name) > 1 and not _is_pointer(name))
    return ()


def _is_pointer(name: str) -> bool:
    return bool(
        re.fullmatch(
            r"(?:first|second|third|last|1st|2nd|3rd|it|this|that|these|those|them|both|two)(?: one| two)?", name
        )
    )
