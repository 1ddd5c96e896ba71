"""What is stored of a turn, and how accepting a shopper's message ended."""

from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from server.chat.models import Receipt
from server.chat.stream_parts import SourceNote


class AcceptanceState(StrEnum):
    """How accepting a message ended."""

    NEW = "new"
    """The message was saved and its turn started."""
    REPEATED = "repeated"
    """The message has a turn already."""
    BUSY = "busy"
    """Another answer of the conversation is being written; nothing was saved."""
    STAFF_HANDLING = "staff_handling"
    """The message was saved; staff answer in this conversation, so it has no turn."""
    NOT_OWNER = "not_owner"
    """The conversation is another shopper's; nothing was saved."""
    ERASED = "erased"
    """The shopper had everything of theirs erased; nothing was saved."""
    CONCURRENT = "concurrent"
    """Another message was accepted at the same moment; nothing was saved. Accepting again finds that message's turn."""


class Acceptance(Struct, frozen=True, kw_only=True):
    """How accepting a message ended, with the turn that the message has: a new one or an earlier one."""

    state: AcceptanceState
    seq: int = 0
    """The sequence number of the answer; 0 where nothing was saved."""
    turn_id: UUID | None = None
    turn_state: str = ""
    """The TurnState of an earlier turn; "" for a new one."""
    answer_id: str = ""


class TurnState(StrEnum):
    """The state of a turn."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """The shopper stopped the answer."""
    FAILED = "failed"
    REFUSED = "refused"
    """The shop's quota was used up; stored as failed."""
    INTERRUPTED = "interrupted"
    """The turn's process died, and a worker ended the turn."""


class TurnTrace(Struct, frozen=True, kw_only=True):
    """What staff see of how an answer came about. An interrupted turn has notes only."""

    kind: str | None | UnsetType = UNSET
    tools: list[dict[str, object]] | UnsetType = UNSET
    """name, input, output and seconds of each call."""
    sources: list[SourceNote] | UnsetType = UNSET
    receipts: tuple[Receipt, ...] | UnsetType = UNSET
    first_text_s: float | None | UnsetType = UNSET
    """Seconds from acceptance to the first words; None for an answer without words."""
    seconds: float | UnsetType = UNSET
    prompt_tokens: int | UnsetType = UNSET
    completion_tokens: int | UnsetType = UNSET
    notes: list[str]


class AbandonedTurn(Struct, frozen=True, kw_only=True):
    """A turn whose process is gone, with the language of its conversation and the sequence number of its answer."""

    id: UUID
    conversation_id: UUID
    locale: str
    answer_seq: int
