"""Countries that a question or a passage names, so that a passage about one country never answers for another."""

import re
from functools import lru_cache

from server.chat.intents.words import fold, word_set, words

EUROPE = word_set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""The European Union."""
_EUROPE_WORDS = re.compile(r"\b(?:european union|eu|europe|union europeenne|europaische union|europa|union europea)\b")
_EVERYWHERE = re.compile(
    r"\b(?:other countries|other country|elsewhere|worldwide|world wide|anywhere|internationally|rest of the world|"
    r"all countries|every country|autres pays|monde entier|andere lander|weltweit|otros paises|todo el mundo)\b"
)
_ALIASES = {
    "usa": "US", "america": "US", "united states of america": "US", "u s": "US", "britain": "GB",
    "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "uk": "GB",
    "holland": "NL", "czech republic": "CZ", "south korea": "KR", "korea": "KR", "uae": "AE", "turkey": "TR",
    "hong kong": "HK", "macau": "MO", "vereinigte staaten": "US", "etats unis": "US", "estados unidos": "US",
    "grosbritannien": "GB", "angleterre": "GB", "inglaterra": "GB",
}  # fmt: skip
_NOT_COUNTRIES = frozenset(("jersey", "georgia", "china clay", "world", "guinea", "niger", "chad", "jordan"))
"""Names that mean something else in most shops."""
_LONGEST_NAME = 4


@lru_cache(maxsize=1024)
def places_in(text: str, language: str = "en") -> frozenset[str]:
    """ISO codes of the countries that a text names in English or in `language`. Remembered: passages recur."""
    names = _names(language)
    found = words(text[:4000].replace(".", " "))
    codes = set()
    for start in range(len(found)):
        for length in range(_LONGEST_NAME, 0, -1):
            if code := names.get(" ".join(found[start : start + length])):
                codes.add(code)
                break
    return frozenset(codes)


def covers(text: str, places: frozenset[str]) -> bool:
    """Whether a passage speaks of one of these countries, by name or as part of Europe."""
    if places & places_in(text):
        return True
    return bool(places & EUROPE and _EUROPE_WORDS.search(fold(text)))


def speaks_of_the_rest(text: str) -> bool:
    """Whether a passage is about all countries or those that it does not name."""
    return bool(_EVERYWHERE.search(fold(text)))


def is_abroad(text: str, currency: str) -> bool:
    """Whether a heading names countries only that do not pay in the shop's currency."""
    from babel.numbers import get_territory_currencies

    named = places_in(text)
    return bool(named) and not any(currency in get_territory_currencies(code) for code in named)


@lru_cache(maxsize=8)
def _names(language: str) -> dict[str, str]:
    from babel import Locale

    names = {
        " ".join(words(str(name))): code
        for spoken in dict.fromkeys((language, "en"))
        for code, name in Locale(spoken).territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "ZZ")
    }
    return {name: code for name, code in (names | _ALIASES).items() if name not in _NOT_COUNTRIES}
