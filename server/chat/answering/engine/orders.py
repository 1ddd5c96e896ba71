"""Orders: what the shopper may know in plain words, and how to ask for a proof without giving anything away."""

from collections.abc import AsyncIterator

from msgspec import UnsetType

from integrations.platform import OrderStatus
from server.chat.answering.engine.evidence import SURE, UNSURE, chosen_units, find_evidence, quote_documents
from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.models import ORDER, Intent, Reading
from server.chat.models import AnswerEvent, AskProof, OrderAnswer, Question, ShowOrder, StatusLine, TextPiece
from server.chat.tools.protocol import Toolbox
from server.chat.tools.slow_lookup import StillWaiting, answer_or_wait
from server.core.errors import Unavailable
from server.orders.models import (
    ItemView,
    OrderFound,
    OrdersListed,
    OrdersUnavailable,
    OrderView,
    ProofNeeded,
    ShipmentView,
    TooManyTries,
    TrackingView,
    kind_of,
)

MAX_ITEMS_SAID = 8
MANY_WORDS = 4


async def prove_from_message(reading: Reading, question: Question, tools: Toolbox) -> OrderAnswer | None:
    """Check a proof that the shopper wrote themselves: an order number with an e-mail, or with a postcode.

    The number may stand in the message or be the one this conversation is about. None when there is nothing to
    check. Run it before a model turn too: a model cannot give a proof.
    """
    slots = reading.slots
    number = slots.order_number or question.order_in_question
    is_about_orders = reading.intent in ORDER or reading.intent is Intent.ORDER_CHANGE
    has_proof = slots.email is not None or slots.postcode is not None
    if number is None or not has_proof or not is_about_orders:
        return None
    try:
        return await tools.prove(number, email=slots.email, postcode=slots.postcode, name=slots.name)
    except Unavailable:
        return OrderAnswer(outcome=OrdersUnavailable())


async def answer_order(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Look the order up and tell what may be told; of trouble with it also what the shop says of such trouble."""
    yield StatusLine(_status_text(reply))
    answer = OrderAnswer(outcome=OrdersUnavailable())
    async for found in answer_or_wait(_look_up(reply)):
        if isinstance(found, StillWaiting):
            yield StatusLine(reply.words.still_looking)
        else:
            answer = found
    has_trouble = reply.language.words.orders.trouble.found_in(reply.reading.normalised)
    rules = await _rules(reply, UNSURE if has_trouble else SURE) if _says_more(reply) else []
    async for event in _answer_further(reply):
        yield event
    for event in tell(reply, answer, concludes=not rules):
        yield event
    if not rules:
        return
    for event in rules:
        yield event
    words = reply.words
    for event in (
        *reply.say(words.offer_human, separator="\n\n"),
        *reply.suggest(words.ask_human, words.ask_returns),
        *reply.conclude(kind_of(answer.outcome), 0.8),
    ):
        yield event


async def _answer_further(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """The other orders that the message lists, a paragraph each: what is proven of them, or that it was not."""
    slots = reply.reading.slots
    for number in slots.further_orders:
        try:
            if slots.email or slots.postcode:
                answer = await reply.tools.prove(number, email=slots.email, postcode=slots.postcode, name=slots.name)
            else:
                answer = await reply.tools.order_status(number)
        except Unavailable:
            return
        match answer.outcome:
            case OrderFound():
                events = tell(reply, answer, concludes=False)
            case ProofNeeded(refused=True):
                reply.grounder.add_facts("question", "order_number", number)
                events = list(reply.say(f"{number}: {reply.words.proof_refused}"))
            case _:
                continue
        for event in (*events, TextPiece("\n\n")):
            yield event


async def answer_order_change(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """We change nothing: where the order stands if that is proven, what the shop says of changes, and the team."""
    yield StatusLine(reply.words.reading)
    answer = await prove_from_message(reply.reading, reply.question, reply.tools)
    if answer is None and reply.reading.slots.order_number:
        answer = await _look_up(reply)
    if answer is not None:
        for event in tell(reply, answer, concludes=False):
            yield event
    for event in await _rules(reply):
        yield event
    for text in (reply.words.cannot_change, reply.words.offer_change):
        for piece in reply.say(text, separator="\n\n" if text is reply.words.cannot_change else " "):
            yield piece
    for event in (
        *reply.suggest(reply.words.ask_human, reply.words.ask_returns),
        *reply.conclude("order_change", 0.75),
    ):
        yield event


def _says_more(reply: Reply) -> bool:
    """Whether the message says more of the order than its number and a proof."""
    telling = [word for word in reply.language.stems(reply.reading.query) if word.isalpha()]
    return len(telling) >= MANY_WORDS


async def _rules(reply: Reply, enough: float = UNSURE) -> list[AnswerEvent]:
    """What the shop's documents say of such a case, where that is likely enough to answer."""
    found = await find_evidence(reply)
    if found.probability < enough:
        return []
    return quote_documents(reply, found, chosen_units(found, reply.shop_language), separator="\n\n")


def _status_text(reply: Reply) -> str:
    number = reply.reading.slots.order_number or reply.question.order_in_question
    return reply.words.looking_up.format(number=number) if number else reply.words.looking_up_orders


async def _look_up(reply: Reply) -> OrderAnswer:
    proven = await prove_from_message(reply.reading, reply.question, reply.tools)
    if proven is not None:
        return proven
    try:
        return await reply.tools.order_status(reply.reading.slots.order_number or _order_meant(reply))
    except Unavailable:
        return OrderAnswer(outcome=OrdersUnavailable())


def _order_meant(reply: Reply) -> str | None:
    """The order the conversation is about; a signed-in customer asking for "my orders" means all of them."""
    asks_of_one = reply.reading.refers_back or reply.reading.intent is not Intent.ORDER_STATUS
    asks_for_all = reply.question.shopper.customer and not asks_of_one
    return None if asks_for_all else reply.question.order_in_question


def tell(reply: Reply, answer: OrderAnswer, *, concludes: bool = True) -> list[AnswerEvent]:
    """What an outcome comes to, for the shopper. `concludes` is False when more of the answer follows."""
    words = reply.words
    match answer.outcome:
        case OrderFound() as found:
            events, confidence = _tell_found(reply, found, answer), 0.95
            suggestions: tuple[str, ...] = (words.ask_returns, words.ask_shipping, words.ask_human)
        case OrdersListed() as listed:
            events, confidence = _tell_list(reply, listed, answer), 0.95
            suggestions = (words.ask_returns, words.ask_find)
        case ProofNeeded(order_number=number, methods=methods, refused=refused):
            text = words.proof_refused if refused else _proof_question(reply, number)
            events, confidence = [*reply.say(text), AskProof(order_number=number, methods=methods)], 0.9
            suggestions = (words.ask_human,)
        case TooManyTries():
            events, confidence = list(reply.say(words.proof_locked)), 0.9
            suggestions = (words.ask_human,)
        case OrdersUnavailable(connected=connected):
            text = words.orders_down if connected else words.orders_not_connected
            events, confidence = list(reply.say(text)), 0.6
            suggestions = (words.ask_human,)
    if not concludes:
        return events
    return [*events, *reply.suggest(*suggestions), *reply.conclude(kind_of(answer.outcome), confidence)]


def _proof_question(reply: Reply, number: str | None) -> str:
    if number is None:
        return reply.words.ask_order_number
    reply.grounder.add_facts("question", "order_number", number)
    return reply.words.ask_order_proof.format(number=number)


def _tell_found(reply: Reply, found: OrderFound, answer: OrderAnswer) -> list[AnswerEvent]:
    reply.grounder.add_order(answer)
    events: list[AnswerEvent] = list(reply.cite(answer.source)) if answer.source else []
    for text in _part_asked(reply, found.view) or _sentences(reply, found.view):
        events += reply.say(text)
    parcels = found.view.shipments if not isinstance(found.view.shipments, UnsetType) else ()
    if len(parcels) > 1:
        for parcel in parcels:
            events += reply.say(f"- {_parcel(reply, parcel)}", separator="\n")
    asks_total = reply.reading.intent is Intent.ORDER_TOTAL
    if found.more_with_code and not asks_total:
        events += reply.say(reply.words.order_more_with_code, separator="\n\n" if len(parcels) > 1 else " ")
    events.append(ShowOrder(found.view))
    if found.more_with_code and not asks_total:
        events.append(AskProof(order_number=found.view.number, methods=("code",)))
    return events


def _part_asked(reply: Reply, view: OrderView) -> list[str]:
    """The items, the total or the parcels alone where those are asked for; where they may not be shown, that."""
    words = reply.words
    match reply.reading.intent:
        case Intent.ORDER_ITEMS if isinstance(view.items, UnsetType):
            return [words.order_items_hidden.format(number=view.number)]
        case Intent.ORDER_ITEMS:
            return _items(reply, view)
        case Intent.ORDER_TOTAL if not isinstance(view.total, UnsetType):
            return [words.order_total.format(amount=reply.money(view.total)), *_refunds(reply, view)]
        case Intent.ORDER_TOTAL:
            return [words.order_total_hidden, *_refunds(reply, view)]
        case _:
            return []


def _refunds(reply: Reply, view: OrderView) -> list[str]:
    if isinstance(view.refunds, UnsetType):
        return []
    return [
        reply.words.order_refund.format(amount=reply.money(refund.amount), date=reply.day(refund.refunded_on))
        for refund in view.refunds
    ]


def _items(reply: Reply, view: OrderView) -> list[str]:
    if isinstance(view.items, UnsetType) or not view.items:
        return []
    words, items = reply.words, view.items[:MAX_ITEMS_SAID]
    return [
        words.order_items.format(items=", ".join(_item(item) for item in items)),
        *(
            words.order_available_from.format(title=item.title, date=reply.day(item.available_from))
            for item in items
            if item.available_from
        ),
    ]


def _sentences(reply: Reply, view: OrderView) -> list[str]:
    words = reply.words
    status: str = getattr(words, f"order_{view.status.value}")
    if view.status is OrderStatus.UNKNOWN and not isinstance(view.status_label, UnsetType):
        status = words.order_labelled
    label = "" if isinstance(view.status_label, UnsetType) else view.status_label
    texts = [status.format(number=view.number, label=label)]
    delivered = _delivered_on(view)
    if delivered:
        texts.append(words.order_was_delivered.format(date=reply.day(delivered)))
    elif view.estimated_delivery:
        texts.append(words.order_expected.format(date=reply.day(view.estimated_delivery)))
    texts.append(words.order_placed.format(date=reply.day(view.placed_on)))
    texts += _items(reply, view)
    if not isinstance(view.tracking, UnsetType) and view.tracking:
        texts.append(words.order_tracking.format(tracking=_trackings(view.tracking)))
    texts += _refunds(reply, view)
    if not isinstance(view.total, UnsetType):
        texts.append(words.order_total.format(amount=reply.money(view.total)))
    return texts


def _delivered_on(view: OrderView) -> str | None:
    parcels = view.shipments if not isinstance(view.shipments, UnsetType) else ()
    return parcels[0].delivered_on if len(parcels) == 1 else None


def _item(item: ItemView) -> str:
    variant = f" ({item.variant})" if item.variant else ""
    return f"{item.quantity} × {item.title}{variant}"


def _trackings(tracking: tuple[TrackingView, ...]) -> str:
    return ", ".join(f"{parcel.carrier} {parcel.number}" if parcel.carrier else parcel.number for parcel in tracking)


def _parcel(reply: Reply, parcel: ShipmentView) -> str:
    items = ", ".join(f"{item.quantity} × {item.title}" for item in parcel.items)
    text = reply.words.order_parcel.format(status=parcel.status_text, items=items).rstrip(": ")
    if parcel.estimated_delivery and not parcel.delivered_on:
        text = f"{text}. {reply.words.order_expected.format(date=reply.day(parcel.estimated_delivery))}"
    return text


def _tell_list(reply: Reply, listed: OrdersListed, answer: OrderAnswer) -> list[AnswerEvent]:
    reply.grounder.add_order(answer)
    if not listed.orders:
        return list(reply.say(reply.words.orders_none))
    events: list[AnswerEvent] = list(reply.cite(answer.source)) if answer.source else []
    events += reply.say(reply.words.orders_listed)
    for order in listed.orders:
        line = reply.words.orders_line.format(
            number=order.number, status=order.status_text, date=reply.day(order.placed_on)
        )
        events += reply.say(f"- {line}", separator="\n")
    return events
