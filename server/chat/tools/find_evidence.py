"""Evidence for the engine: units of the shop's documents and of one product's page. Models use the search tools."""

import time
from collections.abc import Sequence

from server.chat.models import Candidate, EvidenceResult, ProductDetail, Source
from server.chat.tools.context import ToolContext
from server.chat.tools.product_facts import web_address
from server.knowledge.evidence import Evidence, Unit

MAX_DOCUMENT_UNITS = 60


async def find_units(
    context: ToolContext, text: str, *, language: str, product: ProductDetail | None = None, documents: bool = True
) -> EvidenceResult:
    """See `protocol.Toolbox.find_evidence`."""
    started = time.perf_counter()
    found = await context.search_evidence(
        text,
        language=language,
        product_ids=(product.card.id,) if product else (),
        documents=documents,
        limit=MAX_DOCUMENT_UNITS,
    )
    candidates = []
    by_source: dict[str, list[Evidence]] = {}
    for evidence in found:
        source_id = _source_id(evidence)
        if evidence.source == "document":
            by_source.setdefault(source_id, []).append(evidence)
        candidates.append(
            Candidate(
                unit=evidence.unit,
                source_id=source_id,
                similarity=evidence.similarity,
                lexical=evidence.lexical or 0.0,
                is_product=evidence.source == "product",
            )
        )
    sources = {
        source_id: context.merge_source(_document_source(source_id, units)) for source_id, units in by_source.items()
    }
    context.candidates |= {(each.source_id, each.unit.text): each for each in candidates if not each.is_product}
    shown: dict[str, object] = {"passages": list(dict.fromkeys(source.title for source in sources.values()))[:8]}
    context.record_call("search_policies", {"query": text}, shown, started)
    return EvidenceResult(candidates=tuple(candidates), sources=tuple(sources.values()))


def _source_id(evidence: Evidence) -> str:
    if evidence.source == "product":
        return f"product:{evidence.external_id}"
    return f"document:{evidence.external_id}#{evidence.position}"


def _document_source(source_id: str, units: Sequence[Evidence]) -> Source:
    """The passage as a source: what its units say may be claimed."""
    first = units[0]
    said = [piece for each in units for piece in _said(each.unit)]
    return Source(
        id=source_id,
        kind="document",
        title=first.unit.title,
        text="\n".join(dict.fromkeys(said)),
        url=web_address(first.url),
        heading_path=first.unit.heading,
        fetched_at=first.fetched_at.isoformat(),
        score=max(each.score for each in units),
    )


def _said(unit: Unit) -> tuple[str, ...]:
    pieces = (*unit.heading, unit.label, unit.before, unit.text, unit.after)
    return tuple(piece for piece in pieces if piece)
