"""`search_policies`: passages of the shop's policies and help pages."""

import time

from server.chat.languages import phrase
from server.chat.models import PolicyResult, Source, StatusLine
from server.chat.tools.arguments import Arguments, text_argument
from server.chat.tools.context import BOTH_KINDS, ToolContext
from server.chat.tools.product_facts import web_address
from server.chat.tools.tool import QUERY, ModelTurn, Tool, ToolResult, object_schema
from server.knowledge.search import Hit
from server.models.protocol import ToolSpec


async def find_passages(context: ToolContext, query: str, *, limit: int = 4) -> PolicyResult:
    """See `protocol.Toolbox.search_policies`."""
    started = time.perf_counter()
    hits = [hit for hit in await context.search(query, BOTH_KINDS) if hit.kind == "document"]
    sources = tuple(context.add_source(_document_source(hit)) for hit in hits[:limit])
    output: dict[str, object] = {"passages": [source.title for source in sources]}
    context.record_call("search_policies", {"query": query}, output, started)
    return PolicyResult(sources=sources)


def _document_source(hit: Hit) -> Source:
    return Source(
        id=f"document:{hit.external_id}#{hit.position}",
        kind="document",
        title=hit.title,
        text=hit.text,
        url=web_address(hit.url),
        heading_path=tuple(hit.heading_path),
        score=hit.score,
    )


async def _answer(turn: ModelTurn, arguments: Arguments) -> ToolResult:
    turn.transcript.add(StatusLine(phrase("reading", turn.locale)))
    found = await turn.tools.search_policies(text_argument(arguments, "query"))
    return {"passages": [{"title": source.title, "text": source.text} for source in found.sources]}


TOOL = Tool(
    ToolSpec(
        "search_policies",
        "Find passages of the shop's policies and help pages.",
        object_schema({"query": QUERY}, required=("query",)),
    ),
    _answer,
)
