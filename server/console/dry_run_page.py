"""A dry run as its page shows it: the answer, why it is as it is, and the evidence with its scores."""

from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from server.chat.turns.dry_run import DryRun
from server.chat.turns.models import TurnState
from server.console.models import UNANSWERED_KINDS, TurnView
from server.console.view import Part, SourceLine, Trace, part_of, trace_of, web_url
from server.core.ids import new_id
from server.knowledge.evidence import Evidence
from server.knowledge.search import Hit

MAX_SHOWN = 12


class Compared(Struct, frozen=True, kw_only=True):
    """A piece of evidence, or a product or passage that was found. Scores are 0..1; None where nothing was compared."""

    title: str
    text: str
    link: str
    score: float
    similarity: float | None
    words: float | None
    is_cited: bool


class DryRunPage(Struct, frozen=True, kw_only=True):
    """What the page says."""

    verdict: str
    is_good: bool
    parts: list[Part]
    sources: list[SourceLine]
    trace: Trace
    confidence: int
    """In percent."""
    evidence: list[Compared]
    found: list[Compared]


def dry_run_page(run: DryRun) -> DryRunPage:
    """The page of an answer."""
    cited = {source.id for source in run.sources}
    return DryRunPage(
        verdict=_verdict(run),
        is_good=run.state is TurnState.DONE and run.kind not in UNANSWERED_KINDS,
        parts=[part for each in run.parts if (part := part_of(each))],
        sources=[SourceLine(source.title, web_url(source.url)) for source in run.sources],
        trace=trace_of(_turn(run)),
        confidence=round(100 * run.confidence),
        evidence=[_evidence(each, cited) for each in run.evidence if each.source == "document"][:MAX_SHOWN],
        found=[_hit(hit, cited) for hit in run.hits][:MAX_SHOWN],
    )


def _verdict(run: DryRun) -> str:
    """Why this was said, or was not, in one sentence."""
    kind = (run.kind or "no answer").replace("_", " ")
    if run.state is not TurnState.DONE:
        return "The answer broke off; the notes in the trace below say why."
    if run.kind in UNANSWERED_KINDS:
        if not run.evidence and not run.hits:
            return "Nothing that the shop knows was near the question, so the assistant says that it does not know."
        return (
            "What was found was not sure enough to be said as an answer, so the assistant says that it does not know. "
            "If the right text is in the list below, put it closer to the words of the question; if it is not, add it."
        )
    if run.sources:
        return f"Answered as “{kind}”, because of what is marked as cited below."
    return f"Answered as “{kind}”, which rests on no source of the shop."


def _turn(run: DryRun) -> TurnView:
    now = datetime.now(UTC)
    return TurnView(
        id=new_id(),
        question_id="",
        answer_id="",
        state=run.state.value,
        answered_by=run.answered_by,
        usage_state="not counted",
        started_at=now,
        ended_at=now,
        kind=run.kind,
        tools=run.tools,
        sources=msgspec.to_builtins(run.sources),
        receipts=list(run.receipts),
        notes=run.notes,
        first_text_s=None,
        seconds=run.seconds,
        prompt_tokens=run.prompt_tokens,
        completion_tokens=run.completion_tokens,
    )


def _evidence(each: Evidence, cited: set[str]) -> Compared:
    unit = each.unit
    return Compared(
        title=" › ".join(dict.fromkeys(part for part in (unit.title, *unit.heading) if part)),
        text=f"{unit.label}: {unit.text}" if unit.label else unit.text,
        link=_link(each.source, each.external_id),
        score=each.score,
        similarity=each.similarity,
        words=each.lexical,
        is_cited=f"document:{each.external_id}#{each.position}" in cited,
    )


def _hit(hit: Hit, cited: set[str]) -> Compared:
    source_id = f"product:{hit.external_id}" if hit.kind == "product" else f"document:{hit.external_id}#{hit.position}"
    return Compared(
        title=" › ".join(dict.fromkeys(part for part in (hit.title, *hit.heading_path) if part)),
        text=hit.text[:300],
        link=_link(hit.kind, hit.external_id),
        score=hit.score,
        similarity=hit.vector_score,
        words=hit.lexical_score,
        is_cited=source_id in cited,
    )


def _link(kind: str, external_id: str) -> str:
    return f"/console/knowledge/{kind}?id={quote(external_id, safe='')}"
