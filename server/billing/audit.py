"""`aisle billing recompute`: a period's bill from the conversation log, beside ledger, meter and invoice."""

from datetime import datetime
from uuid import UUID

from billing.bill import Audit, LoggedTurn, bill_of, recount
from billing.gateway import Invoice, Payments
from billing.period import Period, months_after
from billing.plans import PLANS, UNLIMITED, Plan
from server.billing import storage
from server.billing.entitlements import Account, Entitlements
from server.core.database import Database
from server.core.errors import NotFound


class Auditor:
    """Reads only. `payments` None leaves meter and invoice out."""

    def __init__(self, database: Database, entitlements: Entitlements, payments: Payments | None) -> None:
        self._database, self._entitlements, self._payments = database, entitlements, payments

    async def recompute(self, shop_id: UUID, month: str | None) -> tuple[Period, Audit]:
        """The period that began in `month` ("2026-11"), the newest one without. Raises NotFound for a shop that is not
        there, or one that has used nothing then."""
        account = await self._entitlements.read(shop_id)
        async with self._database.fast(shop_id) as connection:
            begun = await storage.periods_with_entries(connection, shop_id)
            starts = [start for start in begun if month is None or f"{start:%Y-%m}" == month]
            if not starts:
                raise NotFound
            period = Period(starts[0], months_after(starts[0], 1))
            turns = await storage.logged_turns(connection, shop_id, period.start, period.end)
            ledger = await storage.ledger_totals(connection, shop_id, period.start)
        billable, missing, surplus = recount(
            LoggedTurn(
                turn_id=row["turn_id"],
                state=row["state"],
                kind=row["kind"],
                has_told=row["has_told"],
                ended_at=row["ended_at"],
                entry_overage=row["is_overage"],
            )
            for row in turns
        )
        plan = _plan(ledger["plan"])
        meter, invoiced = await self._told(account, plan, period)
        return period, Audit(
            bill=bill_of(plan, billable + ledger["erased"], sells_overage=ledger["overage"] > 0),
            ledger_answers=ledger["answers"],
            ledger_overage=ledger["overage"],
            erased_answers=ledger["erased"],
            meter_overage=meter,
            invoiced_overage_minor=invoiced,
            missing=missing,
            surplus=surplus,
        )

    async def _told(self, account: Account, plan: Plan, period: Period) -> tuple[int | None, int | None]:
        if self._payments is None or account.customer_id is None:
            return None, None
        meter = await self._payments.meter_total(account.customer_id, period.start, period.end)
        invoices = await self._payments.invoices(account.customer_id, 100)
        return meter, _overage_on(invoices, plan, period.end)


def _overage_on(invoices: tuple[Invoice, ...], plan: Plan, period_end: datetime) -> int | None:
    """What the invoice made at the period's end asks for answers beyond the plan; None before it is made."""
    for invoice in invoices:
        amounts = [line.amount_minor for line in invoice.lines if line.lookup_key == plan.overage_key]
        if amounts and invoice.created >= period_end:
            return sum(amounts)
    return None


def _plan(lookup_key: str | None) -> Plan:
    return next((plan for plan in PLANS if plan.lookup_key == lookup_key), UNLIMITED)
