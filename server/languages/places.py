"""Countries that a text names, in any of the languages. The names come from CLDR, by way of babel."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import msgspec
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies
from msgspec import Struct

from server.languages.loading import FOLDER, LANGUAGES
from server.languages.matching import Phrases, Place, normalise, phrases_in
from server.languages.writing import writing_of

REGIONS = frozenset({"EU", "150", "142", "002", "003", "005", "009"})
"""The European Union, and by UN M49 Europe, Asia, Africa, North America, South America and Oceania."""
MIN_LETTERS, MIN_CITY_LETTERS = 3, 4


class _Regions(Struct, frozen=True):
    """`regions.toml`: `members` of a region, separated by spaces, other names of countries in any language, and by
    language the forms that it gives the names."""

    members: dict[str, str]
    aliases: dict[str, list[str]]
    inflected: dict[str, dict[str, list[str]]]


def countries_in(text: str, *languages: str) -> frozenset[str]:
    """The ISO 3166 codes of the countries and regions ("EU", "150" for Europe) that a text names in these languages."""
    normalised = normalise(text)
    found = {code for language in {*languages, "en"} for code in _found(language, normalised)}
    return frozenset(found)


def countries_of_cities(text: str, language: str) -> frozenset[str]:
    """The ISO 3166 codes of the countries whose large cities, those with a time zone, a text names in a language."""
    names, codes = _cities(language if language in LANGUAGES else "en")
    return frozenset(codes[place.text] for place in names.places(normalise(text)) if place.text in codes)


@lru_cache(maxsize=1_024)
def uses_currency(country: str, currency: str) -> bool:
    """Whether a country, or the European Union or Europe, pays in a currency (ISO 4217) today."""
    if country in ("EU", "150"):
        return currency == "EUR"
    return country not in REGIONS and currency in get_territory_currencies(country)


@lru_cache(maxsize=1_024)
def speaks(country: str, code: str) -> bool:
    """Whether a language is an official one of a country; of the European Union and Europe all are."""
    return country in REGIONS or code in get_official_languages(country, regional=True, de_facto=True)


def covers(named: frozenset[str], country: str) -> bool:
    """Whether a country, or a region that holds it, is among those named."""
    return country in named or any(region in named and country in _members()[region] for region in REGIONS)


@lru_cache(maxsize=8_192)
def _found(language: str, normalised: str) -> tuple[str, ...]:
    names, codes = _names(language if language in LANGUAGES else "en")
    prefixes = ("", *writing_of(language).prefixes)
    bare = [
        next((bare for each in prefixes if (bare := place.text.removeprefix(each)) in codes), "")
        for place in names.places(normalised)
    ]
    return tuple(codes[name] for name in bare if name)


@cache
def _members() -> dict[str, frozenset[str]]:
    containers = get_global("territory_containment")  # type: ignore[arg-type]  # babel has it, its types do not
    found = {region: frozenset(members.split()) for region, members in _data().members.items()}
    for region in REGIONS - found.keys():
        found[region] = frozenset(code for code in containers if _is_in(code, region, containers))
    return found


def _is_in(code: str, region: str, containers: Mapping[str, Sequence[str]]) -> bool:
    return any(each == region or _is_in(each, region, containers) for each in containers.get(code, ()))


@lru_cache(maxsize=1)
def _data() -> _Regions:
    return msgspec.convert(tomllib.loads((FOLDER / "regions.toml").read_text("utf-8")), _Regions)


@cache
def _cities(language: str) -> tuple[Phrases, dict[str, str]]:
    codes: dict[str, str] = {}
    known = Locale(language).time_zones
    for zone, country in get_global("zone_territories").items():
        city = known.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        if "/" in zone and len(country) == 2 and len(normalise(city)) >= MIN_CITY_LETTERS:
            codes.setdefault(normalise(city), country)
    return phrases_in(language, codes), codes


@cache
def _names(language: str) -> tuple[Phrases, dict[str, str]]:
    codes: dict[str, str] = {}
    for code, name in Locale(language).territories.items():
        if (len(code) == 2 and code.isalpha()) or code in REGIONS:
            codes[normalise(name)] = code
    for code, names in (*_data().aliases.items(), *_data().inflected.get(language, {}).items()):
        for name in names:
            codes.setdefault(normalise(name), code)
    codes = {name: code for name, code in codes.items() if len(name) >= MIN_LETTERS or code in ("US", "GB", "EU")}
    codes.pop("us", None)  # "us" is a word of its own in English
    return phrases_in(language, codes), codes


def country_places(normalised: str, language: str) -> list[tuple[Place, str]]:
    """Where a normalised text names countries and regions in a language, with their codes."""
    names, codes = _names(language if language in LANGUAGES else "en")
    return [(place, codes[place.text]) for place in names.places(normalised) if place.text in codes]
