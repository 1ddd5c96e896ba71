"""A period's bill from the conversation log, beside ledger, meter and invoices: for `aisle billing recompute`, and for
the monthly close."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from billing.answers import is_billable
from billing.bill import (
    Audit,
    LoggedTurn,
    ResolutionAudit,
    ResolutionEntry,
    audit_resolutions,
    bill_of_runs,
    recount,
)
from billing.gateway import Invoice, Payments
from billing.period import Period, months_after
from billing.plans import ANSWERS, PLANS, RESOLUTIONS, TRIAL, UNLIMITED, Plan
from server.billing.entitlements import Account, Entitlements
from server.billing.ledger import storage
from server.billing.resolutions import storage as resolution_storage
from server.billing.resolutions.service import Resolutions
from server.core.database import Database
from server.core.errors import NotFound

MADE = ("open", "paid", "uncollectible")
"""Words for an invoice that asks for its amount; a draft may still change."""
ROUNDS_TAKE = timedelta(minutes=10)
"""Within which a resolution that has become final is in the ledger."""


class Auditor:
    """Reads only. `payments` None leaves meter and invoices out."""

    def __init__(self, database: Database, entitlements: Entitlements, payments: Payments | None) -> None:
        self._database, self._entitlements, self._payments = database, entitlements, payments
        self._resolutions = Resolutions(database, entitlements)

    async def recompute(self, shop_id: UUID, month: str | None) -> tuple[Period, Audit]:
        """The period that began in `month` ("2026-11"; the later one where two did), the newest without. Raises
        NotFound for a shop that is not there, or has used nothing then, and PaymentsError."""
        async with self._database.connection(shop_id) as connection:
            begun = await storage.periods_with_entries(connection, shop_id)
        starts = [start for start in begun if month is None or f"{start:%Y-%m}" == month]
        if not starts:
            raise NotFound
        return await self.audit(shop_id, starts[0])

    async def audit(self, shop_id: UUID, start: datetime, *, asks_provider: bool = True) -> tuple[Period, Audit]:
        """The period that began at `start`. Raises NotFound for a shop that is not there, and PaymentsError."""
        account = await self._entitlements.read(shop_id)
        if not asks_provider:
            account = msgspec.structs.replace(account, customer_id=None)
        async with self._database.report_connection(shop_id) as connection:
            begun = await storage.periods_with_entries(connection, shop_id)
            known_end = await storage.find_period_end(connection, shop_id, start)
            period = Period(start, _end(start, known_end, begun, account))
            rows = await storage.logged_turns(connection, shop_id, period.start, period.end)
            erased = await storage.erased_entries(connection, shop_id, period.start)
            ledger = await storage.ledger_totals(connection, shop_id, period.start)
            told, _ = await storage.sent_quantity(connection, shop_id, period.start, ANSWERS)
        _, missing, surplus = recount(_turn(row) for row in rows)
        invoices = await self._invoices(account)
        resolutions = await self._audit_resolutions(shop_id, account, period, invoices)
        bill = bill_of_runs(_runs(rows, erased), sells_overage=ledger["overage"] > 0)
        if resolutions:
            replaced = {"resolutions": resolutions.billed, "resolutions_minor": resolutions.billed_minor}
            bill = msgspec.structs.replace(bill, **replaced)
        return period, Audit(
            bill=bill,
            is_over=period.end <= datetime.now(UTC),
            ledger_answers=ledger["answers"],
            ledger_overage=ledger["overage"],
            erased_answers=len(erased),
            told_overage=told,
            meter_overage=await self._meter_total(account, period, ANSWERS),
            invoiced_overage_minor=None if invoices is None else invoiced_usage(invoices, period, ANSWERS),
            missing=missing,
            surplus=surplus,
            resolutions=resolutions,
        )

    async def _audit_resolutions(
        self, shop_id: UUID, account: Account, period: Period, invoices: Sequence[Invoice] | None
    ) -> ResolutionAudit | None:
        now = datetime.now(UTC)
        async with self._database.report_connection(shop_id) as connection:
            rows = await resolution_storage.entries_of(connection, shop_id, period.start)
            told, _ = await storage.sent_quantity(connection, shop_id, period.start, RESOLUTIONS)
        ledger = {row["turn_id"]: _entry(row) for row in rows}
        found = await self._resolutions.of_period(shop_id, period, now)
        stands = {
            each.turn_id: each.returned_at is None
            for each in found
            if each.final_at in period and (each.turn_id in ledger or each.final_at <= now - ROUNDS_TAKE)
        }
        each_minor = account.entitlement(now).plan.resolution_minor
        if not stands and not ledger and each_minor is None:
            return None
        return audit_resolutions(
            stands,
            ledger,
            each_minor=each_minor or 0,
            told=told,
            meter=await self._meter_total(account, period, RESOLUTIONS),
            invoiced_minor=None if invoices is None else invoiced_usage(invoices, period, RESOLUTIONS),
        )

    async def _invoices(self, account: Account) -> Sequence[Invoice] | None:
        if self._payments is None or account.customer_id is None:
            return None
        return await self._payments.invoices(account.customer_id, 100)

    async def _meter_total(self, account: Account, period: Period, meter: str) -> int | None:
        if self._payments is None or account.customer_id is None:
            return None
        return await self._payments.meter_total(meter, account.customer_id, period.start, period.end)


def invoiced_usage(invoices: Sequence[Invoice], period: Period, meter: str) -> int | None:
    """What is asked for a period's use on one meter: by the invoice at its end, and by those that a change of plan made
    before it. None before the one at the end is final."""
    keys = {plan.metered.lookup_key for plan in PLANS if plan.metered and plan.metered.meter == meter}
    made = [each for each in invoices if each.status in MADE]
    lines = [line for each in made for line in each.lines if line.lookup_key in keys]
    own = [line.amount_minor for line in lines if line.period_start in period]
    closed = any(each.created >= period.end for each in made)
    return sum(own) if closed else None


def _end(start: datetime, known: datetime | None, begun: Sequence[datetime], account: Account) -> datetime:
    """As it was known when answers were counted, or sooner: a later period has begun where a subscription was new."""
    ends = [known or months_after(start, 1), *(later for later in begun if later > start)]
    if account.made_at == start:
        ends.append(start + timedelta(days=TRIAL.trial_days))
    if account.subscription and account.subscription.period_start == start:
        ends.append(account.subscription.period_end)
    return min(ends)


def _turn(row: Any) -> LoggedTurn:
    return LoggedTurn(
        turn_id=row["turn_id"],
        state=row["state"],
        kind=row["kind"],
        has_told=row["has_told"],
        ended_at=row["ended_at"],
        entry_overage=row["is_overage"],
    )


def _entry(row: Any) -> ResolutionEntry:
    return ResolutionEntry(
        is_billed=row["is_billed"],
        is_returned=row["is_returned"],
        is_logged=row["is_logged"],
        each_minor=_plan(row["plan"]).resolution_minor,
    )


def _runs(rows: Sequence[Any], erased: Sequence[Any]) -> list[tuple[Plan, int]]:
    """Plans in their order, with the answers of each. An answer that was not counted comes last: nobody noted when."""
    billable = [row for row in rows if is_billable(row["state"], row["kind"], has_told=row["has_told"])]
    counted = [(row["at"], row["plan"]) for row in billable if row["at"]] + [(row["at"], row["plan"]) for row in erased]
    keys = [plan for _, plan in sorted(counted)]
    keys += [keys[-1] if keys else None] * sum(row["at"] is None for row in billable)
    return [(_plan(key), len(list(group))) for key, group in groupby(keys)] or [(UNLIMITED, 0)]


def _plan(lookup_key: str | None) -> Plan:
    return next((plan for plan in PLANS if plan.lookup_key == lookup_key), UNLIMITED)
