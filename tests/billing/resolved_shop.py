"""A shop on the plan that bills by resolution, and conversations of it whose times are written into the rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing.plans import RESOLUTION
from server.billing import storage
from server.chat.conversations.storage import save_feedback
from server.core.ids import new_id
from tests.bench.billing_house import House, house
from tests.installation import Installation

EACH = RESOLUTION.resolution_minor or 0
BEGAN_DAYS = 20
QUICKLY = timedelta(seconds=5)
"""Between question and answer."""
WHOLE = timedelta(hours=96)
"""From a conversation's last message until its resolution is final."""
DONE = WHOLE + timedelta(hours=1)
"""So long ago an answer's resolution has been final for an hour."""
STANDS, FREE, RETURNED = (True, True), (True, False), (False, False)
"""See `ResolvedShop.ledger`."""


@dataclass(frozen=True)
class Asked:
    """A question that was answered."""

    conversation_id: UUID
    turn_id: UUID
    at: datetime
    """When the answer was written."""

    @property
    def answer_id(self) -> str:
        return f"a{self.turn_id}"


@dataclass(frozen=True)
class ResolvedShop:
    """`house` has everything; `now` is when the test began."""

    house: House
    now: datetime

    @property
    def shop_id(self) -> UUID:
        return self.house.shop_id

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """As the database's owner; $1 is the shop."""
        return list(await self.house.owner.fetch(statement, self.shop_id, *arguments))

    async def ask(
        self,
        ended: timedelta,
        conversation_id: UUID | None = None,
        *,
        kind: str = "answer",
        plan: str = RESOLUTION.lookup_key,
        shop_id: UUID | None = None,
    ) -> Asked:
        """A question whose answer came so long ago, in a new conversation unless one is named."""
        at, talk, turn = self.now - ended, conversation_id or new_id(), new_id()
        await self.house.owner.execute(
            _ASKED, shop_id or self.shop_id, talk, turn, at - QUICKLY, at, f'{{"kind": "{kind}"}}', plan
        )
        return Asked(talk, turn, at)

    async def write(self, asked: Asked, author: str, at: datetime) -> None:
        """One more message, without a turn."""
        await self.sql(_WRITTEN, asked.conversation_id, f"m{new_id()}", author, at)

    async def request(self, asked: Asked, at: datetime) -> None:
        """The shopper asks for a person."""
        await self.sql(
            "UPDATE conversation SET handoff_at = $3 WHERE shop_id = $1 AND id = $2", asked.conversation_id, at
        )

    async def rate(self, asked: Asked, rating: str, at: datetime) -> None:
        """The shopper rates the answer, as the chat keeps it."""
        async with self.house.database.connection(self.shop_id) as connection:
            assert await save_feedback(connection, self.shop_id, asked.conversation_id, asked.answer_id, rating, None)
        await self.sql(
            "UPDATE conversation_mark SET at = $3 WHERE shop_id = $1 AND id = (SELECT max(id) FROM conversation_mark "
            "WHERE shop_id = $1 AND conversation_id = $2)",
            asked.conversation_id,
            at,
        )

    async def count(self) -> int:
        """Rounds until nothing is due; how many conversations were looked at."""
        return await self.house.resolutions.count_due(self.shop_id)

    async def ledger(self) -> dict[UUID, tuple[bool, bool]]:
        """(stands, is billed) of every resolution of the shop, by turn."""
        rows = await self.sql(
            "SELECT turn_id, sum(quantity)::int AS stands, bool_or(is_overage) AS billed FROM usage_entry "
            "WHERE shop_id = $1 AND kind <> 'answer' GROUP BY turn_id"
        )
        return {row["turn_id"]: (bool(row["stands"]), row["billed"]) for row in rows}

    async def tell(self) -> int:
        """Have the meters told; how much in all."""
        account = await self.house.entitlements.read_account(self.shop_id)
        assert account.customer_id
        return await self.house.usage_reporter.report_usage(self.shop_id, account.customer_id)

    def metered(self, meter: str) -> int:
        """What the provider was told on a meter."""
        events = self.house.standin.store.tables.get("billing.meter_event", {}).values()
        return sum(int(event["payload"]["value"]) for event in events if event["event_name"] == meter)

    async def choose_cap(self, cap_minor: int | None) -> None:
        async with self.house.database.connection(self.shop_id) as connection:
            await storage.save_choices(connection, self.shop_id, overage=False, spending_cap_minor=cap_minor)
        self.house.entitlements.invalidate(self.shop_id)

    async def set_state(self, **fields: str) -> None:
        """Change what is known of the subscription."""
        for name, value in fields.items():
            await self.sql(
                "UPDATE subscription SET state = jsonb_set(state, ARRAY[$2::text], to_jsonb($3::text)) "
                "WHERE shop_id = $1",
                name,
                value,
            )
        self.house.entitlements.invalidate(self.shop_id)


@asynccontextmanager
async def resolved_shop(installation: Installation) -> AsyncIterator[ResolvedShop]:
    """Subscribed BEGAN_DAYS ago; the provider's clock is now."""
    now = datetime.now(UTC)
    secret = (installation.data_dir / "secret.key").read_text().strip()
    async with house(installation.owner_url, secret, RESOLUTION, now - timedelta(days=BEGAN_DAYS)) as made:
        made.standin.advance(to=int(now.timestamp()))
        yield ResolvedShop(made, now)


_ASKED = """
    WITH talk AS (
        INSERT INTO conversation AS known (shop_id, id, shopper_id, last_seq, created_at, last_message_at)
        VALUES ($1, $2, $2, 2, $4, $4)
        ON CONFLICT (shop_id, id) DO UPDATE SET last_seq = known.last_seq + 2,
            last_message_at = greatest(known.last_message_at, excluded.last_message_at)
        RETURNING last_seq
    ), asked AS (
        INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, state, trace, started_at, lease_until,
            ended_at)
        SELECT $1, $3, $2, 'q' || $3::uuid, 'a' || $3::uuid, 'done', $6::text::jsonb, $4, $5, $5 FROM talk
        RETURNING id
    ), question AS (
        INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts, created_at)
        SELECT $1, $2, 'q' || $3::uuid, last_seq - 1, 'shopper', $3, '[{"type": "text", "text": "A?"}]', $4 FROM talk
    ), answer AS (
        INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts, created_at)
        SELECT $1, $2, 'a' || $3::uuid, last_seq, 'assistant', $3, '[{"type": "text", "text": "B."}]', $5 FROM talk
    )
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, at)
    SELECT $1, $3, 'answer', 1, false, $7, coalesce(
        (SELECT (state ->> 'period_start')::timestamptz FROM subscription WHERE shop_id = $1), $4), $5
    FROM asked WHERE $6::text = '{"kind": "answer"}'
"""
_WRITTEN = """
    WITH talk AS (
        UPDATE conversation SET last_seq = last_seq + 1, last_message_at = greatest(last_message_at, $5)
        WHERE shop_id = $1 AND id = $2 RETURNING last_seq
    )
    INSERT INTO message (shop_id, conversation_id, id, seq, author, parts, created_at)
    SELECT $1, $2, $3, last_seq, $4, '[{"type": "text", "text": "C"}]', $5 FROM talk
"""
