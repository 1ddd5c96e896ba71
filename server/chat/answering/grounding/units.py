"""Units of the four languages, brought to one name and one size so that equal measures compare equal."""

from integrations.platform import Money
from server.chat.answering.grounding.numbers import canonical
from server.chat.answering.intents.words import word_set
from server.core.money import to_decimal

DURATIONS: dict[str, tuple[str, str]] = {
    word: (unit, factor)
    for unit, factor, words in (
        ("day", "1", "day days tag tage tagen tages jour jours dia dias"),
        ("day", "7", "week weeks wk wks woche wochen semaine semaines semana semanas"),
        ("month", "1", "month months monat monate monaten monats mois mes meses"),
        ("month", "12", "year years yr yrs jahr jahre jahren jahres an ans annee annees ano anos"),
        ("hour", "1", "hour hours hr hrs h std stunde stunden heure heures hora horas"),
        ("minute", "1", "minute minutes min mins minuten minuto minutos"),
        ("second", "1", "second seconds sec secs sekunde sekunden seconde secondes segundo segundos"),
        ("night", "1", "night nights nacht nachte nachten nuit nuits noche noches"),
        ("workday", "1", "werktag werktage werktagen arbeitstag arbeitstage arbeitstagen workday workdays"),
    )
    for word in words.split()
}
"""Folded word to canonical unit and factor. A business day is never a day."""

WORKDAY_BEFORE = frozenset(("business", "working", "work"))
WORKDAY_AFTER = frozenset(("ouvre", "ouvres", "ouvrable", "ouvrables", "habil", "habiles", "laborable", "laborables"))
FILLERS = frozenset(
    ("calendar", "full", "consecutive", "more", "further", "whole", "additional", "weitere", "volle", "de")
)
"""Words that may stand between a number and its unit."""

WITHIN = word_set(
    "within in for under after over innerhalb binnen nach fur seit sous en dans apres pendant dentro durante tras de"
)
"""Before these an article counts: "within a week", "innerhalb einer Woche"."""

MEASURES: dict[str, tuple[str, str]] = {
    word: (unit, factor)
    for unit, factor, words in (
        ("mm", "1", "mm millimeter millimeters millimetre millimetres milimetros"),
        ("mm", "10", "cm centimeter centimeters centimetre centimetres zentimeter centimetros"),
        ("mm", "1000", "m meter meters metre metres metern metro metros"),
        ("mm", "1000000", "km kilometer kilometers kilometre kilometres kilometro kilometros"),
        ("inch", "1", 'inch inches zoll pouce pouces pulgada pulgadas " ″'),
        ("inch", "12", "ft foot feet pied pieds"),
        ("g", "0.001", "mg milligram milligrams"),
        ("g", "1", "g gr gram grams gramm gramme grammes gramo gramos"),
        ("g", "1000", "kg kgs kilo kilos kilogram kilograms kilogramm kilogrammes kilogramos"),
        ("oz", "1", "oz ounce ounces"),
        ("oz", "16", "lb lbs pound pounds"),
        ("ml", "1", "ml milliliter milliliters millilitre millilitres"),
        ("ml", "10", "cl"),
        ("ml", "1000", "l liter liters litre litres litern litro litros"),
        ("gallon", "1", "gal gallon gallons"),
        ("watt", "1", "w watt watts"),
        ("watt", "1000", "kw"),
        ("volt", "1", "v volt volts"),
        ("mah", "1", "mah"),
        ("wh", "1", "wh"),
        ("hz", "1", "hz"),
        ("hz", "1000", "khz"),
        ("gb", "1", "gb"),
        ("gb", "1000", "tb"),
        ("mb", "1", "mb"),
        ("degree", "1", "° degrees degree grad degres grados"),
        ("lumen", "1", "lm lumen lumens"),
        ("decibel", "1", "db"),
        ("person", "1", "person persons people personen personne personnes persona personas"),
        ("piece", "1", "piece pieces pc pcs unit units stuck piezas pieza unidad unidades unite unites"),
        ("piece", "1", "left available remaining vorratig verfugbar disponible disponibles restant restants"),
        ("piece", "1", "stock lager"),
    )
    for word in words.split()
}
"""Folded word or sign to canonical unit and factor. A stock figure is a measure in pieces."""

STOCK_PREPOSITIONS = frozenset(("in", "en", "auf"))
PERCENT = frozenset(("%", "percent", "pct", "prozent", "pourcent", "porcent"))

DOLLARS = frozenset(("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "BRL", "ARS", "CLP", "COP"))
_SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "₽": "RUB", "₩": "KRW"}
_NAMES = {
    "euro": "EUR", "euros": "EUR", "eur": "EUR", "dollar": "$", "dollars": "$", "dolares": "$", "bucks": "$",
    "pound": "GBP", "pounds": "GBP", "pfund": "GBP",
    "livres": "GBP", "libras": "GBP", "franken": "CHF", "rupees": "INR",
    "yen": "JPY", "kr": "SEK", "kronor": "SEK", "usd": "USD", "gbp": "GBP", "chf": "CHF", "cad": "CAD", "aud": "AUD",
    "jpy": "JPY", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "inr": "INR", "nzd": "NZD", "us$": "USD",
    "$us": "USD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "c$": "CAD", "rs": "INR", "zl": "PLN",
}  # fmt: skip


def currency_of(word: str, shop_currency: str) -> str | None:
    """The ISO code that a sign or folded word names; "$" is the shop's own dollar where it has one. Else None."""
    code = _SYMBOLS.get(word) or ("$" if word == "$" else _NAMES.get(word))
    if code is None:
        return shop_currency if word.upper() == shop_currency else None
    if code == "$":
        return shop_currency if shop_currency in DOLLARS else "USD"
    if code == "SEK" and word.startswith("kr"):
        return shop_currency if shop_currency in ("SEK", "NOK", "DKK") else "SEK"
    return code


def money_key(money: Money) -> str:
    """The key under which an exact amount is known."""
    return f"money:{canonical(to_decimal(money.amount, money.currency))}:{money.currency}"
