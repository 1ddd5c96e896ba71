"""Orders: what the shopper may know in plain words, and how to ask for a proof without giving anything away."""

import re
from collections.abc import AsyncIterator

from msgspec import UnsetType

from server.chat.answering.engine.passages import find_passage, quote
from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents import Intent, IntentKind
from server.chat.answering.intents.order_parts import OrderPart, order_part
from server.chat.answering.intents.words import fold
from server.chat.models import AnswerEvent, AskProof, OrderAnswer, Question, ShowOrder, StatusLine
from server.chat.tools.protocol import Toolbox
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
CHANGE_QUERY = "change an order after ordering"
CANCEL_QUERY = "cancel an order, cancelled orders"
RETURN_QUERY = "return an order refund"


async def prove_from_message(intent: Intent, question: Question, tools: Toolbox) -> OrderAnswer | None:
    """Check a proof that the shopper wrote themselves: an order number with an e-mail, or with a postcode.

    The number may stand in the message or be the one this conversation is about. None when there is nothing to
    check. Run it before a model turn too: a model cannot give a proof.
    """
    number = intent.order_number or question.order_in_question
    is_about_orders = intent.kind in (IntentKind.ORDER_STATUS, IntentKind.ORDER_CHANGE)
    has_proof = intent.email is not None or intent.postcode is not None
    if number is None or not has_proof or not is_about_orders:
        return None
    try:
        return await tools.prove(number, email=intent.email, postcode=intent.postcode, name=intent.name)
    except Unavailable:
        return OrderAnswer(outcome=OrdersUnavailable())


async def answer_order(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Look the order up and tell what may be told."""
    yield StatusLine(_status_text(reply))
    answer = await _look_up(reply)
    for event in tell(reply, answer):
        yield event


async def answer_order_change(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """We change nothing: what the policy says, where the order stands if that is proven, and the team."""
    yield StatusLine(reply.words.reading)
    answer = await prove_from_message(reply.intent, reply.question, reply.tools)
    if answer is not None:
        for event in tell(reply, answer, concludes=False):
            yield event
    found = await find_passage(reply, _change_query(reply))
    separator = "\n\n" if reply.has_spoken else " "
    if found is not None:
        for event in quote(reply, found, separator):
            yield event
    for text in (reply.words.cannot_change, reply.words.offer_change):
        for piece in reply.say(text):
            yield piece
    for event in (
        *reply.suggest(reply.words.ask_human, reply.words.ask_returns),
        *reply.conclude("order_change", 0.75),
    ):
        yield event


_CANCELS = re.compile(r"\b(?:cancel\w*|annul\w*|stornier\w*)")


def _change_query(reply: Reply) -> str:
    if reply.intent.topic == "returns":
        return RETURN_QUERY
    return CANCEL_QUERY if _CANCELS.search(fold(reply.question.text)) else CHANGE_QUERY


def _status_text(reply: Reply) -> str:
    number = reply.intent.order_number or reply.question.order_in_question
    return reply.words.looking_up.format(number=number) if number else reply.words.looking_up_orders


async def _look_up(reply: Reply) -> OrderAnswer:
    proven = await prove_from_message(reply.intent, reply.question, reply.tools)
    if proven is not None:
        return proven
    try:
        return await reply.tools.order_status(reply.intent.order_number or _order_meant(reply))
    except Unavailable:
        return OrderAnswer(outcome=OrdersUnavailable())


def _order_meant(reply: Reply) -> str | None:
    """The order the conversation is about; a signed-in customer asking for "my orders" means all of them."""
    return (
        None if reply.question.shopper.customer and not reply.intent.refers_back else reply.question.order_in_question
    )


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
    asks_total = order_part(fold(reply.question.text)) is OrderPart.TOTAL
    if found.more_with_code and not asks_total:
        events += reply.say(reply.words.order_more_with_code, separator="\n\n" if len(parcels) > 1 else " ")
    events.append(ShowOrder(found.view))
    if found.more_with_code and not asks_total:
        events.append(AskProof(order_number=found.view.number, methods=("code",)))
    return events


def _part_asked(reply: Reply, view: OrderView) -> list[str]:
    """The items or the total alone where those are asked for; where they may not be shown, that."""
    words = reply.words
    match order_part(fold(reply.question.text)):
        case OrderPart.ITEMS if isinstance(view.items, UnsetType):
            return [words.order_items_hidden.format(number=view.number)]
        case OrderPart.ITEMS:
            return _items(reply, view)
        case OrderPart.TOTAL:
            if isinstance(view.total, UnsetType):
                return [words.order_total_hidden]
            return [words.order_total.format(amount=reply.money(view.total))]
        case _:
            return []


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
    texts = [status.format(number=view.number)]
    delivered = _delivered_on(view)
    if delivered:
        texts.append(words.order_was_delivered.format(date=reply.day(delivered)))
    elif view.estimated_delivery:
        texts.append(words.order_expected.format(date=reply.day(view.estimated_delivery)))
    texts.append(words.order_placed.format(date=reply.day(view.placed_on)))
    texts += _items(reply, view)
    if not isinstance(view.tracking, UnsetType) and view.tracking:
        texts.append(words.order_tracking.format(tracking=_trackings(view.tracking)))
    if not isinstance(view.refunds, UnsetType):
        texts += [
            words.order_refund.format(amount=reply.money(refund.amount), date=reply.day(refund.refunded_on))
            for refund in view.refunds
        ]
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
