"""What the page Plan says of money and choices, worked out before the template prints it."""

import re
from decimal import Decimal

from msgspec import Struct

from server.billing.models import BillingView, PlanView
from server.core.errors import FieldError, Invalid
from server.core.money import currency_decimals, format_money, to_decimal

MOST_MINOR = 100_000_000
CENT_SIGNS = {"USD": "¢"}
"""Where an amount below one unit is usually written in cents; elsewhere it is written in full."""
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9]{1,9})(?:[.,](?P<part>[0-9]+))?")


class PlanChoice(Struct, frozen=True):
    """A plan on offer beside the shop's own. `change` is what the button says that leads to it."""

    plan: PlanView
    is_current: bool
    is_next: bool
    is_dearer: bool
    change: str


def plan_choices(view: BillingView) -> tuple[PlanChoice, ...]:
    """The plans on offer, in their order."""
    return tuple(_plan_choice(plan, view) for plan in view.plans)


def plan_name(view: BillingView, plan_id: str) -> str:
    """What the plan with this id is called; one that is offered no more goes by its id."""
    return next((plan.name for plan in view.plans if plan.id == plan_id), plan_id.capitalize())


def following_plan(view: BillingView) -> PlanView:
    """The plan that is paid for next."""
    wanted = view.next_plan or view.plan.id
    return next((plan for plan in view.plans if plan.id == wanted), view.plan)


def money_text(minor: int | None, currency: str) -> str:
    """An amount, or a dash where there is none. Payment providers write currencies in lower case."""
    return "–" if minor is None else format_money(minor, currency.upper())


def unit_price_text(minor: int, currency: str) -> str:
    """The price of one answer or resolution: 5¢, $1.50, €0.05, ¥5."""
    sign = CENT_SIGNS.get(currency)
    return f"{minor}{sign}" if sign and minor < 10 ** currency_decimals(currency) else money_text(minor, currency)


def amount_field(minor: int | None, currency: str) -> str:
    """An amount as it stands in a form's field, without its currency: 12.50 USD, 12 JPY, 12.500 KWD."""
    return "" if minor is None else f"{to_decimal(minor, currency):f}"


def parse_amount(field: str, text: str, currency: str) -> int | None:
    """An amount as typed in ("1,000", "12.50", "12,50"), in minor units; None for none. Raises Invalid."""
    written = text.strip()
    if not written:
        return None
    decimals = currency_decimals(currency)
    found = _AMOUNT.fullmatch(written)
    if not found or len(found["part"] or "") > decimals:
        hint = (
            f"Type an amount such as 50 or {format(Decimal(100_050).scaleb(-2), f',.{decimals}f')}, or leave it empty"
        )
        raise Invalid(f"“{written}” is not an amount.", errors=(FieldError(field, hint),))
    minor = int(found["whole"].replace(",", "") + (found["part"] or "").ljust(decimals, "0"))
    if minor > MOST_MINOR:
        most = f"It may be up to {to_decimal(MOST_MINOR, currency):,.0f}"
        raise Invalid(f"“{written}” is too high.", errors=(FieldError(field, most),))
    return minor


def _plan_choice(plan: PlanView, view: BillingView) -> PlanChoice:
    is_dearer = (plan.price_minor or 0) > (view.plan.price_minor or 0)
    if plan.resolution_minor or view.plan.resolution_minor:  # what costs more depends on the shoppers
        change = "Change"
    else:
        change = "Upgrade" if is_dearer else "Downgrade"
    return PlanChoice(
        plan=plan,
        is_current=plan.id == view.plan.id,
        is_next=plan.id == view.next_plan,
        is_dearer=is_dearer,
        change=change,
    )
