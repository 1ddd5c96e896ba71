"""The units that may answer a question, scored, and how they are quoted."""

import math
import re
from collections.abc import Sequence

from msgspec import Struct

from server.chat.answering.engine.focus import NAMED, named_share
from server.chat.answering.engine.reply import Reply
from server.chat.answering.evidence import EvidenceQuery, Scored, answers_for, score, speaks_of_countries
from server.chat.answering.reading.intents import intent_model, topics_of
from server.chat.answering.reading.models import MEASURED, POLICY, Intent
from server.chat.models import AnswerEvent, ProductDetail, Source
from server.knowledge.evidence import Unit, UnitKind
from server.languages.detection import detect_language
from server.languages.places import countries_in, countries_of_cities
from server.languages.words import Language
from server.models.embedders import english_words

SURE = 0.58
"""From this probability on a unit is given as the answer."""
UNSURE = 0.38
"""From here on it is given as the closest that was found; below, nothing is said of it."""
BESIDE, BESIDE_DENIAL, BESIDE_ELSEWHERE = 0.6, 0.3, 0.85
"""The share of the best probability that other units of the same passage must reach to be quoted beside it, beside one
that denies something, which alone says half of the rule, and those of another passage."""
ON_TOPIC, OFF_TOPIC = 0.7, -0.3
"""What headings about the same intent, or about another, add to the log odds."""
CLEAR_TOPIC = 0.6
"""From this probability on a question clearly is about its likeliest intent."""
ABOUT_SHIPPING, BESIDE_SHIPPING, MAY_BE_SHIPPING = 0.3, 0.05, 0.15
"""How likely a question is about shipping for the places that it names to count; less where its words say so."""
BEST_OF_PLACE = 2
MIN_OF_SERVICE, OF_SERVICE, BESIDE_SERVICE, CLEAR_RATES = 0.05, 0.8, 0.5, 0.8
MIN_OF_PLACE, OF_PLACE, OTHER_PLACE, ABROAD = 0.02, 0.62, 0.5, 0.5
_SHIPPING = frozenset({Intent.POLICY_SHIPPING})
MAX_QUOTED = 3
MAX_QUOTE_CHARACTERS = 420
MAX_ROWS = 6
MAX_CHARACTERS = 700
SHORT_ANSWER = 60
FEW_WORDS = 4
EXAMPLE_SHARE, SAME_LANGUAGE_SHARE = 0.9, 0.85
"""What a unit counts that was found with the nearest example message in the shop's language."""
MEANINGS_SHARE = 0.85
"""The same found with what words of the question mean in the shop's language, and with its names and figures."""
_FIRST_LETTER = re.compile(r"^\W*\w")
_NAME = re.compile(r"(?<![^\W_])(?:[A-Z][\w'-]*|\d+)")
LABEL_NAMED, ONLY_OF_SORT, SAYS_NOTHING_NEW = 0.75, 0.6, 0.1
"""How likely an attribute answers whose name the question has, or that is the only one of the sort asked for; and at
most, where it only repeats title, brand or category."""
CONTEXT_SHARE = 0.9
"""What a unit found with the last message's words in front counts, against the message's own words."""


class Found(Struct, frozen=True):
    """Scored units, likeliest first, and the sources they are from, by id."""

    scored: tuple[Scored, ...] = ()
    sources: dict[str, Source] = {}

    @property
    def probability(self) -> float:
        """Of the best unit; 0 where there is none."""
        return self.scored[0].probability if self.scored else 0.0


async def find_evidence(
    reply: Reply, product: ProductDetail | None = None, *, documents: bool = True, about: ProductDetail | None = None
) -> Found:
    """What the shop says that may answer: of its documents, or of one product's page. `about` is the product that a
    question to the documents points at."""
    texts = [reply.reading.text]
    if (context := _context(reply)) and (documents or reply.reading.is_follow_up):
        texts.append(f"{context} {reply.reading.text}")
    ways = [(text, reply.language, CONTEXT_SHARE if number else 1.0) for number, text in enumerate(texts)]
    names = _names(reply)
    if said := await reply.helpers.examples.nearest(reply.reading.vector, reply.shop_language.code):
        share = EXAMPLE_SHARE if reply.is_foreign else SAME_LANGUAGE_SHARE
        ways.append((" ".join((said, *names)), reply.shop_language, share))
    if " " in reply.meanings:  # a single noun says what it is about and not what is asked
        ways.append((" ".join((reply.meanings, *names)), reply.shop_language, MEANINGS_SHARE))
    if documents and about is not None:
        own = " ".join(filter(None, (about.card.title, about.brand)))
        ways.append((f"{reply.reading.text} {own}", reply.language, CONTEXT_SHARE))
    best: dict[tuple[str, int], Scored] = {}
    sources: dict[str, Source] = {}
    for text, words, share in ways:
        result = await reply.tools.find_evidence(text, language=words.code, product=product, documents=documents)
        sources |= {source.id: source for source in result.sources}
        candidates = await reply.helpers.headings.described(result.candidates, reply.shop_language.code)
        asked = EvidenceQuery(
            text=text,
            normalised=words.normalise(text),
            language=words,
            asks=reply.reading.slots.asks,
            vector=reply.reading.vector,
            topics=None if reply.reading.vector is None else topics_of(reply.reading.vector),
        )
        scored = score(asked, candidates, reply.shop_language.code)
        for found in (
            _of_places(reply, _of_topics(reply, scored))
            if product is None
            else _by_label(asked, scored, reply, product)
        ):
            weighed = Scored(found.candidate, found.probability * share)
            place = (found.candidate.source_id, found.candidate.unit.place)
            if place not in best or best[place].probability < weighed.probability:
                best[place] = weighed
    return Found(tuple(sorted(best.values(), key=lambda each: -each.probability)), sources)


def _names(reply: Reply) -> list[str]:
    """What a question in another language says alike in the shop's: names and figures."""
    code, asked = reply.shop_language.code, reply.reading.language
    found = _NAME.findall(_FIRST_LETTER.sub("", reply.reading.text)) if reply.is_foreign else []
    return [name for name in found if not english_words(name, code, asked)]


def _of_topics(reply: Reply, scored: Sequence[Scored]) -> list[Scored]:
    """What stands under headings about what the question is clearly about is likelier, and the rest less likely."""
    reading = reply.reading
    if reading.confidence < CLEAR_TOPIC or reading.intent not in POLICY:
        return list(scored)
    found = [
        Scored(each.candidate, _shifted(each.probability, ON_TOPIC if topic_of(each) is reading.intent else OFF_TOPIC))
        for each in scored
    ]
    return sorted(found, key=lambda each: -each.probability)


def _shifted(probability: float, log_odds: float) -> float:
    odds = probability / max(1e-9, 1 - probability) * math.exp(log_odds)
    return odds / (1 + odds)


def _of_places(reply: Reply, scored: Sequence[Scored]) -> list[Scored]:
    """Of a question on shipping: what speaks of the countries that it names answers it, or what speaks of any where it
    asks for abroad; where it does neither, what holds without them."""
    reading, shop = reply.reading, reply.shop_language.code
    cues = reply.language.intents[Intent.POLICY_SHIPPING.value].cues
    if reading.probability(_SHIPPING) < (BESIDE_SHIPPING if cues.found_in(reading.normalised) else ABOUT_SHIPPING):
        return list(scored)
    units = [each.candidate.unit for each in scored]
    if places := countries_in(reading.text, reading.language) | countries_of_cities(reading.text, reading.language):
        met = [answers_for(frozenset({place}), units, shop) for place in sorted(places)]
        best = BEST_OF_PLACE
    else:
        if not ("place" in reading.slots.asks or reply.language.words.shipping.elsewhere.found_in(reading.normalised)):
            currency = reply.question.currency
            is_abroad = [speaks_of_countries(unit, shop, currency) for unit in units]
            asked = frozenset((*reply.shop_language.stems(reading.text), *reply.language.stems(reading.text)))
            asks_rates = reading.confidence >= CLEAR_RATES and bool(reading.slots.asks & {"money", "time"})
            return _of_home(scored, is_abroad, asked, reply.shop_language, asks_rates=asks_rates)
        met, best = [[speaks_of_countries(unit, shop) for unit in units]], MAX_QUOTED
    likely = [index for index, each in enumerate(scored) if each.probability >= MIN_OF_PLACE and _is_of_shipping(each)]
    first = {index for each in met for index in [index for index in likely if each[index]][:best]}
    enough = max(OF_PLACE, *(BESIDE_ELSEWHERE * scored[index].probability for index in first), 0.0)
    lifted = [
        Scored(each.candidate, max(each.probability, enough)) if index in first else each
        for index, each in enumerate(scored)
    ]
    return _weighed(lifted, [any(column) for column in zip(*met, strict=True)], OTHER_PLACE)


def _of_home(
    scored: Sequence[Scored], is_abroad: Sequence[bool], asked: frozenset[str], shop: Language, *, asks_rates: bool
) -> list[Scored]:
    """Without a place, what holds for none: a question for times or costs is answered by the table of services,
    from the one that it names, or the first, on."""
    rows = [
        index
        for index, each in enumerate(scored)
        if each.candidate.unit.kind is UnitKind.ROW
        and not is_abroad[index]
        and each.probability >= MIN_OF_SERVICE
        and _is_of_shipping(each)
    ]
    rows.sort(
        key=lambda index: (
            asked.isdisjoint(shop.stems(scored[index].candidate.unit.label)),
            scored[index].candidate.unit.place,
        )
    )
    lifted = list(scored)
    for number, index in enumerate(rows):
        at_least = OF_SERVICE if asks_rates and not number else BESIDE_SERVICE
        lifted[index] = Scored(scored[index].candidate, max(scored[index].probability, at_least))
    return _weighed(lifted, [not each for each in is_abroad], ABROAD)


def _is_of_shipping(scored: Scored) -> bool:
    """Whether the headings above a unit may be about shipping; a table of sizes names countries too."""
    topics = scored.candidate.heading_topics
    return topics is None or topics[intent_model().intents.index(Intent.POLICY_SHIPPING)] >= MAY_BE_SHIPPING


def _weighed(scored: Sequence[Scored], is_meant: Sequence[bool], share: float) -> list[Scored]:
    """Likeliest first, with a share of the probability for those that are not meant."""
    found = [
        each if is_one else Scored(each.candidate, each.probability * share)
        for each, is_one in zip(scored, is_meant, strict=True)
    ]
    return sorted(found, key=lambda each: -each.probability)


def _by_label(asked: EvidenceQuery, scored: Sequence[Scored], reply: Reply, product: ProductDetail) -> list[Scored]:
    """An attribute whose name the question has, or the only one of the sort that it asks for, answers it."""
    shop = reply.shop_language
    words = {*shop.stems(asked.text), *asked.language.stems(asked.text), *shop.stems(reply.meanings)}
    title = set(shop.stems(product.card.title))
    known = set(shop.stems(" ".join((product.card.title, product.brand or "", *product.category))))
    goes_on = reply.reading.refers_back or named_share(product.card.title, asked.text, shop) >= NAMED
    of_sort = [each for each in scored if _is_of_sort(each.candidate.unit, asked.asks & MEASURED, shop)]
    found = []
    for each in scored:
        unit, at_least, at_most = each.candidate.unit, 0.0, 1.0
        if unit.kind is UnitKind.ATTRIBUTE:
            label, value = set(shop.stems(unit.label)), set(shop.stems(unit.text))
            is_named = bool(label) and label <= words and not label <= title
            at_least = LABEL_NAMED if is_named else ONLY_OF_SORT if goes_on and of_sort == [each] else 0.0
            at_most = 1.0 if at_least or not value <= known else SAYS_NOTHING_NEW
        found.append(Scored(each.candidate, min(at_most, max(each.probability, at_least))))
    return sorted(found, key=lambda each: -each.probability)


def _is_of_sort(unit: Unit, sorts: frozenset[str], shop: Language) -> bool:
    label = shop.normalise(unit.label)
    phrases = [getattr(shop.words.questions, sort) for sort in sorts]
    return unit.kind is UnitKind.ATTRIBUTE and any(each.found_in(label) for each in phrases)


def _context(reply: Reply) -> str:
    """The shopper's last message where this one is too short, or goes on with it."""
    telling = reply.language.stems(reply.reading.text)
    if len(telling) > FEW_WORDS or not (reply.reading.is_follow_up or len(telling) <= FEW_WORDS // 2):
        return ""
    return next((said.text for said in reversed(reply.question.history) if said.author == "shopper"), "")


def chosen_units(found: Found, shop: Language, *, is_general: bool = False) -> list[Scored]:
    """The best unit and those that answer about as well, in the order of their texts; of a table several rows. A
    general question gets how the document begins that has the best."""
    if not found.scored:
        return []
    best = found.scored[0]
    if is_general:
        return _beginning(found, best)
    limit = MAX_ROWS if best.candidate.unit.kind is UnitKind.ROW else MAX_QUOTED
    chosen, length = [best], len(best.candidate.unit.text)
    is_denial = shop.words.negation.sentence.found_in(shop.normalise(best.candidate.unit.text))
    for other in found.scored[1:]:
        length += len(other.candidate.unit.text)
        alike = other.candidate.unit.kind is best.candidate.unit.kind or limit == MAX_QUOTED
        is_elsewhere = other.candidate.source_id != best.candidate.source_id
        beside = BESIDE_DENIAL if is_denial and not is_elsewhere else BESIDE
        if len(chosen) >= limit or length > MAX_CHARACTERS or other.probability < beside * best.probability:
            break
        if is_elsewhere and other.probability < BESIDE_ELSEWHERE * best.probability:
            continue
        if alike and other.candidate.unit.text not in {each.candidate.unit.text for each in chosen}:
            chosen.append(other)
    first = best.candidate.source_id
    return sorted(
        chosen,
        key=lambda each: (each.candidate.source_id != first, each.candidate.source_id, each.candidate.unit.place),
    )


def _beginning(found: Found, best: Scored) -> list[Scored]:
    title = best.candidate.unit.title
    of_document = [each for each in found.scored if each.candidate.unit.title == title]
    chosen, length = list[Scored](), 0
    for each in sorted(of_document, key=lambda each: (_position(each), each.candidate.unit.place))[:MAX_QUOTED]:
        length += len(each.candidate.unit.text)
        if chosen and length > MAX_CHARACTERS:
            break
        chosen.append(each)
    return chosen


def _position(scored: Scored) -> int:
    """Of the passage in its document."""
    return int(scored.candidate.source_id.rpartition("#")[2])


def topic_of(scored: Scored) -> Intent | None:
    """What the headings above a unit are about; None where they are not known."""
    topics = scored.candidate.heading_topics
    return None if topics is None else intent_model().intents[int(topics.argmax())]


def is_on_topic(reply: Reply, scored: Scored) -> bool:
    """Whether the headings above a unit are about what the question is clearly about."""
    return reply.reading.confidence >= CLEAR_TOPIC and topic_of(scored) is reply.reading.intent


def quote_documents(reply: Reply, found: Found, chosen: Sequence[Scored], *, separator: str = " ") -> list[AnswerEvent]:
    """The chosen units of documents with their citations, in the shop's words and marked as such where its language
    is another one."""
    events: list[AnswerEvent] = []
    for each in chosen:
        if source := found.sources.get(each.candidate.source_id):
            events += reply.cite(source)
    texts = [unit_text(each.candidate.unit, reply) for each in chosen]
    if is_other_language(" ".join(texts), reply):
        events += reply.say(reply.words.in_the_shops_words, separator=separator)
        separator = " "
    is_list = len(texts) > 1 and all(each.candidate.unit.kind in (UnitKind.ROW, UnitKind.ITEM) for each in chosen)
    for number, text in enumerate(texts):
        before = (
            "\n"
            if is_list and reply.has_spoken
            else ("\n\n" if number and not is_list and len(texts) > 1 else separator)
        )
        events += reply.say(f"- {text}" if is_list else text, separator=before)
    return events


def unit_text(unit: Unit, reply: Reply) -> str:
    """A unit as it is quoted: with the question of a short answer, and with the heading that says what it is about."""
    match unit.kind:
        case UnitKind.ATTRIBUTE:
            return f"{unit.label}: {unit.text}" if unit.label else unit.text
        case UnitKind.ANSWER if len(unit.text) < SHORT_ANSWER and unit.label:
            return f"**{unit.label}** {unit.text}"
        case UnitKind.ITEM if unit.label:
            return f"**{unit.label.rstrip(' :：')}:** {unit.text}"
        case UnitKind.SENTENCE | UnitKind.ITEM if _needs_heading(unit, reply):
            return f"**{unit.heading[-1]}:** {unit.text}"
        case _:
            return unit.text


def _needs_heading(unit: Unit, reply: Reply) -> bool:
    """Whether the heading has a word of the question that the text leaves out."""
    if not unit.heading or unit.heading[-1].rstrip().endswith(("?", "？", "؟")):
        return False
    shop = reply.shop_language
    asked, own = set(shop.stems(reply.reading.text)), set(shop.stems(unit.text))
    return bool((asked & set(shop.stems(unit.heading[-1]))) - own)


def is_other_language(text: str, reply: Reply) -> bool:
    """Whether a text of the shop is in another language than the answer."""
    return reply.is_foreign and detect_language(text, reply.shop_language.code) != reply.reading.language


def clip(text: str, limit: int = MAX_QUOTE_CHARACTERS) -> str:
    """At most so many characters, cut between words."""
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
