"""Amounts and choices of the page of plan and usage, computed before the template shows them."""

import re
from decimal import Decimal

from msgspec import Struct

from server.billing.models import BillingView, PlanView
from server.core.errors import FieldError, Invalid
from server.core.money import currency_decimals, format_money, to_decimal

MOST_MINOR = 100_000_000
CENT_SIGNS = {"USD": "¢"}
"""The currencies whose amounts below one unit are usually written in cents; others are written in full."""
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9]{1,9})(?:[.,](?P<part>[0-9]+))?")


class PlanChoice(Struct, frozen=True):
    """An offered plan compared with the shop's own; `change` is the text of the button that leads to it."""

    plan: PlanView
    is_current: bool
    is_next: bool
    is_dearer: bool
    change: str


def plan_choices(view: BillingView) -> tuple[PlanChoice, ...]:
    """The offered plans, in their order."""
    return tuple(_plan_choice(plan, view) for plan in view.plans)


def plan_name(view: BillingView, plan_id: str) -> str:
    """The name of the plan with this id; the capitalised id for a plan that is no longer offered."""
    return next((plan.name for plan in view.plans if plan.id == plan_id), plan_id.capitalize())


def following_plan(view: BillingView) -> PlanView:
    """The plan of the next payment."""
    wanted = view.next_plan or view.plan.id
    return next((plan for plan in view.plans if plan.id == wanted), view.plan)


def money_text(minor: int | None, currency: str) -> str:
    """An amount, or a dash for None. `currency` may be in lower case, as payment providers write it."""
    return "–" if minor is None else format_money(minor, currency.upper())


def unit_price_text(minor: int, currency: str) -> str:
    """The price of one answer or resolution: 5¢, $1.50, €0.05, ¥5."""
    sign = CENT_SIGNS.get(currency)
    return f"{minor}{sign}" if sign and minor < 10 ** currency_decimals(currency) else money_text(minor, currency)


def amount_field(minor: int | None, currency: str) -> str:
    """An amount as a form field contains it, without its currency: 12.50 for USD, 12 for JPY, 12.500 for KWD."""
    return "" if minor is None else f"{to_decimal(minor, currency):f}"


def parse_amount(field: str, text: str, currency: str) -> int | None:
    """A typed amount ("1,000", "12.50", "12,50") in minor units; None for an empty field. Raises Invalid."""
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
        most = f"The highest possible amount is {to_decimal(MOST_MINOR, currency):,.0f}"
        raise Invalid(f"“{written}” is too high.", errors=(FieldError(field, most),))
    return minor


def _plan_choice(plan: PlanView, view: BillingView) -> PlanChoice:
    is_dearer = (plan.price_minor or 0) > (view.plan.price_minor or 0)
    if plan.resolution_minor or view.plan.resolution_minor:  # which plan costs more depends on the shoppers
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
