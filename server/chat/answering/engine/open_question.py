"""An open question: evidence first. The product's page, the policies and the catalog are searched, and what answers
best by its own score, beside what the words of the question make likely, gives the answer."""

import asyncio
from enum import StrEnum

import msgspec
from msgspec import Struct

from server.chat.answering.engine.choices import names_choice
from server.chat.answering.engine.comparison import answer_comparison, names_several
from server.chat.answering.engine.evidence import SURE, UNSURE, Found, find_evidence
from server.chat.answering.engine.focus import MAX_CANDIDATES, Focus, find_focus
from server.chat.answering.engine.page import answer_about_product, asks_nothing_of
from server.chat.answering.engine.policies import answer_policy
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import FITS, NEAR, Wish, find_wish
from server.chat.answering.engine.small_talk import answer_small_talk, say_unknown
from server.chat.answering.engine.superlatives import answer_superlative
from server.chat.answering.engine.wish_answers import answer_wish
from server.chat.answering.engine.wish_words import wish_words
from server.chat.answering.reading.models import ABOUT_PRODUCT, CATALOG, MEASURED, POLICY, PRODUCT, Intent, Slots
from server.chat.models import AnswerEvent

PRIOR, CATALOG_PRIOR = 0.3, 0.12
"""What a route has before the words of the question: evidence can decide against them. A catalog has something near
to most words, so it has less."""
NAMED_BONUS = 0.25
OFF_TOPIC = 0.5
FAR_OFF_TOPIC, VERY_SURE = 0.9, 0.85
MAY_BE_POLICY, MAY_BE_WISH, ON_PAGE = 0.25, 0.25, 0.5
"""Below the first, the policies are silent; where the page or the catalog is not, that is no time to say so."""
MIN_SCORE = 0.05
FEW_WORDS = 3
CLEARLY_CATALOG = 0.6
CLEARLY_BETTER = 0.25
CLEAR_ANSWER, CLEAR_SHARE = 0.65, 0.6
"""From this probability on a document answers what sounds like a wish that no product meets; what it counts then."""
UNWANTED = 0.3
"""What the page counts of a product that has what is not wanted."""
MOST_OF_FIT = 0.8
"""What the fit of a product counts at most: a product that fits may still not be what the question is about."""
CERTAIN_BONUS, CHOICE_BONUS = 0.15, 0.4


class Route(StrEnum):
    """Where an answer may come from."""

    PAGE = "page"
    POLICY = "policy"
    CATALOG = "catalog"


class Findings(Struct, frozen=True):
    """What was found on each route."""

    focus: Focus | None
    page: Found
    policies: Found
    wish: Wish


async def answer_open(reply: Reply) -> list[AnswerEvent]:
    """The answer of the best route; where none is good enough, that we do not know."""
    reading = reply.reading
    if _compares(reply) or await names_several(reply):
        return await answer_comparison(reply)
    found = await _find(reply)
    scores = route_scores(reply, found)
    is_wish = found.wish.fit >= FITS or reading.probability(CATALOG) >= max(MAY_BE_WISH, reading.probability(POLICY))
    is_unknown = found.focus is None and reading.refers_back
    is_elsewhere = (is_wish and not is_unknown) or found.page.probability >= ON_PAGE
    if found.policies.probability < MAY_BE_POLICY and is_elsewhere and reading.probability(POLICY) < OFF_TOPIC:
        scores[Route.POLICY] = 0.0
        scores[Route.CATALOG] = max(scores[Route.CATALOG], MIN_SCORE)
    best = max(scores, key=lambda route: scores[route])
    is_outside = reading.scores.get(Intent.OFF_TOPIC, 0.0) >= OFF_TOPIC
    strongest = max(found.policies.probability, found.page.probability if found.focus else 0.0)
    is_far_outside = reading.scores.get(Intent.OFF_TOPIC, 0.0) >= FAR_OFF_TOPIC and strongest < VERY_SURE
    if is_far_outside or (is_outside and strongest < SURE and found.wish.fit < FITS):
        return answer_small_talk(reply)
    is_no_wish = best is Route.CATALOG and found.wish.fit < FITS and reading.probability(CATALOG) < MAY_BE_WISH
    if scores[best] < MIN_SCORE or is_no_wish:
        return say_unknown(reply)
    match best:
        case Route.PAGE if found.focus is not None:
            return answer_about_product(reply, found.focus.product, found.page)
        case Route.POLICY:
            return answer_policy(reply, found.policies)
        case _:
            return answer_superlative(reply, found.wish) or answer_wish(reply, found.wish)


def _compares(reply: Reply) -> bool:
    """Whether products are to be told apart: named ones, or those that were shown."""
    reading, slots, question = reply.reading, reply.reading.slots, reply.question
    names_nothing = not wish_words(reply, reading.query)
    if len(slots.positions) == 1 or (names_nothing and _is_price_among(slots, question.last_shown)):
        return False
    if reading.intent is Intent.COMPARISON and reading.confidence > OFF_TOPIC:
        return True
    of_shown = len(question.shown_products) > 1 and names_nothing
    says_which = reply.language.words.references.which_of_these.found_in(reading.normalised)
    asks_which = says_which or len(reading.normalised.split()) <= FEW_WORDS
    if (slots.cheaper and not says_which) or slots.price_max is not None or slots.price_min is not None:
        return False
    return of_shown and asks_which and (_is_extreme(slots) or reading.intent in (Intent.SUPERLATIVE, Intent.COMPARISON))


def _is_price_among(slots: Slots, shown: tuple[str, ...]) -> bool:
    """Whether the cheapest or dearest of several products is asked for, which a list in order of price answers."""
    return (slots.cheapest or slots.dearest) and len(shown) > 1


async def _find(reply: Reply) -> Findings:
    wish, focus = await asyncio.gather(find_wish(reply), find_focus(reply))
    focus = _with_described(reply, focus, wish)
    about = focus.product if focus and not focus.is_named else None
    policies, (focus, page) = await asyncio.gather(find_evidence(reply, about=about), _page(reply, focus))
    return Findings(focus, page, policies, wish)


def _with_described(reply: Reply, focus: Focus | None, wish: Wish) -> Focus | None:
    """The product meant, or where the question neither names one nor points at one, those that its words describe."""
    if reply.reading.refers_back or (focus is not None and (focus.is_named or focus.others)):
        return focus
    described = tuple(match.product for match in wish.matches[:MAX_CANDIDATES] if match.fit >= FITS)
    if focus is None:
        return Focus(described[0], is_named=True, is_guess=True, others=described[1:]) if described else None
    return msgspec.structs.replace(focus, others=tuple(each for each in described if each != focus.product))


async def _page(reply: Reply, focus: Focus | None) -> tuple[Focus | None, Found]:
    """What the page of the product that is meant says; of several that may be, the one whose page answers best."""
    if focus is None:
        return None, Found()
    best = await find_evidence(reply, focus.product, documents=False)
    for other in focus.others:
        found = await find_evidence(reply, other, documents=False)
        if found.probability > best.probability + CLEARLY_BETTER:
            focus, best = msgspec.structs.replace(focus, product=other), found
    if focus.is_guess and best.probability < ON_PAGE:
        return None, Found()
    return focus, best


def route_scores(reply: Reply, found: Findings) -> dict[Route, float]:
    """Evidence times what the words make likely."""
    reading, focus, slots = reply.reading, found.focus, reply.reading.slots
    about_page = reading.probability(ABOUT_PRODUCT)
    about_policy = reading.probability(POLICY)
    about_catalog = reading.probability(CATALOG)
    prior = PRIOR if about_catalog < CLEARLY_CATALOG else CATALOG_PRIOR
    scores = {
        Route.POLICY: (prior + (1 - prior) * about_policy) * max(found.policies.probability, UNSURE * about_policy),
        Route.CATALOG: (CATALOG_PRIOR + (1 - CATALOG_PRIOR) * about_catalog)
        * max(min(MOST_OF_FIT, found.wish.fit / (2 * FITS)), NEAR / FITS / 2 * about_catalog),
        Route.PAGE: 0.0,
    }
    if focus is not None:
        is_told = max(found.page.probability, _sure_without_page(reply))
        named = NAMED_BONUS if focus.is_named else 0.0
        on_page = NAMED_BONUS / 2 if reply.question.page_product_id == focus.product.card.id else 0.0
        back = NAMED_BONUS if reading.refers_back else 0.0
        scores[Route.PAGE] = (PRIOR + (1 - PRIOR) * about_page + (named + on_page + back) * (1 - about_policy)) * max(
            is_told, UNSURE * about_page
        )
    is_among = not reading.refers_back or _is_price_among(slots, reply.question.last_shown)
    if _is_extreme(slots) and not slots.cheaper and is_among and found.wish.matches:
        scores[Route.CATALOG] += 1.0
    if focus is not None and focus.is_certain:
        is_of_it = bool(slots.asks & MEASURED)
        scores[Route.PAGE] += 1.0 if asks_nothing_of(reply, focus.product) else CHOICE_BONUS if is_of_it else 0.0
        scores[Route.PAGE] += CERTAIN_BONUS if about_catalog < CLEARLY_CATALOG else 0.0
    if focus is not None and focus.is_named and not focus.is_certain and slots.in_stock and _is_kind(found):
        scores[Route.CATALOG] += 1.0
    asks_of_named = focus is not None and focus.is_named and "yes_no" in reading.slots.asks and reading.slots.reduced
    if focus is not None and (asks_of_named or (focus.is_named and names_choice(reply, focus.product))):
        scores[Route.PAGE] += CHOICE_BONUS
    is_one = len(reply.question.shown_products) == 1
    if _is_choice_only(reply) and focus is not None and (is_one or about_catalog < CLEARLY_CATALOG):
        scores[Route.PAGE] += 1.0
    if (
        about_catalog > reading.probability(PRODUCT) * 0.7
        and focus is not None
        and not focus.is_certain
        and not reading.refers_back
    ):
        scores[Route.PAGE] *= 0.5
    has_limits = slots.price_max is not None or slots.price_min is not None
    if found.policies.probability >= CLEAR_ANSWER and found.wish.fit < FITS and not has_limits:
        scores[Route.POLICY] = max(scores[Route.POLICY], CLEAR_SHARE * found.policies.probability)
    if focus is None and reading.refers_back and about_catalog < CLEARLY_CATALOG:
        scores[Route.CATALOG] = 0.0  # what "it" is, is not known
    if focus is not None and focus.product in found.wish.left_out:
        scores[Route.PAGE] *= UNWANTED
    return scores


def _is_extreme(slots: Slots) -> bool:
    return bool(slots.superlative) or slots.cheapest or slots.dearest or slots.cheaper


def _is_kind(found: Findings) -> bool:
    """Whether the words describe a kind of thing that can be had rather than the one product in focus."""
    fitting = [match.product.card.id for match in found.wish.matches if match.fit >= NEAR]
    return len(fitting) > 1 or (found.focus is not None and fitting[:1] not in ([], [found.focus.product.card.id]))


def _is_choice_only(reply: Reply) -> bool:
    """Nothing but a colour or size: of the product that was spoken of."""
    slots = reply.reading.slots
    return bool(slots.colours or slots.sizes) and not _is_extreme(slots) and not wish_words(reply, reply.reading.query)


def _sure_without_page(reply: Reply) -> float:
    """How sure an answer is that needs no piece of the page: price, stock, forms."""
    return 0.8 * (reply.reading.scores.get(Intent.PRODUCT_PRICE, 0.0) + reply.reading.scores.get(Intent.STOCK, 0.0))
