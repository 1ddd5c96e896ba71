"""A period's bill recomputed from the conversation log and compared with ledger, meter and invoices (`aisle billing
recompute`), and the statement that is stored of it once the period is over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
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
from billing.gateway import Invoice, Payments, PaymentsRefused
from billing.period import Period, months_after
from billing.plans import ANSWERS, PLANS, RESOLUTIONS, TRIAL, UNLIMITED, Plan
from server.billing import ledger_storage, resolution_storage, storage
from server.billing.entitlement_service import Account, EntitlementService
from server.billing.ledger_storage import ErasedEntry, LoggedTurnRow
from server.billing.models import Statement, statement_of
from server.billing.resolution_service import ResolutionService
from server.core.database import Database
from server.core.errors import NotFound
from server.core.logging import get_logger
from server.shops.models import Caller, Role

CLOSE_PERIODS = "billing.close"
"""The kind of job that closes a shop's periods."""
CLOSE_AFTER = timedelta(days=2)
"""After a period's end: by then all usage has been reported to the meter, and the invoice is final."""
MAX_STATEMENTS = 24
FINAL_INVOICE_STATUSES = ("open", "paid", "uncollectible")
"""Statuses of an invoice whose amount is due; a draft may still change."""
MAX_COUNTING_DELAY = timedelta(minutes=10)
"""A resolution that has become final is in the ledger within this time."""

log = get_logger("billing")


class AuditService:
    """Recomputes periods and compares them; writes nothing. With `payments` None it leaves out meter and invoices."""

    def __init__(self, database: Database, entitlements: EntitlementService, payments: Payments | None) -> None:
        self._database, self._entitlements, self._payments = database, entitlements, payments
        self._resolutions = ResolutionService(database, entitlements)

    async def recompute(self, shop_id: UUID, month: str | None) -> tuple[Period, Audit]:
        """The period that began in `month` ("2026-11"), the later one when two did; without `month` the newest.
        Raises NotFound for an unknown shop or one without usage in that month, and PaymentsError."""
        async with self._database.connection(shop_id) as connection:
            starts = await ledger_storage.list_period_starts(connection, shop_id)
        matching = [start for start in starts if month is None or f"{start:%Y-%m}" == month]
        if not matching:
            raise NotFound
        return await self.audit_period(shop_id, matching[0])

    async def audit_period(self, shop_id: UUID, start: datetime, *, asks_provider: bool = True) -> tuple[Period, Audit]:
        """The period that began at `start`. Raises NotFound for an unknown shop, and PaymentsError."""
        account = await self._entitlements.read_account(shop_id)
        if not asks_provider:
            account = msgspec.structs.replace(account, customer_id=None)
        async with self._database.report_connection(shop_id) as connection:
            starts = await ledger_storage.list_period_starts(connection, shop_id)
            counted_end = await ledger_storage.find_period_end(connection, shop_id, start)
            period = Period(start, _period_end(start, counted_end, starts, account))
            turns = await ledger_storage.list_logged_turns(connection, shop_id, period.start, period.end)
            erased = await ledger_storage.list_erased_entries(connection, shop_id, period.start)
            ledger = await ledger_storage.get_ledger_totals(connection, shop_id, period.start)
            sent = await ledger_storage.get_sent_usage(connection, shop_id, period.start, ANSWERS)
        recounted = recount(_logged_turn(turn) for turn in turns)
        invoices = await self._list_invoices(account)
        resolutions = await self._audit_resolutions(shop_id, account, period, invoices)
        bill = bill_of_runs(_runs(turns, erased), sells_overage=ledger.overage > 0)
        if resolutions:
            replaced = {"resolutions": resolutions.billed, "resolutions_minor": resolutions.billed_minor}
            bill = msgspec.structs.replace(bill, **replaced)
        return period, Audit(
            bill=bill,
            is_over=period.end <= datetime.now(UTC),
            ledger_answers=ledger.answers,
            ledger_overage=ledger.overage,
            erased_answers=len(erased),
            reported_overage=sent.quantity,
            meter_overage=await self._find_meter_total(account, period, ANSWERS),
            invoiced_overage_minor=None if invoices is None else invoiced_usage(invoices, period, ANSWERS),
            missing=recounted.missing,
            surplus=recounted.surplus,
            resolutions=resolutions,
        )

    async def _audit_resolutions(
        self, shop_id: UUID, account: Account, period: Period, invoices: Sequence[Invoice] | None
    ) -> ResolutionAudit | None:
        now = datetime.now(UTC)
        async with self._database.report_connection(shop_id) as connection:
            rows = await resolution_storage.list_resolutions(connection, shop_id, period.start)
            sent = await ledger_storage.get_sent_usage(connection, shop_id, period.start, RESOLUTIONS)
        ledger = {
            row.turn_id: ResolutionEntry(
                is_billed=row.is_billed,
                is_returned=row.is_returned,
                is_logged=row.is_logged,
                each_minor=_plan_of(row.plan).resolution_minor,
            )
            for row in rows
        }
        logged = await self._resolutions.list_around(shop_id, period, now)
        stands = {
            each.turn_id: each.returned_at is None
            for each in logged
            if each.final_at in period and (each.turn_id in ledger or each.final_at <= now - MAX_COUNTING_DELAY)
        }
        each_minor = account.entitlement(now).plan.resolution_minor
        if not stands and not ledger and each_minor is None:
            return None
        return audit_resolutions(
            stands,
            ledger,
            each_minor=each_minor or 0,
            reported=sent.quantity,
            meter=await self._find_meter_total(account, period, RESOLUTIONS),
            invoiced_minor=None if invoices is None else invoiced_usage(invoices, period, RESOLUTIONS),
        )

    async def _list_invoices(self, account: Account) -> Sequence[Invoice] | None:
        if self._payments is None or account.customer_id is None:
            return None
        return await self._payments.invoices(account.customer_id, 100)

    async def _find_meter_total(self, account: Account, period: Period, meter: str) -> int | None:
        if self._payments is None or account.customer_id is None:
            return None
        return await self._payments.meter_total(meter, account.customer_id, period.start, period.end)


class StatementService:
    """The statements of all shops' closed periods."""

    def __init__(self, database: Database, audits: AuditService) -> None:
        self._database, self._audits = database, audits

    async def list_statements(self, caller: Caller) -> tuple[Statement, ...]:
        """The shop's newest MAX_STATEMENTS statements, newest first."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            found = await storage.list_statements(connection, caller.shop_id, MAX_STATEMENTS)
        return tuple(msgspec.json.decode(each, type=Statement) for each in found)

    async def close_periods(self, shop_id: UUID) -> int:
        """Close the periods that ended CLOSE_AFTER ago; returns how many. Raises PaymentsUnavailable and leaves the
        rest open.

        A period that does not add up is closed as well, with the difference in its statement: somebody has to look into
        it, and trying again would find nothing else.
        """
        async with self._database.connection(shop_id) as connection:
            starts = await storage.list_periods_to_close(connection, shop_id, CLOSE_AFTER)
        for start in starts:
            await self.close_period(shop_id, start)
        return len(starts)

    async def close_period(self, shop_id: UUID, start: datetime) -> None:
        """Store the statement of the period that began at `start`, unless it has one. Raises PaymentsUnavailable."""
        try:
            period, audit = await self._audits.audit_period(shop_id, start)
        except PaymentsRefused as reason:  # another attempt would be refused too: close it with our own figures
            log.error("close_refused", shop_id=str(shop_id), reason=reason.message)
            period, audit = await self._audits.audit_period(shop_id, start, asks_provider=False)
        statement = statement_of(period, audit, datetime.now(UTC))
        encoded = msgspec.json.encode(statement).decode()
        async with self._database.connection(shop_id) as connection:
            is_new = await storage.add_statement(connection, shop_id, period.start, period.end, encoded)
        if is_new and (statement.difference or statement.difference_minor):
            log.error(
                "period_does_not_add_up",
                shop_id=str(shop_id),
                period=f"{period.start:%Y-%m-%d}",
                answers=statement.difference,
                minor=statement.difference_minor,
            )


def invoiced_usage(invoices: Sequence[Invoice], period: Period, meter: str) -> int | None:
    """What is invoiced for a period's usage on one meter, in minor units: by the invoice at its end, and by those that
    a change of plan caused before. None before the one at its end is final."""
    keys = {plan.metered.lookup_key for plan in PLANS if plan.metered and plan.metered.meter == meter}
    final = [each for each in invoices if each.status in FINAL_INVOICE_STATUSES]
    lines = [line for each in final for line in each.lines if line.lookup_key in keys]
    amounts = [line.amount_minor for line in lines if line.period_start in period]
    is_complete = any(each.created >= period.end for each in final)
    return sum(amounts) if is_complete else None


def _period_end(
    start: datetime, counted_end: datetime | None, starts: Sequence[datetime], account: Account
) -> datetime:
    """The end that was known when answers were counted, or an earlier one: a new subscription begins a new period."""
    ends = [counted_end or months_after(start, 1), *(later for later in starts if later > start)]
    if account.created_at == start:
        ends.append(start + timedelta(days=TRIAL.trial_days))
    if account.subscription and account.subscription.period_start == start:
        ends.append(account.subscription.period_end)
    return min(ends)


def _logged_turn(row: LoggedTurnRow) -> LoggedTurn:
    return LoggedTurn(
        turn_id=row.turn_id,
        state=row.state,
        kind=row.kind,
        was_received=row.was_received,
        ended_at=row.ended_at,
        entry_overage=row.is_overage,
    )


def _runs(turns: Sequence[LoggedTurnRow], erased: Sequence[ErasedEntry]) -> list[tuple[Plan, int]]:
    """The plans of a period in their order, with the answers given under each. Answers that were not counted come last,
    as nothing says under which plan they were given."""
    billable = [turn for turn in turns if is_billable(turn.state, turn.kind, was_received=turn.was_received)]
    counted = [(turn.at, turn.plan) for turn in billable if turn.at] + [(entry.at, entry.plan) for entry in erased]
    keys = [plan for _, plan in sorted(counted)]
    keys += [keys[-1] if keys else None] * sum(turn.at is None for turn in billable)
    return [(_plan_of(key), len(list(group))) for key, group in groupby(keys)] or [(UNLIMITED, 0)]


def _plan_of(lookup_key: str | None) -> Plan:
    return next((plan for plan in PLANS if plan.lookup_key == lookup_key), UNLIMITED)
