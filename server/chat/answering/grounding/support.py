"""Whether a passage carries a claim: every term with the same sign, every figure beside what it is of."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations, pairwise
from typing import Protocol

from msgspec import Struct

from server.chat.answering.grounding.amounts import Figure, is_same, value_of
from server.chat.answering.grounding.passages import Passage
from server.chat.answering.grounding.statements import Statement, Term
from server.languages.claims import Concept, Mark, concept_classes
from server.languages.places import covers, uses_currency

_QUANTIFIERS = frozenset({Concept.ONLY, Concept.ALWAYS, Concept.EVERY, Concept.MUST})
TELLING = 3
"""So many terms say by themselves what a claim is about."""
MANY_TERMS = 5
"""From so many terms on one of them may be missing from the text, if no other has to stand there by name."""
SAME_SAID, NEARLY_SAID = 0.7, 0.53
"""From these cosines of a whole sentence with a text on, words that need not stand by name may all be others, or half
of what is said. Tuned on tests/evaluation/claims: true paraphrases have .53 to .84, "It comes with a rain cover" .46 to
a text that only names one."""


class Meanings(Protocol):
    """How near words and sentences are to each other; what is not known yet is far."""

    def are_alike(self, word: str, others: Sequence[str]) -> bool:
        """Whether a word means the same as one of others."""
        ...

    def similarity(self, text: str, others: Sequence[str]) -> float:
        """The cosine of a text with the nearest of others."""
        ...


class Reason(StrEnum):
    """Why a claim may not leave, beside the word that nothing of the turn has."""

    ANSWER = "answer"
    COMPARISON = "comparison"
    CONDITION = "condition"
    CONTACT = "contact"
    COUNTRY = "country"
    FIGURE = "figure"
    INSTRUCTIONS = "instructions"
    NO_SOURCE = "unsourced"
    ORDER = "order"
    PRICE = "price"
    PROMISE = "promise"
    RESTRICTION = "restriction"
    SOURCE = "source"
    STOCK = "stock"
    SUBJECT = "subject"
    TOPIC = "topic"


class Context(Struct, frozen=True):
    """What a claim may leave unsaid: what the question, and the sentence before, speak of."""

    concepts: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    home_currency: str = ""
    named_countries: frozenset[str] = frozenset()
    """Those that any passage of the turn names."""


class Support(Struct, frozen=True):
    """How far a passage carries a claim. `open_words` are those that only a comparison of meanings may find, `reason`
    why it does not carry it; `share` of the terms that it has."""

    ok: bool
    share: float = 0.0
    reason: str = ""
    open_words: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    similarity: float = 0.0
    """The cosine of the sentence with the text, where both are known."""
    is_own: bool = True
    """Whether the text itself has all terms, and no heading lends it one."""


def find_support(claim: Statement, passage: Passage, context: Context, meanings: Meanings) -> Support:
    """See the module's first line."""
    terms = [term for term in claim.terms if not _is_weak(term, claim)]
    found = [_match(term, passage, claim, context) for term in terms]
    found = [match or _subject_of_no(term, terms, found, passage) for term, match in zip(terms, found, strict=True)]
    missing = [term for term, match in zip(terms, found, strict=True) if match is None]
    share = 1 - len(missing) / len(terms) if terms else 0.0
    similarity = meanings.similarity(claim.text, passage.lines)

    def refuse(reason: str, open_words: Sequence[str] = ()) -> Support:
        return Support(False, share, reason, tuple(open_words), similarity=similarity)

    if reason := _misfit(claim, passage, context):
        return refuse(reason)
    figures = _figures(claim, passage)
    if figures is None:
        return refuse(Reason.FIGURE)
    hard = [term for term in missing if term.is_hard or term.country or passage.find(term.keys)[0]]
    if hard:
        return refuse(hard[0].text)
    if not _is_anchored(terms, found, passage, context):
        return refuse(Reason.SUBJECT)
    if _is_crossed(terms, found, passage):
        return refuse(Reason.SUBJECT)
    if _is_conditional(claim, passage, found) or _is_other_only(claim, passage):
        return refuse(Reason.CONDITION)
    words = [term.text for term in (*passage.own.terms, *passage.above.terms)]
    open_words = [term.text for term in missing if not meanings.are_alike(term.text, words)]
    size = len(terms) + len(claim.figures)
    allowed = 1 if size >= MANY_TERMS and len(terms) - len(missing) >= 2 else 0
    narrow = concept_classes().topics | concept_classes().restrictors
    if similarity >= NEARLY_SAID and not any(term.concept in narrow for term in missing):
        allowed = len(open_words) if similarity >= SAME_SAID else max(allowed, size - len(open_words))
    if len(open_words) > allowed:
        return refuse(open_words[0], open_words)
    is_own = all(match in passage.own.terms for match in found if match)
    return Support(True, share, figures=figures, similarity=similarity, is_own=is_own)


def contradicts(claim: Statement, passage: Passage) -> bool:
    """Whether a passage names all that a claim does and denies a part of it, or the other way round."""
    terms = [term for term in claim.terms if term.is_hard]
    found = [[each for each in passage.own.terms if each.keys & term.keys] for term in claim.terms]
    is_other = any(
        all(match.is_negated != term.is_negated for match in matches)
        for term, matches in zip(claim.terms, found, strict=True)
        if term.is_hard
    )
    return bool(terms) and all(found) and is_other


def _is_crossed(terms: Sequence[Term], found: Sequence[Term | None], passage: Passage) -> bool:
    """Whether a claim joins what two clauses of a text keep apart: of "the larger for jackets and the smaller for felt
    shoes" that jackets are the smaller."""
    if passage.product_id:
        return False
    places = [
        (term.segment, {each.segment for each in passage.own.terms if each.keys & term.keys})
        for term, match in zip(terms, found, strict=True)
        if match
    ]
    said = {key for term in terms for key in term.keys}
    more = {
        each.segment
        for each in passage.own.terms
        if not (each.keys & said or each.country or each.concept in _QUANTIFIERS)
    }
    return any(
        mine == other
        and first
        and second
        and not first & second
        and first | second <= more
        and not _goes_on(min(first | second), max(first | second), passage.own)
        for (mine, first), (other, second) in combinations(places, 2)
    )


def _goes_on(start: int, end: int, statement: Statement) -> bool:
    """Whether a sentence between two segments begins with a pronoun, so that it speaks of the same."""
    return any(
        Mark.PRONOUN in statement.segments[index] and not statement.joints[index] for index in range(start + 1, end + 1)
    )


def _subject_of_no(term: Term, terms: Sequence[Term], found: Sequence[Term | None], passage: Passage) -> Term | None:
    """What something is denied of, which one text says no to as well and another does not: "A gift card has no expiry"
    and "Gift cards never expire"."""
    shared = {
        match.segment
        for each, match in zip(terms, found, strict=True)
        if match and each.segment == term.segment and each.is_negated and match.is_negated
    }
    return next((each for each in passage.own.terms if each.keys & term.keys and each.segment in shared), None)


def _is_anchored(terms: Sequence[Term], found: Sequence[Term | None], passage: Passage, context: Context) -> bool:
    """Whether the text itself, not only its headings, speaks of something that the claim, or the question, names."""
    if passage.product_id:
        return True
    if terms:
        own = {id(term) for term in passage.own.terms}
        return any(match is not None and (id(match) in own or match.country) for match in found) or not any(found)
    return bool((passage.own.keys | passage.above.keys) & context.keys)


def _is_other_only(claim: Statement, passage: Passage) -> bool:
    """Whether an "only" of the passage is of something else than the claim's."""
    topics = concept_classes().topics
    places = {each.segment for each in passage.own.terms if each.concept == Concept.ONLY}
    for term in claim.terms:
        if term.concept != Concept.ONLY or not places:
            continue
        beside = [each for each in claim.terms if each.segment == term.segment and each != term]
        narrow = [each for each in beside if each.concept not in topics] or beside
        mine = {key for each in narrow for key in each.keys}
        if not any(each.keys & mine for each in passage.own.terms if each.segment in places and each.keys != term.keys):
            return True
    return False


def _is_weak(term: Term, claim: Statement) -> bool:
    """Words that are read with the figures, and the order that any rule of the shop is about."""
    if term.concept == Concept.ONLY:  # "weighs only 620 grams" says no more than the figure
        return any(each.segment == term.segment and not each.bare for each in claim.figures)
    if term.concept == Concept.ORDER:
        return Mark.YOURS in claim.marks  # what is bought, in a rule: "you can pick your order up"
    return term.concept in (Concept.BEFORE_PRICE, Concept.SAVING, Concept.PIECES_LEFT) and bool(claim.figures)


def _match(term: Term, passage: Passage, claim: Statement, context: Context) -> Term | None:
    """The term of the passage that carries one of the claim: the same, with the same sign."""
    if term.country:
        return _match_country(term, passage, context)
    found, is_own = passage.find(term.keys)
    if not found and term.concept == Concept.ONLY and Mark.RATE in claim.marks & passage.own.marks:
        return term  # "only one code per order" of "one code per order"
    if not found:
        kin = concept_classes().kin_of(term.concept)
        found, is_own = passage.find(kin) if kin else ((), False)
    if not found:
        return None
    if not is_own:
        is_said = passage.heading is not None and passage.heading.has_verb and bool(passage.heading.keys & term.keys)
        if term.concept in concept_classes().topics and not is_said and _is_of_other_topic(passage, claim, context):
            return None
        denied = any(each.is_negated for each in found)
        if denied is not term.is_negated and (denied or not _sign_of(passage)):
            return None
        return None if not term.is_negated and passage.own.signs and all(passage.own.signs) and not denied else found[0]
    return next((each for each in found if each.is_negated == term.is_negated), None)


def _is_of_other_topic(passage: Passage, claim: Statement, context: Context) -> bool:
    """Whether the text names a topic itself that is not the claim's: then its heading does not lend it another."""
    return bool(passage.own.topics) and not passage.own.topics <= claim.topics | context.topics


def _match_country(term: Term, passage: Passage, context: Context) -> Term | None:
    for statement, is_own in ((passage.own, True), (passage.above, False)):
        for each in statement.terms:
            if each.country and covers(frozenset({each.country}), term.country):
                sign = each.is_negated if is_own else _sign_of(passage)
                return each if sign == term.is_negated else None
    if passage.is_elsewhere and not covers(context.named_countries, term.country):
        return term if _sign_of(passage) == term.is_negated else None
    return None


def _sign_of(passage: Passage) -> bool:
    return any(passage.own.signs)


def _misfit(claim: Statement, passage: Passage, context: Context) -> str:
    """Why a passage is about something else; empty where it is not."""
    classes = concept_classes()
    about = claim.topics | context.topics
    vague = (
        classes.topics
        | classes.soft
        | classes.conditional
        | {Concept.ONLY, Concept.ALWAYS, Concept.EVERY, Concept.MUST}
    )
    named = [term for term in claim.terms if term.concept not in vague and passage.own.keys & term.keys]
    is_told = not claim.topics and (len(claim.terms) >= TELLING or bool(named))
    if not passage.product_id and not is_told and passage.topics and not passage.topics & about:
        return Reason.TOPIC
    if passage.product_id and claim.concepts & classes.shop_only:
        return Reason.SOURCE
    countries = passage.own.countries | passage.above.countries
    is_abroad = countries and not any(uses_currency(each, context.home_currency) for each in countries)
    if is_abroad and not claim.countries and not context.countries and not passage.product_id:
        return Reason.COUNTRY
    if not passage.product_id:
        counted = Counter(each.segment for term in claim.terms for each in _segments_with(term, passage))
        matched = {segment for segment, count in counted.items() if count == max(counted.values())}
        if not matched:
            matched = {
                each.segment for each in passage.own.figures for stated in claim.figures if is_same(stated, each)
            }
        narrowing = {term.concept for term in passage.own.terms if term.segment in matched} & classes.restrictors
        if len(named) < 2:  # what names several things of the text itself speaks of no other case
            narrowing |= passage.heading.concepts & classes.restrictors if passage.heading else frozenset()
        if narrowing - claim.concepts - context.concepts:
            return Reason.RESTRICTION
    return ""


def _segments_with(term: Term, passage: Passage) -> list[Term]:
    """One term of the passage for each segment that has this one."""
    return list({each.segment: each for each in passage.own.terms if each.keys & term.keys}.values())


def _figures(claim: Statement, passage: Passage) -> tuple[Figure, ...] | None:
    """The figures of the passage that carry those of the claim; None where one has none, or is of another thing."""
    carried: list[Figure] = []
    for stated in claim.figures:
        alike = [each for each in (*passage.own.figures, *passage.above.figures) if is_same(stated, each)]
        alike += [each for each in passage.own.figures if _is_least(stated, each, passage)]
        alike += _ranges_around(stated, passage.own.figures)
        near = [each for each in alike if not _belongs_elsewhere(each, passage, claim)]
        if not near:
            return None
        carried.append(near[0])
    return tuple(carried)


def _is_least(stated: Figure, known: Figure, passage: Passage) -> bool:
    """Whether both are the least amount from which on something holds: "from $75" and "on orders of $75 or more"."""
    is_over = stated.bound == Mark.OVER and bool(set(stated.keys) & set(known.keys))
    return is_over and bool(passage.own.segments[known.segment] & {Mark.CONDITION, Mark.OVER})


def _ranges_around(stated: Figure, figures: Sequence[Figure]) -> list[Figure]:
    """The beginning of a range of measures ("94-100") that has the figure within."""
    found = []
    for low, high in pairwise(figures):
        for value in map(value_of, stated.keys):
            if value is None or value.kind != "measure" or not low.text.endswith("-") or low.segment != high.segment:
                continue
            ends = [
                each.amount
                for figure in (low, high)
                for each in map(value_of, figure.keys)
                if each and (each.kind, each.unit) == (value.kind, value.unit)
            ]
            if len(ends) == 2 and ends[0] <= value.amount <= ends[1]:
                found.append(low)
    return found


def _belongs_elsewhere(figure: Figure, passage: Passage, claim: Statement) -> bool:
    """Whether a term of the claim stands only beside another figure of the same kind."""
    if figure not in passage.own.figures:
        return False
    rivals = {
        each.segment
        for each in passage.own.figures
        if each.kinds & figure.kinds
        and each.keys != figure.keys
        and not any(is_same(stated, each) for stated in claim.figures)
    }
    rivals.discard(figure.segment)
    beside = {index for index in range(len(passage.own.segments)) if _leads_to(index, rivals, passage.own)}
    for term in claim.terms:
        places = {each.segment for each in passage.own.terms if each.keys & term.keys}
        if term.concept in concept_classes().topics and Mark.PRONOUN in passage.own.segments[figure.segment]:
            continue  # "Standard shipping costs $14.95. It is free on orders of $150 or more"
        if places and figure.segment not in places and places <= rivals | beside:
            return True
    return False


def _leads_to(index: int, rivals: set[int], statement: Statement) -> bool:
    """Whether a segment without a verb is the first of a list that ends in one of others: "PayPal and store credit
    arrive within a day"."""
    after = index + 1
    return after in rivals and statement.joints[after] and not statement.verbs[index]


def _is_conditional(claim: Statement, passage: Passage, found: Sequence[Term | None]) -> bool:
    """Whether what the passage grants under a condition, or says of a case, is claimed without one."""
    classes = concept_classes()
    if not claim.marks & {Mark.CONDITION, Mark.IF} and not passage.product_id:
        own = [match for match in found if match and match.is_hard and match in passage.own.terms]
        is_case = bool(own) and all(Mark.IF in passage.own.segments[match.segment] for match in own)
        if is_case and not _names_case(own):
            return True
    granted = [term for term in found if term and term.concept in classes.conditional and term in passage.own.terms]
    if not granted or claim.marks & {Mark.CONDITION, Mark.IF, Mark.UNDER, Mark.OVER} or claim.figures:
        return False
    if claim.concepts & classes.restrictors:
        return False
    others = [match for match in found if match and match.is_hard and match not in granted]
    return all(
        _has_condition(passage.own, term.segment) and not any(_is_case(each, term, passage) for each in others)
        for term in granted
    )


def _names_case(matches: Sequence[Term]) -> bool:
    """Whether what is granted is named with the case that it is granted in: "Exchanges are free"."""
    granted = {each.segment for each in matches if each.concept in concept_classes().conditional}
    return any(each.segment in granted and each.concept not in concept_classes().conditional for each in matches)


def _is_case(match: Term, granted: Term, passage: Passage) -> bool:
    return match.segment == granted.segment and Mark.IF in passage.own.segments[match.segment]


def _has_condition(statement: Statement, segment: int) -> bool:
    around = statement.segments[segment : segment + 2]
    return any(each & {Mark.CONDITION, Mark.IF, Mark.OVER} for each in around)
