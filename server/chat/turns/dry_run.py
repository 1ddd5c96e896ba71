"""A question answered as a shopper's would be, and kept nowhere: no conversation, no quota, no order, no hand-off."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from server.chat.models import AnswerIncomplete, Question
from server.chat.stream_parts import SourceNote
from server.chat.tools.dry_toolbox import DryToolbox
from server.chat.transcript import Transcript
from server.chat.turns.history import build_question
from server.chat.turns.models import TurnState
from server.chat.turns.service import TURN_TIMEOUT_S, Driver
from server.core.errors import FieldError, Invalid
from server.core.ids import new_id
from server.core.rate_limit import Limit, RateLimiter
from server.knowledge.evidence import Evidence
from server.knowledge.search import Hit
from server.shops.identity import Shopper
from server.shops.models import Caller, Role
from server.shops.service import ShopService

MAX_QUESTION = 2_000
DRY_RUNS = Limit("dry_run", per_minute=20, burst=20)
"""Of one shop: with a model each of them costs the operator money, and nobody is billed for it."""


class DryRun(Struct, frozen=True, kw_only=True):
    """An answer with all that led to it. `evidence` and `hits` are what was compared, the best first; `sources` are
    those of them that the answer cites."""

    text: str
    state: TurnState
    answered_by: str
    kind: str | None
    confidence: float
    seconds: float
    parts: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    sources: list[SourceNote]
    receipts: list[dict[str, str]]
    notes: list[str]
    evidence: list[Evidence]
    hits: list[Hit]
    prompt_tokens: int
    completion_tokens: int


class DryRuns:
    """Answers questions of a shop's staff, with the driver that answers its shoppers."""

    def __init__(
        self,
        shops: ShopService,
        limiter: RateLimiter,
        driver: Driver,
        toolbox_for: Callable[[Question], DryToolbox],
    ) -> None:
        self._shops, self._limiter, self._driver, self._toolbox_for = shops, limiter, driver, toolbox_for

    async def ask(self, caller: Caller, text: str, locale: str = "") -> DryRun:
        """The answer to a question in a locale, by default the shop's. Raises Invalid for an empty or long question,
        RateLimited, RoleRefused below agent."""
        caller.require(Role.AGENT)
        text = text.replace("\x00", "").strip()
        if not 1 <= len(text) <= MAX_QUESTION:
            raise Invalid("Nothing was asked.", errors=(FieldError("question", f"1 to {MAX_QUESTION:,} characters"),))
        await self._limiter.require((DRY_RUNS, str(caller.shop_id)))
        profile = await self._shops.profile(caller.shop_id)
        shopper = Shopper(
            shop_id=caller.shop_id, conversation_id=new_id(), shopper_id=new_id(), locale=locale or profile.locale
        )
        question = build_question(shopper, text, (), profile, ())
        tools, transcript = self._toolbox_for(question), Transcript(new_id(), "dry-run")
        started, state = time.monotonic(), TurnState.DONE
        try:
            async with asyncio.timeout(TURN_TIMEOUT_S):
                await self._driver.answer(question, tools, transcript)
        except (AnswerIncomplete, TimeoutError) as reason:
            state = TurnState.FAILED
            transcript.notes.append(str(reason) or "the answer took too long")
        transcript.close({})
        conclusion = transcript.conclusion
        return DryRun(
            text=transcript.text,
            state=state,
            answered_by=transcript.author,
            kind=conclusion.kind if conclusion else None,
            confidence=conclusion.confidence if conclusion else 0.0,
            seconds=round(time.monotonic() - started, 3),
            parts=transcript.parts,
            tools=transcript.tools,
            sources=transcript.sources,
            receipts=[
                {"claim": each.claim, "source_id": each.source_id, "field": each.field}
                for each in (conclusion.receipts if conclusion else ())
            ],
            notes=transcript.notes,
            evidence=tools.list_evidence(),
            hits=tools.list_hits(),
            prompt_tokens=conclusion.prompt_tokens if conclusion else 0,
            completion_tokens=conclusion.completion_tokens if conclusion else 0,
        )
