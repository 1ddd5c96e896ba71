"""Claims about a product that its own fields decide: what it costs, whether it can be had, how it compares."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct, structs

from integrations.platform import Money
from server.chat.answering.grounding.amounts import Figure, is_same, value_of
from server.chat.answering.grounding.numbers import canonical
from server.chat.answering.grounding.statements import Statement, Term
from server.chat.models import ProductDetail, VariantCard
from server.core.money import to_decimal
from server.languages.claims import Concept, Mark, concept_classes

MAX_TIMES = 20
OF_PRICE = frozenset(
    {
        Concept.DISCOUNT,
        Concept.SALE,
        Concept.SAVING,
        Concept.BEFORE_PRICE,
        Concept.CHEAPER,
        Concept.DEARER,
        Concept.FULL,
        Concept.PAY,
    }
)
OF_STOCK = frozenset({Concept.IN_STOCK, Concept.SOLD_OUT, Concept.PIECES_LEFT})


class FieldClaim(Struct, frozen=True):
    """What the fields say of a claim: `is_true` None where they say nothing. `rest` is what is left to be carried by a
    text: the claim without the terms and figures that the fields have decided."""

    is_true: bool | None
    field: str = ""
    rest: Statement | None = None
    figures: tuple[Figure, ...] = ()


def check_price(claim: Statement, named: Sequence[ProductDetail]) -> FieldClaim:
    """The amounts and shares of a claim about products, against their prices."""
    money = [each for each in claim.figures if any(key.startswith("money:") for key in _money_keys(each, claim, named))]
    shares = [each for each in claim.figures if any(key.startswith("percent:") for key in each.keys)]
    if not named or not (money or shares) or claim.topics - {Concept.DISCOUNT, Concept.PAY}:
        return FieldClaim(None)
    if Mark.RATE in claim.marks:
        return FieldClaim(False, "price")
    allowed = list(_amounts(claim, named))
    for figure in money:
        wanted = Figure(figure.text, _money_keys(figure, claim, named), figure.bare, figure.bound)
        if not any(is_same(wanted, Figure("", (key,))) for key in allowed):
            return FieldClaim(False, "price")
    for figure in shares:
        keys = [f"percent:{canonical(share)}" for share in _shares(named)]
        if not any(is_same(figure, Figure("", (key,))) for key in keys):
            return FieldClaim(False, "price")
    is_reduced = any(each.card.compare_at_price for each in named)
    if claim.concepts & {Concept.DISCOUNT, Concept.SALE} and not is_reduced:
        return FieldClaim(False, "price")
    decided = set(money) | set(shares) | {each for each in claim.figures if _is_times(each)}
    return FieldClaim(True, "price", _without(claim, OF_PRICE, decided), (*money, *shares))


def _money_keys(figure: Figure, claim: Statement, named: Sequence[ProductDetail]) -> tuple[str, ...]:
    """A number alone is an amount beside a word of price."""
    if figure.bare and Mark.PRICE in claim.marks:
        currency = next((each.card.price.currency for each in named if each.card.price), "")
        amounts = [value_of(key) for key in figure.keys]
        return (
            *(f"money:{canonical(each.amount)}:{currency}" for each in amounts if each and each.amount > MAX_TIMES),
        )
    return tuple(key for key in figure.keys if key.startswith("money:"))


def _amounts(claim: Statement, named: Sequence[ProductDetail]) -> Iterator[str]:
    """Keys of the amounts that the claim may name: prices, what they were, or how far they are apart."""
    prices = [price for product in named for price in _prices(product, claim)]
    befores = [each.card.compare_at_price for each in named if each.card.compare_at_price]
    apart = bool(claim.concepts & {Concept.SAVING, Concept.CHEAPER, Concept.DEARER})
    if not apart or Concept.BEFORE_PRICE in claim.concepts:
        yield from map(_key, prices if Concept.BEFORE_PRICE not in claim.concepts or len(claim.figures) > 1 else [])
        if claim.concepts & {Concept.BEFORE_PRICE, Concept.DISCOUNT}:
            yield from map(_key, befores)
    if apart:
        both = [each.card.price for each in named if each.card.price]
        pairs = [(first, second) for first in both for second in both if first.amount > second.amount]
        pairs += [
            (each.card.compare_at_price, each.card.price)
            for each in named
            if each.card.compare_at_price and each.card.price
        ]
        yield from (_key(Money(first.amount - second.amount, first.currency)) for first, second in pairs)
    yield from _apart_in_order(claim, named)
    for times in (value for each in claim.figures if _is_times(each) for value in map(value_of, each.keys) if value):
        yield from (_key(Money(int(price.amount * times.amount), price.currency)) for price in prices)


def _apart_in_order(claim: Statement, named: Sequence[ProductDetail]) -> Iterator[str]:
    """How much more, or less, the first of two products costs than the second: "$20 more than the Drift 22"."""
    prices = [each.card.price for each in named if each.card.price]
    if len(named) != 2 or len(prices) != 2 or not claim.marks & {Mark.OVER, Mark.UNDER}:
        return
    more = prices[0].amount - prices[1].amount
    if (more > 0) is (Mark.OVER in claim.marks):
        yield _key(Money(abs(more), prices[0].currency))


def _prices(product: ProductDetail, claim: Statement) -> Iterator[Money]:
    variants = named_variants(claim.text, product.card.variants)
    if variants and not _is_whole(variants, product):
        yield from (each.price for each in variants if each.price)
    elif product.card.price:
        yield product.card.price
        if len({each.price for each in product.card.variants}) > 1:
            yield from (each.price for each in product.card.variants if each.price)


def _is_whole(variants: Sequence[VariantCard], product: ProductDetail) -> bool:
    return len(variants) == len(product.card.variants)


def _shares(named: Sequence[ProductDetail]) -> Iterator[Decimal]:
    for each in named:
        price, before = each.card.price, each.card.compare_at_price
        if price and before and before.amount > price.amount:
            share = Decimal(100) * (before.amount - price.amount) / before.amount
            yield from {share.quantize(Decimal(1)), share.quantize(Decimal("0.1"))}


def _is_times(figure: Figure) -> bool:
    values = [value for value in map(value_of, figure.keys) if value]
    return figure.bare and any(1 < value.amount <= MAX_TIMES for value in values)


def _key(money: Money) -> str:
    return f"money:{canonical(to_decimal(money.amount, money.currency))}:{money.currency}"


def check_stock(claim: Statement, product: ProductDetail | None) -> FieldClaim:
    """Whether a product, or the variants that the claim names, can be had, and how many are there."""
    counts = [each for each in claim.figures if any(key.endswith(":piece") for key in each.keys)]
    stated = [term for term in claim.terms if term.concept in OF_STOCK]
    if product is not None:
        named = named_variants(claim.text, product.card.variants)
        counts += [each for each in claim.figures if each.bare and named and _is_count(_pieces(each), product, named)]
    if not counts and {term.concept for term in stated} == {Concept.PIECES_LEFT}:
        return FieldClaim(None)
    if product is None or not (stated or counts) or claim.topics - {Concept.PREORDER} or not product.card.variants:
        return FieldClaim(None)
    for term in stated:
        if term.concept != Concept.PIECES_LEFT and not _is_stock(claim, product, term.segment, _says_there(term)):
            return FieldClaim(False, "stock")
    if not all(_is_count(_pieces(each), product, named) for each in counts):
        return FieldClaim(False, "stock")
    rest = _without(claim, OF_STOCK | {Concept.EVERY}, set(counts))
    options = {word for each in named for option in _options(each) for word in _words(option)}
    terms = tuple(term for term in rest.terms if term.text.casefold() not in options)
    return FieldClaim(True, "stock", structs.replace(rest, terms=terms), tuple(counts))


def _pieces(figure: Figure) -> Figure:
    """A number alone as a count."""
    values = [value for value in map(value_of, figure.keys) if value and figure.bare]
    return structs.replace(figure, keys=(*figure.keys, *(f"measure:{canonical(each.amount)}:piece" for each in values)))


def _says_there(term: Term) -> bool:
    return (term.concept == Concept.IN_STOCK) is not term.is_negated


def _is_stock(claim: Statement, product: ProductDetail, segment: int, there: bool) -> bool:
    """Whether what is said to be there is there. A segment without a variant speaks of those of the claim."""
    variants = product.card.variants
    here = " ".join(term.text for term in claim.terms if term.segment == segment)
    named = named_variants(here, variants) or named_variants(claim.text, variants)
    if not named:
        every = Concept.EVERY in claim.concepts
        can = [each.available for each in variants]
        return (all(can) if every else any(can)) if there else not any(can)
    options = _options_named(here if named_variants(here, variants) else claim.text, variants)
    each_option = [[v.available for v in named if option in _options(v)] for option in options] or [
        [v.available for v in named]
    ]
    return all(any(found) for found in each_option if found) if there else not any(v.available for v in named)


def named_variants(text: str, variants: Sequence[VariantCard]) -> list[VariantCard]:
    """The variants whose colour, size or form a text names; those that have all kinds of it that it names."""
    options = _options_named(text, variants)
    if not options:
        return []
    best = max(sum(option in _options(each) for option in options) for each in variants)
    several = [each for each in variants if any(option in _options(each) for option in options)]
    exact = [each for each in several if sum(option in _options(each) for option in options) == best]
    return exact if best > 1 else several


def _options_named(text: str, variants: Sequence[VariantCard]) -> list[str]:
    words = f" {' '.join(_words(text))} "
    found = {option for each in variants for option in _options(each) if f" {' '.join(_words(option))} " in words}
    return sorted(found)


def _options(variant: VariantCard) -> frozenset[str]:
    return frozenset(option.strip().casefold() for option in variant.title.split(" / ") if option.strip())


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text.casefold()).split()


def _is_count(figure: Figure, product: ProductDetail, named: Sequence[VariantCard]) -> bool:
    counts = {title: count for title, count in product.stock.items() if count is not None}
    mine = [counts[each.title] for each in named if each.title in counts] if named else list(counts.values())
    possible = {*mine, sum(mine)} if not named or len(named) > 1 else set(mine)
    return any(is_same(figure, Figure("", (f"measure:{each}:piece",))) for each in possible)


def check_comparison(claim: Statement, named: Sequence[ProductDetail], weights: Mapping[str, Decimal]) -> FieldClaim:
    """Whether the first product named is cheaper or lighter than the second, or dearer or heavier."""
    stated = [term for term in claim.terms if term.concept in concept_classes().comparisons]
    if not stated:
        return FieldClaim(None)
    if len(named) < 2 or any(term.is_negated for term in stated):
        return FieldClaim(False, "comparison")
    first, second = named[0], named[1]
    for term in stated:
        if term.concept in (Concept.CHEAPER, Concept.DEARER):
            if not (first.card.price and second.card.price):
                return FieldClaim(False, "comparison")
            less = first.card.price.amount < second.card.price.amount
            more = first.card.price.amount > second.card.price.amount
        else:
            one, other = weights.get(first.card.id), weights.get(second.card.id)
            if one is None or other is None:
                return FieldClaim(False, "comparison")
            less, more = one < other, one > other
        if not (less if term.concept in (Concept.CHEAPER, Concept.LIGHTER) else more):
            return FieldClaim(False, "comparison")
    return FieldClaim(True, "comparison", _without(claim, concept_classes().comparisons, set()))


def _without(claim: Statement, concepts: frozenset[str], figures: set[Figure]) -> Statement:
    return structs.replace(
        claim,
        terms=tuple(term for term in claim.terms if term.concept not in concepts),
        figures=tuple(each for each in claim.figures if each not in figures),
    )
