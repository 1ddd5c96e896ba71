"""`aisle billing setup` and `aisle billing recompute`."""

import os

import click
import msgspec

from billing.bill import Audit, ResolutionAudit
from billing.gateway import PaymentsError, PaymentsRefused
from billing.period import Period
from billing.plans import OFFERED
from server.commands.context import require_shop, services_for_command, warn_of_unknown_settings
from server.core.errors import ConfigurationError, NotFound, Unavailable
from server.core.logging import configure_logging
from server.core.money import to_decimal
from server.core.settings import load_settings


async def set_up(as_json: bool) -> int:
    """Create what is missing in the Stripe account and print all of it; returns 1 when a price is not its plan's."""
    # the webhook's secret may not be known yet: Stripe shows it only once the webhook is added, which is the next step
    settings = load_settings({"STRIPE_WEBHOOK_SECRET": "none yet", **os.environ})
    configure_logging(settings.log_format)
    warn_of_unknown_settings()
    if settings.stripe_secret_key is None:
        raise ConfigurationError("STRIPE_SECRET_KEY is not set; Stripe's dashboard shows it under API keys")
    from billing.stripe_catalog import StripeCatalog  # imports the SDK, which costs more than half a second

    catalog = StripeCatalog(settings.stripe_secret_key, api_base=settings.stripe_api_base)
    try:
        entries = await catalog.set_up(OFFERED)
    except PaymentsRefused as reason:
        raise ConfigurationError(f"Stripe refused: {reason.message}") from None
    except PaymentsError:
        raise Unavailable("Stripe does not answer. Run the command again; it continues where it stopped.") from None
    finally:
        await catalog.close()
    differing = [entry for entry in entries if entry.problem]
    if as_json:
        click.echo(msgspec.json.encode(entries).decode())
        return 1 if differing else 0
    for entry in entries:
        click.echo(f"{entry.kind:<8} {entry.name:<40} {entry.id:<40} {'created' if entry.is_new else 'exists'}")
    for entry in differing:
        click.echo(f"aisle: {entry.name}: {entry.problem}", err=True)
    if not differing:
        address = f"{settings.base_url}/webhooks/stripe"
        click.echo(f"\nAdd the webhook {address} at Stripe and set STRIPE_WEBHOOK_SECRET to its secret.")
    return 1 if differing else 0


async def recompute(shop_id: str, month: str | None, as_json: bool) -> int:
    """Print a period's bill by the conversation log beside ledger, meter and invoices; returns 1 when they differ.
    Raises Invalid for an unknown shop, NotFound for one without usage in that month, and Unavailable."""
    async with services_for_command() as services:
        shop = await require_shop(services, shop_id)
        try:
            period, audit = await services.money.audits.recompute(shop, month)
        except NotFound:
            raise NotFound(f"This shop has no usage in {month or 'any period'}.") from None
        except PaymentsError as reason:
            raise Unavailable(f"The payment provider does not answer: {reason}") from None
    click.echo(msgspec.json.encode(_report(period, audit)).decode() if as_json else _table(period, audit))
    return 1 if audit.difference or audit.difference_minor else 0


def _report(period: Period, audit: Audit) -> dict[str, object]:
    return {
        "period": {"from": period.start, "to": period.end},
        **msgspec.to_builtins(audit, builtin_types=()),
        "difference": audit.difference,
        "difference_minor": audit.difference_minor,
    }


def _table(period: Period, audit: Audit) -> str:
    bill = audit.bill
    currency = bill.currency
    invoiced = audit.invoiced_overage_minor
    counted = "answers and resolutions" if audit.resolutions else "answers"
    rows = [
        ("period", f"{period.start:%-d %B %Y %H:%M} to {period.end:%-d %B %Y %H:%M} UTC"),
        ("plan", f"{bill.plan}, {_many(bill.included)} answers"),
        ("", f"{'answers':>12}{'beyond plan':>14}{'charges':>20}"),
        ("log", f"{bill.answers:>12,}{bill.overage:>14,}{_money(bill.overage_minor, currency):>20}"),
        ("ledger", f"{audit.ledger_answers:>12,}{audit.ledger_overage:>14,}"),
        ("sent", f"{'':>12}{audit.reported_overage:>14,}"),
        ("meter", f"{'':>12}{_known(audit.meter_overage):>14}"),
        ("invoice", f"{'':>26}{_money(invoiced, currency) if invoiced is not None else 'not final yet':>20}"),
        ("total", f"{_money(bill.total_minor, currency)} with the plan's {_money(bill.base_minor, currency)}"),
        ("difference", f"{audit.difference} {counted}, {_money(audit.difference_minor, currency)}"),
    ]
    if audit.resolutions:
        rows[-2:-2] = _resolution_rows(audit.resolutions, currency)
    if audit.erased_answers:
        rows.append(("erased", f"{audit.erased_answers:,} of the answers are in conversations that have been erased"))
    rows += [("missing", f"turn {turn} is billable and has no entry") for turn in audit.missing]
    rows += [("surplus", f"turn {turn} has an entry and is not billable") for turn in audit.surplus]
    return "\n".join(f"{name:<12}{value}".rstrip() for name, value in rows)


def _resolution_rows(found: ResolutionAudit, currency: str) -> list[tuple[str, str]]:
    invoiced = found.invoiced_minor
    heading = f"{'resolutions':>12}{'taken back':>14}{'billed':>8}{'charges':>20}"
    rows = [
        ("", heading),
        ("log", f"{found.final:>12,}{found.returned:>14,}{found.billed:>8,}{_money(found.billed_minor, currency):>20}"),
        ("ledger", f"{found.ledger_final:>12,}{found.ledger_returned:>14,}{found.ledger_billed:>8,}"),
        ("sent", f"{'':>26}{found.reported:>8,}"),
        ("meter", f"{'':>22}{_known(found.meter):>12}"),
        ("invoice", f"{'':>34}{_money(invoiced, currency) if invoiced is not None else 'not final yet':>20}"),
    ]
    if found.erased:
        rows.append(("erased", f"{found.erased:,} of the resolutions are in conversations that have been erased"))
    rows += [("missing", f"turn {turn} has a final resolution and no entry") for turn in found.missing]
    rows += [("surplus", f"turn {turn} has an entry that the log contradicts") for turn in found.surplus]
    return rows


def _many(count: int | None) -> str:
    return "unlimited" if count is None else f"{count:,}"


def _known(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _money(minor: int, currency: str) -> str:
    return f"{currency} {to_decimal(minor, currency):,}"
