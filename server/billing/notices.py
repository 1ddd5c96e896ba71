"""What a merchant is told about plan and limits, each once in a period, asked for in the transaction that gave the
reason."""

from datetime import datetime
from uuid import UUID

from billing.entitlement import Entitlement
from server.billing import storage
from server.core.database import Connection
from server.core.jobs import enqueue

NOTICE = "billing.notice"
"""The job's kind; its payload is {"kind": "share:80"}.

share:N     N percent of the plan's answers are used
spent:N     what is billed by use has come to N minor units
limit       no answers are left
key:ID      none are left for a key with a limit of its own
stock:NAME  products, documents or storage are full
state:NAME  a payment failed (grace), nothing was paid for too long (past_due), trial or subscription are over (ended)
"""
TOLD_STATES = frozenset({"grace", "past_due", "ended"})


async def notify_once(connection: Connection, shop_id: UUID, period_start: datetime, kind: str) -> None:
    """Have the merchant told, unless they were in this period."""
    if await storage.note_once(connection, shop_id, period_start, kind):
        await enqueue(connection, shop_id, NOTICE, {"kind": kind})


async def notify_of_state(connection: Connection, shop_id: UUID, holds: Entitlement) -> None:
    """Have the merchant told that a payment failed, or that nothing is answered any more: once each time it happens."""
    if holds.state in TOLD_STATES:
        await notify_once(connection, shop_id, holds.ends_at or holds.period.start, f"state:{holds.state}")
