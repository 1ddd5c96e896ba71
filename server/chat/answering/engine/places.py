"""Countries that a question or a passage names, so that a passage about one country never answers for another."""

import re
from functools import lru_cache

from server.chat.answering.intents.words import fold, stem, word_set, words

EUROPE = word_set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""The European Union."""
_EUROPE_WORDS = re.compile(r"\b(?:european union|eu|europe|union europeenne|europaische union|europa|union europea)\b")
_EVERYWHERE = re.compile(
    r"\b(?:other countries|other country|elsewhere|worldwide|world wide|anywhere|internationally|rest of the world|"
    r"(?:all|every) countr(?:y|ies)(?! (?:of|in|within|listed|named)\b)|autres pays|monde entier|andere lander|"
    r"weltweit|otros paises|todo el mundo)\b"
)
_ALIASES = {
    "usa": "US", "america": "US", "united states of america": "US", "u s": "US", "britain": "GB",
    "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "uk": "GB",
    "holland": "NL", "czech republic": "CZ", "south korea": "KR", "korea": "KR", "uae": "AE", "turkey": "TR",
    "hong kong": "HK", "macau": "MO", "vereinigte staaten": "US", "etats unis": "US", "estados unidos": "US",
    "grosbritannien": "GB", "angleterre": "GB", "inglaterra": "GB",
}  # fmt: skip
_CONTINENTS = {
    "Asia": re.compile(r"\b(?:asia|asie|asien)\b"),
    "Africa": re.compile(r"\b(?:africa|afrique|afrika)\b"),
    "America": re.compile(r"\b(?:(?:south|north|latin|central) america|the americas)\b"),
    "Australia": re.compile(r"\boceania\b"),
    "Pacific": re.compile(r"\boceania\b"),
}
US_TERRITORIES = word_set("PR GU VI AS MP")
_US_TERRITORIES = re.compile(r"\b(?:us|u\.s\.) territor(?:y|ies)\b")
_REGIONS = {
    "asia": "142", "asien": "142", "asie": "142", "africa": "002", "afrika": "002", "afrique": "002",
    "south america": "005", "latin america": "419", "central america": "013", "middle east": "145",
    "sudamerika": "005", "amerique du sud": "005", "sudamerica": "005", "oceania": "009", "caribbean": "029",
}  # fmt: skip
"""Continents, as the numbers of the same list."""
_HOME_WORDS = word_set("within inside domestic national country inland home mainland contiguous")
_NOT_COUNTRIES = frozenset(("jersey", "georgia", "china clay", "world", "guinea", "niger", "chad", "jordan"))
"""Names that mean something else in most shops."""
_LONGEST_NAME = 4


@lru_cache(maxsize=1024)
def places_in(text: str, language: str = "en") -> frozenset[str]:
    """ISO codes of the countries that a text names in English or in `language`. ExpiringCache: passages recur."""
    names = _names(language)
    found = words(text[:4000].replace(".", " "))
    codes = set()
    for start in range(len(found)):
        for length in range(_LONGEST_NAME, 0, -1):
            if code := names.get(" ".join(found[start : start + length])):
                codes.add(code)
                break
    return frozenset(codes)


@lru_cache(maxsize=256)
def towns_in(folded: str) -> frozenset[str]:
    """ISO codes of the countries of the large towns that a folded text sends something to ("to Tokyo")."""
    towns = _towns()
    named = (found[1].split()[:length] for found in _SENT_TO.finditer(folded) for length in (1, 2, 3))
    return frozenset(towns[name] for each in named if (name := " ".join(each)) in towns)


def covers(text: str, places: frozenset[str]) -> bool:
    """Whether a passage speaks of one of these countries, by name or as part of Europe."""
    if places & places_in(text):
        return True
    folded = fold(text)
    if places & US_TERRITORIES and _US_TERRITORIES.search(folded):
        return True
    if places & EUROPE and _EUROPE_WORDS.search(folded):
        return True
    return any(pattern.search(folded) for code in places if (pattern := _CONTINENTS.get(_continent(code))))


@lru_cache(maxsize=512)
def _continent(code: str) -> str:
    """As the names of its time zones begin: "Asia" for JP."""
    from babel.core import get_global

    zones = get_global("territory_zones").get(code) or [""]
    return str(zones[0]).split("/")[0]


def speaks_of_the_rest(text: str) -> bool:
    """Whether a passage is about all countries or those that it does not name."""
    return bool(_EVERYWHERE.search(fold(text)))


def is_home(places: frozenset[str], currency: str) -> bool:
    """Whether people pay in the shop's currency there."""
    from babel.numbers import get_territory_currencies

    return all(code.isalpha() and currency in get_territory_currencies(code) for code in places)


@lru_cache(maxsize=64)
def home_words(currency: str) -> frozenset[str]:
    """The stems of the English names of the countries that pay in that currency."""
    from babel.numbers import get_territory_currencies

    codes = {code for code in _names("en").values() if code.isalpha() and currency in get_territory_currencies(code)}
    names = " ".join(name for name, code in _names("en").items() if code in codes)
    return frozenset(stem(word) for word in (*names.split(), *_HOME_WORDS))


def english_names(places: frozenset[str]) -> str:
    """As a search finds them."""
    from babel import Locale

    names = Locale("en").territories
    return " ".join(sorted(str(names.get(code, "")) for code in places))


def is_abroad(text: str, currency: str) -> bool:
    """Whether a heading names countries only that do not pay in the shop's currency."""
    from babel.numbers import get_territory_currencies

    named = places_in(text)
    return bool(named) and not any(currency in get_territory_currencies(code) for code in named)


_SENT_TO = re.compile(r"\b(?:to|into|nach|a|au|vers)(?= ((?:[a-z]+ ?){1,3}))")
_NO_TOWNS = word_set("center troll easter christmas davis casey palmer")


@lru_cache(maxsize=1)
def _towns() -> dict[str, str]:
    """The towns that time zones are named after, to their country; at home the shop's own words tell more."""
    from babel.core import get_global

    zones = ((code, zone) for code, zones in get_global("territory_zones").items() for zone in zones if code != "US")
    towns = {str(zone).rpartition("/")[2].replace("_", " ").lower(): str(code) for code, zone in zones}
    return {town: code for town, code in towns.items() if town not in _NO_TOWNS and len(code) == 2}


@lru_cache(maxsize=8)
def _names(language: str) -> dict[str, str]:
    from babel import Locale

    names = {
        " ".join(words(str(name))): code
        for spoken in dict.fromkeys((language, "en"))
        for code, name in Locale(spoken).territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "ZZ")
    }
    return {name: code for name, code in (names | _ALIASES | _REGIONS).items() if name not in _NOT_COUNTRIES}
