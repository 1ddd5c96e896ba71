"""Claims about the shopper's own order, and about what was done: from the order system and the tools only."""

from collections.abc import Iterator, Sequence

from integrations.platform import OrderStatus
from server.chat.answering.grounding.amounts import Figure, is_same
from server.chat.answering.grounding.dates import keys_of_date, parse_day
from server.chat.answering.grounding.statements import Statement
from server.languages.claims import Concept, Mark
from server.orders.models import OrderFound, OrderOutcome, OrdersListed, OrderView

ACTS = frozenset({Concept.REFUND, Concept.CANCEL, Concept.RETURN})
"""What might be said to be done without a word of the order: "The refund has been processed"."""
IMPLIED = {
    OrderStatus.SHIPPED: {OrderStatus.OUT_FOR_DELIVERY, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.READY_FOR_PICKUP},
    OrderStatus.REFUNDED: {OrderStatus.PARTIALLY_REFUNDED},
    OrderStatus.RETURNED: {OrderStatus.RETURN_IN_PROGRESS},
}
"""States that are also said with the words of another."""


def is_of_order(statement: Statement, *, in_focus: bool) -> bool:
    """Whether it states something of the shopper's own order or of what was done with it: not what may be, or holds
    under a condition."""
    marks = statement.marks
    if marks & {Mark.CONDITION, Mark.IF} and not has_day(statement):
        return False
    if Mark.SPEAKER in marks and marks & {Mark.NO, Mark.WITHOUT} and not has_day(statement):
        return False
    is_act = Mark.DONE in marks and Mark.PERFECT in marks and bool(statement.concepts & ACTS)
    is_meant = in_focus and (Mark.PRONOUN in marks or Concept.ORDER in statement.concepts or is_act)
    is_own = Mark.YOURS in marks or Mark.SPEAKER in marks or is_meant
    says_day = has_day(statement) and (Mark.YOURS in marks or is_meant)
    if Mark.MODAL in marks and not (says_day and not statement.states):
        return says_day
    is_done = Mark.DONE in marks and Mark.NO not in marks and (Mark.SPEAKER in marks or Mark.PERFECT in marks)
    return is_own and (bool(statement.states) or is_done or says_day)


def has_day(statement: Statement) -> bool:
    """Whether it names a day."""
    return any(kind in ("date", "relative", "weekday", "month") for each in statement.figures for kind in each.kinds)


def is_true_of(statement: Statement, outcomes: Sequence[OrderOutcome]) -> bool:
    """Whether an order of the turn is in every state, and has every day, that the statement names."""
    views = list(_views(outcomes))
    if not views or Mark.SPEAKER in statement.marks:
        return False
    if not statement.states and not has_day(statement):
        return False
    return any(_fits(statement, view) for view in views)


def _fits(statement: Statement, view: OrderView) -> bool:
    states = _states_of(view)
    if not all((name in states) is not denied for name, denied in statement.states):
        return False
    days = [Figure(day, keys) for day, keys in _days(view, is_placing=not statement.states)]
    for figure in statement.figures:
        kinds = figure.kinds
        if kinds & {"date", "relative", "weekday", "month"}:
            if not any(is_same(figure, day) for day in days):
                return False
        elif not {f"number:{view.number.strip('#')}", f"code:{view.number.strip('#')}"} & set(figure.keys):
            return False
    return True


def _states_of(view: OrderView) -> frozenset[str]:
    own = {view.status}
    if isinstance(view.shipments, tuple):
        own |= {shipment.status for shipment in view.shipments} - {OrderStatus.DELIVERED}
    named = set(own)
    for status, others in IMPLIED.items():
        if own & others:
            named.add(status)
    return frozenset(each.value for each in named)


def _days(view: OrderView, *, is_placing: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    given = [view.estimated_delivery]
    if is_placing:
        given.append(view.placed_on)
    if isinstance(view.shipments, tuple):
        given += [
            day for each in view.shipments for day in (each.shipped_on, each.delivered_on, each.estimated_delivery)
        ]
    if isinstance(view.refunds, tuple):
        given += [each.refunded_on for each in view.refunds]
    for text in given:
        if text and (day := parse_day(text)):
            yield text, keys_of_date(day, None)


def _views(outcomes: Sequence[OrderOutcome]) -> Iterator[OrderView]:
    for outcome in outcomes:
        match outcome:
            case OrderFound(view=view):
                yield view
            case OrdersListed(orders=orders):
                for order in orders:
                    yield OrderView(
                        number=order.number,
                        status=order.status,
                        status_text=order.status_text,
                        placed_on=order.placed_on,
                    )
            case _:
                pass
