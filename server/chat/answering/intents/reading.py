"""A message with all that its words state or give away, before it is decided what it asks."""

import re

import msgspec
from msgspec import Struct

from server.chat.answering.intents.context import (
    MAX_EMAIL_CHARACTERS,
    is_acknowledgement,
    is_assent,
    is_contact_expected,
    is_refusal,
    spoke_of_order,
    was_offered_staff,
)
from server.chat.answering.intents.language import detect_language, language_of
from server.chat.answering.intents.lexicon import rules_of
from server.chat.answering.intents.models import IntentKind, Topic
from server.chat.answering.intents.nearest import IntentClass
from server.chat.answering.intents.nonsense import is_insult, is_nonsense, is_order_to_the_assistant, is_sum
from server.chat.answering.intents.order_parts import order_part
from server.chat.answering.intents.prices import PriceLimits, read_price_limits
from server.chat.answering.intents.query import product_words
from server.chat.answering.intents.references import is_bare_choice, is_follow_up
from server.chat.answering.intents.refinements import is_refinement
from server.chat.answering.intents.slots import Slots, read_slots
from server.chat.answering.intents.spelling import mend_spelling
from server.chat.answering.intents.words import STOP_WORDS, fold, word_set, words
from server.chat.models import Question

MAX_ROUTED_CHARACTERS = 2000
ORDER_TALK = 0.8
"""From this score on the words are about an order."""
_SALUTATION = re.compile(
    r"^\W*(?:hi+|hello|hey|good (?:morning|afternoon|evening)|bonjour|salut|bonsoir|hallo|guten (?:tag|morgen|abend)|"
    r"moin|hola|buenos dias|buenas(?: tardes| noches)?)(?: there| team)?[\s,.!-]+(?=\w)"
)
_QUESTION_WORDS = word_set(
    "who whom whose what what's when where which why how is are am was were do does did can could will "
    "would should has have tell qui que quoi quand ou comment pourquoi combien est wer was wann wo wie "
    "warum ist sind kann quien cuando donde como porque cuanto es son puede"
)
_ABOUT_IT = re.compile(
    r"\W*(?:and )?(?:is|are|does|do|can|will|would|has|have|was) (?:it|this|that|these|those|they)\b(?!.{0,20}\border)|"
    r"\W*(?:et )?(?:est|sont)[- ](?:il|elle|ils|elles|ce)\b|\W*(?:und )?ist (?:es|er|sie|das|dieser?)\b|"
    r"\W*(?:y )?es \w+\?"
)
_ORDER_WORD = re.compile(r"\b(?:orders?|commandes?|bestellung(?:en)?|pedidos?)\b")
_BILL = re.compile(r"\b(?:invoices?|bills?|receipts?|facture|rechnung|factura)\b")
_BACK_TO_SHOP = re.compile(
    r"\b(?:return\w*|exchang\w+|refund\w*|cancel\w*|chang\w+|modif\w+|edit\w*|send back|retourn\w+|"
    r"renvoyer|rembours\w+|echanger|annul\w+|"
    r"zuruck\w+|umtausch\w*|stornier\w*|andern|devolver|cambiar|cancelar|reembols\w+)\b"
)


class Reading(Struct, frozen=True):
    """A message with all that was read from it before deciding."""

    question: Question
    folded: str
    language: str
    slots: Slots
    limits: PriceLimits
    scores: dict[IntentClass, float]


def read_message(question: Question) -> Reading:
    """Everything that can be read off the words; slips of the finger in well-known words are mended first."""
    question = msgspec.structs.replace(question, text=mend_spelling(question.text))
    text = question.text[:MAX_ROUTED_CHARACTERS]
    language = language_of(question, text)
    folded = fold(text).replace("’", "'")
    limits = read_price_limits(text, question.currency)
    without_salutation = _SALUTATION.sub("", folded)
    if len(words(without_salutation)) < 2:
        without_salutation = folded
    scores: dict[IntentClass, float] = {}
    for rule in rules_of(language):
        if rule.pattern.search(without_salutation):
            found = (rule.kind, rule.topic)
            scores[found] = max(scores.get(found, 0.0), rule.weight)
    _drop_policy_beside_product(scores)
    _drop_search_about_shown(question, without_salutation, scores)
    return Reading(question, folded, language, read_slots(question), limits, scores)


def _drop_policy_beside_product(scores: dict[IntentClass, float]) -> None:
    """ "What is your return policy" names a topic; a policy word alone must not hide that."""
    topics = [found for found in scores if found[0] == IntentKind.POLICY and found[1] is not None]
    if (IntentKind.POLICY, None) in scores and topics:
        boost = scores.pop((IntentKind.POLICY, None))
        for found in topics:
            scores[found] = min(1.0, scores[found] + boost)


def _drop_search_about_shown(question: Question, folded: str, scores: dict[IntentClass, float]) -> None:
    """ "Is it good for running?" is about what was shown, whatever else it sounds like."""
    search, detail = (IntentKind.PRODUCT_SEARCH, None), (IntentKind.PRODUCT_DETAIL, None)
    if (question.shown_products or question.page_product_id) and _ABOUT_IT.match(folded):
        scores.pop(search, None)
        if not scores.keys() - {detail}:
            scores[detail] = 1.0


def stated(reading: Reading) -> tuple[IntentClass, float] | None:
    """What needs no guessing: nothing readable, a proof for an order, an order number."""
    slots, folded = reading.slots, reading.folded
    if is_nonsense(reading.question.text):
        return (IntentKind.NONSENSE, None), 0.9
    if is_sum(folded):
        return (IntentKind.OFF_TOPIC, None), 0.95
    if is_insult(folded) and not reading.scores and slots.order_number is None:
        return (IntentKind.UNKNOWN, None), 0.8
    if is_order_to_the_assistant(folded) and slots.order_number is None:
        return (IntentKind.OFF_TOPIC, None), 1.0
    question = reading.question
    if slots.email is not None and slots.order_number is None and _is_contact(reading, slots.email):
        return (IntentKind.HUMAN, None), 0.95
    if (short := _short_reply(question, folded)) is not None:
        return (short, None), 0.95
    is_order_talk = slots.order_number is not None or slots.proof_expected or _ORDER_WORD.search(folded)
    is_proof = slots.email is not None or slots.postcode is not None
    if slots.order_number is not None and _BILL.search(folded) and not is_proof:
        return (IntentKind.POLICY, Topic.PAYMENT), 0.8
    if slots.order_number is not None or (is_proof and (is_order_talk or reading.question.order_in_question)):
        kind = IntentKind.ORDER_CHANGE if _BACK_TO_SHOP.search(folded) else IntentKind.ORDER_STATUS
        return (kind, Topic.RETURNS if kind == IntentKind.ORDER_CHANGE else None), 0.95
    if question.order_in_question and order_part(folded) and spoke_of_order(question):
        return (IntentKind.ORDER_STATUS, None), 0.9
    if question.shown_products and is_refinement(reading.limits):
        return (IntentKind.PRODUCT_SEARCH, None), 0.9
    if (question.shown_products or question.page_product_id) and is_bare_choice(folded, reading.language):
        return (IntentKind.STOCK, None), 0.9
    has_limit = reading.limits.low is not None or reading.limits.high is not None
    if has_limit and not reading.scores and looks_like_product(reading):
        return (IntentKind.PRODUCT_SEARCH, None), 0.6
    if (reading.limits.cheapest or reading.limits.dearest) and not reading.scores:
        return (IntentKind.PRODUCT_SEARCH, None), 0.7
    if not question.shown_products and not reading.scores and is_follow_up(folded) and (last := _last_policy(question)):
        return last, 0.7
    if question.shown_products and not reading.scores and (slots.positions or is_follow_up(folded)):
        return (IntentKind.PRODUCT_DETAIL, None), 0.7
    if slots.email is not None and len(words(folded)) <= 8:
        return (IntentKind.ORDER_STATUS, None), 0.7
    return None


def _is_contact(reading: Reading, email: str) -> bool:
    """An address to be reached at, where one was asked for: not beside a question about an order."""
    is_about_order = any(
        score >= ORDER_TALK and kind in (IntentKind.ORDER_STATUS, IntentKind.ORDER_CHANGE)
        for (kind, _), score in reading.scores.items()
    )
    is_expected = len(email) <= MAX_EMAIL_CHARACTERS and is_contact_expected(reading.question)
    return is_expected and not is_about_order


def _short_reply(question: Question, folded: str) -> IntentKind | None:
    """A yes or no to what we said last; "ok" is thanks where nothing was offered."""
    if is_refusal(folded):
        return IntentKind.REFUSAL
    if is_assent(folded):
        if was_offered_staff(question):
            return IntentKind.HUMAN
        return None if is_acknowledgement(folded) else IntentKind.ASSENT
    return None


def last_wish(question: Question) -> str:
    """What was looked for before, in the shopper's words; empty where nothing was."""
    for said in (said.text for said in reversed(question.history) if said.author == "shopper"):
        limits = read_price_limits(said, question.currency)
        if is_refinement(limits):
            continue
        earlier = read_message(msgspec.structs.replace(question, text=said, history=(), shown_products=()))
        best = max(earlier.scores, key=lambda found: earlier.scores[found], default=None)
        if best == (IntentKind.PRODUCT_SEARCH, None) or (best is None and looks_like_product(earlier)):
            return product_words(limits.rest, "")
    return ""


def _last_policy(question: Question) -> IntentClass | None:
    """What the last question was about, where that was a policy: "and to Mexico?" is about shipping still."""
    for said in (said.text for said in reversed(question.history) if said.author == "shopper"):
        folded = fold(mend_spelling(said[:MAX_ROUTED_CHARACTERS]))
        rules = [rule for rule in rules_of(detect_language(said, question.locale)) if rule.pattern.search(folded)]
        if best := max(rules, key=lambda rule: rule.weight, default=None):
            return (best.kind, best.topic) if best.kind == IntentKind.POLICY and best.topic else None
        if not is_follow_up(folded):
            return None
    return None


def looks_like_product(reading: Reading) -> bool:
    """A few words that are no question, or a price limit: what people type into a search box."""
    found = words(reading.folded)
    content = [word for word in found if word not in STOP_WORDS]
    asks = "?" in reading.question.text or (found and found[0] in _QUESTION_WORDS)
    is_short = len(found) <= 7 and len(content) >= 1 and not asks
    has_limit = reading.limits.high is not None or reading.limits.low is not None
    return has_limit or (is_short and len(content) * 2 >= len(found))
