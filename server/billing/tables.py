"""The tables of plans and money: subscriptions, counters, the ledger, notices, statements."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, TableModel, is_one_of, now, references


class SubscriptionRow(ShopTableModel, table=True):
    """The newest subscription as the payment provider last reported it; none before the first payment."""

    __tablename__ = "subscription"
    __table_args__ = (CheckConstraint("spending_cap_minor >= 0"),)

    customer_id: str
    state: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    unpaid_since: datetime | None = None
    spending_cap_minor: int | None = Field(default=None, sa_type=BigInteger)
    overage: bool = False
    refreshed_at: datetime = Field(default_factory=now)


class PaymentCustomerRow(TableModel, table=True):
    """From the payment provider's customer to the shop."""

    __tablename__ = "payment_customer"
    __table_args__ = (Index("payment_customer_shop", "shop_id"),)

    customer_id: str = Field(primary_key=True)
    shop_id: UUID = Field(foreign_key="shop.id", ondelete="CASCADE")


class PaymentEventRow(ShopTableModel, table=True):
    """An event of the payment provider, each once: the reason to fetch the subscription again."""

    __tablename__ = "payment_event"
    __table_args__ = (Index("payment_event_waiting", "shop_id", postgresql_where=text("done_at IS NULL")),)

    event_id: str = Field(primary_key=True)
    type: str
    received_at: datetime = Field(default_factory=now)
    done_at: datetime | None = None


class QuotaPeriodRow(ShopTableModel, table=True):
    """The counters of a period, of the whole shop (scope '') or of a key with a limit of its own."""

    __tablename__ = "quota_period"
    __table_args__ = (
        CheckConstraint("answers_used >= 0"),
        CheckConstraint("answers_reserved >= 0"),
        CheckConstraint("tokens_used >= 0"),
        CheckConstraint("tokens_reserved >= 0"),
        CheckConstraint("minor_used >= 0"),
    )

    scope: str = Field(primary_key=True)
    period_start: datetime = Field(primary_key=True)
    answers_used: int = Field(default=0, sa_type=BigInteger)
    answers_reserved: int = Field(default=0, sa_type=BigInteger)
    tokens_used: int = Field(default=0, sa_type=BigInteger)
    tokens_reserved: int = Field(default=0, sa_type=BigInteger)
    minor_used: int = Field(default=0, sa_type=BigInteger)
    period_end: datetime | None = None


class QuotaReservationRow(ShopTableModel, table=True):
    """An answer in progress, reserved until it is settled, released or expired."""

    __tablename__ = "quota_reservation"
    __table_args__ = (Index("quota_reservation_expiry", "expires_at"),)

    turn_id: UUID = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    period_start: datetime
    tokens: int = Field(sa_type=BigInteger)
    expires_at: datetime


class UsageEntryRow(ShopTableModel, table=True):
    """The ledger: one row for each thing that counts; rows are only added."""

    __tablename__ = "usage_entry"
    __table_args__ = (
        is_one_of("kind", ("answer", "resolution", "resolution_refund")),
        Index("usage_entry_overage", "shop_id", "turn_id", "kind", postgresql_where=text("is_overage")),
        Index("usage_entry_period", "shop_id", "period_start", "at"),
    )

    turn_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    quantity: int
    is_overage: bool
    plan: str
    period_start: datetime
    tokens: int = Field(default=0, sa_type=BigInteger)
    at: datetime = Field(default_factory=now)


class MeterBatchRow(ShopTableModel, table=True):
    """Usage that is reported to the payment provider's meter under one identifier."""

    __tablename__ = "meter_batch"

    id: UUID = Field(primary_key=True)
    period_start: datetime
    quantity: int
    at: datetime
    sent_at: datetime | None = None
    meter: str = "aisle_answers"
    lost_at: datetime | None = None


class MeteredEntryRow(TableModel, table=True):
    """Which batch a ledger entry was reported in."""

    __tablename__ = "metered_entry"
    __table_args__ = (
        references("meter_batch", ("shop_id", "batch_id"), ("shop_id", "id")),
        references("usage_entry", ("shop_id", "turn_id", "kind"), ("shop_id", "turn_id", "kind")),
        Index("metered_entry_batch", "shop_id", "batch_id"),
    )

    shop_id: UUID = Field(primary_key=True)
    turn_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    batch_id: UUID


class BillingNoticeRow(ShopTableModel, table=True):
    """What the merchant was notified of in a period, each once."""

    __tablename__ = "billing_notice"

    period_start: datetime = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    at: datetime = Field(default_factory=now)


class BillingAlertRow(ShopTableModel, table=True):
    """At which usage the merchant wants to be notified; without a row the defaults apply."""

    __tablename__ = "billing_alert"
    __table_args__ = (CheckConstraint("spent_minor > 0"),)

    at_percents: list[int] = Field(sa_type=ARRAY(SmallInteger))
    spent_minor: int | None = Field(default=None, sa_type=BigInteger)


class BillingStatementRow(ShopTableModel, table=True):
    """What a period came to when it was closed; rows are only added."""

    __tablename__ = "billing_statement"

    period_start: datetime = Field(primary_key=True)
    period_end: datetime
    closed_at: datetime = Field(default_factory=now)
    statement: dict[str, Any] = Field(sa_type=JSONB)


class ResolutionDueRow(TableModel, table=True):
    """A conversation that may contain a resolution, and when it can be final."""

    __tablename__ = "resolution_due"
    __table_args__ = (
        references("conversation", ("shop_id", "conversation_id"), ("shop_id", "id")),
        Index("resolution_due_at", "due_at", "shop_id"),
        Index("resolution_due_shop", "shop_id", "due_at"),
    )

    shop_id: UUID = Field(primary_key=True)
    conversation_id: UUID = Field(primary_key=True)
    due_at: datetime
