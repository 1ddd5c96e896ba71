"""Units and currencies of all languages, brought to one name and one size so that equal measures compare equal."""

from integrations.platform import Money
from server.chat.answering.grounding.numbers import canonical
from server.chat.answering.grounding.vocabulary import MAX_PHRASE_WORDS, Unit, vocabulary
from server.core.money import to_decimal


def units_of(words: list[str], *, touches: bool) -> tuple[tuple[Unit, ...], int]:
    """What the words after a number say as a unit, the longest phrase first, and how many words that is.

    `touches` says that the first stands at the number without a space. A word that may stand between is left out.
    """
    known = vocabulary()
    start = 0
    if words and words[0] in known.fillers and not (words[0] in known.units and len(words) == 1):
        start = 1
    for skipped in (start, 0) if start else (0,):
        for length in range(min(MAX_PHRASE_WORDS, len(words) - skipped), 0, -1):
            phrase = words[skipped] if length == 1 else " ".join(words[skipped : skipped + length])
            units = known.units.get(phrase)
            if units and not (length == 1 and phrase in known.only_touching and not (touches and not skipped)):
                return units, skipped + length
    return (), 0


def currency_of(word: str, shop_currency: str) -> str | None:
    """The ISO code that a sign or folded word names; of one that several countries use the shop's own. Else None."""
    known = vocabulary()
    code = known.currencies.get(word)
    if code is None:
        return shop_currency if len(word) == 3 and word.upper() == shop_currency else None
    if shared := known.shared_currencies.get(code):
        return shop_currency if shop_currency in shared else shared[0]
    return code


def money_key(money: Money) -> str:
    """The key under which an exact amount is known."""
    return f"money:{canonical(to_decimal(money.amount, money.currency))}:{money.currency}"
