"""Search, documents, sources and jobs over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody
from msgspec import Meta, Struct

from server.core.addresses import MAX_URL_CHARS, is_web_address
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import parse_id
from server.core.jobs import JobService, JobView
from server.core.paging import page, read_cursor, require_limit
from server.knowledge.models import SourceList, SourceView
from server.knowledge.search import ProductFilter
from server.knowledge.service import Knowledge
from server.knowledge.sources import Sources
from server.shops.models import Caller, Role

KINDS = ("product", "document")
MAX_SEARCH_LIMIT = 100
MAX_PRICE_MINOR = 2**53 - 1
FilterText = Annotated[str, Meta(min_length=1, max_length=100)]
MAX_UPLOAD_BYTES = 20 * 1024 * 1024


class SearchFilters(Struct, frozen=True, forbid_unknown_fields=True):
    """What products have to be; documents are not filtered. Prices are in minor units and leave out products without
    one, `min_rating` those without a rating. `brand` and `size` are compared whole, `category` and `colour` by word."""

    price_min: Annotated[int, Meta(ge=0, le=MAX_PRICE_MINOR)] | None = None
    price_max: Annotated[int, Meta(ge=0, le=MAX_PRICE_MINOR)] | None = None
    in_stock: bool = False
    on_sale: bool = False
    brand: FilterText | None = None
    category: FilterText | None = None
    colour: FilterText | None = None
    size: FilterText | None = None
    min_rating: Annotated[float, Meta(ge=0, le=5)] | None = None


class SearchRequest(Struct, frozen=True):
    """`POST /v1/search`. `language` is that of the query (ISO 639-1), by default what the query seems to
    be in: the shop's where nothing speaks against it."""

    query: Annotated[str, Meta(min_length=1, max_length=1000)]
    kinds: tuple[str, ...] = KINDS
    limit: int = 10
    language: Annotated[str, Meta(pattern="^[a-z]{2}$")] | None = None
    filters: SearchFilters = SearchFilters()


class NewDocument(Struct, frozen=True):
    """`POST /v1/documents`: a text in Markdown, HTML or plain form."""

    id: Annotated[str, Meta(min_length=1, max_length=512)]
    title: Annotated[str, Meta(min_length=1, max_length=500)]
    content: Annotated[str, Meta(min_length=1, max_length=2_000_000)]
    url: Annotated[str, Meta(max_length=MAX_URL_CHARS)] | None = None
    format: str = "markdown"


class NewSource(Struct, frozen=True):
    """`POST /v1/sources`: a site to read."""

    url: Annotated[str, Meta(max_length=MAX_URL_CHARS)]
    max_pages: Annotated[int, Meta(ge=1, le=5000)] = 200


class SourceChanges(Struct, frozen=True):
    """`PATCH /v1/sources/{id}`."""

    url: Annotated[str, Meta(max_length=MAX_URL_CHARS)] | None = None
    max_pages: Annotated[int, Meta(ge=1, le=5000)] | None = None


@post("/v1/search", status_code=200, summary="Search", tags=["knowledge"])
async def search(
    data: JSONBody[SearchRequest], caller: NamedDependency[Caller], knowledge: NamedDependency[Knowledge]
) -> dict[str, Any]:
    """Products and passages, best first; `score` is 0..1."""
    errors = []
    if not data.kinds or not set(data.kinds) <= set(KINDS):
        errors.append(FieldError("kinds", f"some of {', '.join(KINDS)}"))
    if not 1 <= data.limit <= MAX_SEARCH_LIMIT:
        errors.append(FieldError("limit", f"1 to {MAX_SEARCH_LIMIT}"))
    filters = data.filters
    if filters.price_min is not None and filters.price_max is not None and filters.price_min > filters.price_max:
        errors.append(FieldError("filters.price_min", "at most price_max"))
    texts = {"brand": filters.brand, "category": filters.category, "colour": filters.colour, "size": filters.size}
    with_nul = [name for name, text in texts.items() if "\x00" in (text or "")]
    errors += [FieldError(f"filters.{name}", "must not contain NUL") for name in with_nul]
    if errors:
        raise Invalid("The search cannot be made.", errors=tuple(errors))
    hits = await knowledge.search(
        caller.shop_id,
        data.query.replace("\x00", " "),
        language=data.language,
        kinds=data.kinds,
        limit=data.limit,
        price_min_minor=filters.price_min,
        price_max_minor=filters.price_max,
        available_only=filters.in_stock,
        product_filter=ProductFilter(**texts, on_sale=filters.on_sale, min_rating=filters.min_rating),
    )
    return {
        "hits": [
            {
                "kind": hit.kind,
                "id": hit.external_id,
                "title": hit.title,
                "text": hit.text,
                "url": hit.url,
                "score": hit.score,
            }
            for hit in hits
        ]
    }


@get("/v1/documents", summary="Documents", tags=["knowledge"])
async def list_documents(
    caller: NamedDependency[Caller],
    knowledge: NamedDependency[Knowledge],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> dict[str, Any]:
    """All documents by id."""
    size = require_limit(limit)
    documents = await knowledge.list_documents(caller.shop_id, read_cursor(cursor), size + 1)
    return page(documents, size, lambda document: document.id, lambda document: document)


@post("/v1/documents", status_code=200, summary="Create or replace a document", tags=["knowledge"])
async def write_document(
    data: JSONBody[NewDocument], caller: NamedDependency[Caller], knowledge: NamedDependency[Knowledge]
) -> dict[str, Any]:
    """Create or replace a document; searchable when this answers.

    429 `quota_exceeded` for a new one beyond the plan.
    """
    caller.require(Role.ADMIN)
    if data.format not in FORMATS:
        raise Invalid("There is no such format.", errors=(FieldError("format", f"one of {', '.join(FORMATS)}"),))
    if "\x00" in data.id + data.title + (data.url or ""):
        raise Invalid(
            "A text contains a NUL character.", errors=(FieldError("id", "must not contain NUL in id, title or url"),)
        )
    if data.url:
        _require_url(data.url)
    result = await knowledge.write_text(
        caller.shop_id, data.id, data.title, data.content, FORMATS[data.format], data.url
    )
    state = "created" if result.created else "updated" if result.updated else "unchanged"
    return {"id": data.id, "state": state, "passages": result.passages}


FORMATS = {"markdown": "md", "html": "html", "text": "txt"}


@delete("/v1/documents", status_code=204, summary="Delete a document", tags=["knowledge"])
async def delete_document(
    id: FromQuery[str], caller: NamedDependency[Caller], knowledge: NamedDependency[Knowledge]
) -> None:
    """`?id=`: ids may contain slashes."""
    caller.require(Role.ADMIN)
    if "\x00" in id:
        raise NotFound
    await knowledge.delete_document(caller.shop_id, id)


@post(
    "/v1/documents/upload",
    status_code=202,
    summary="Upload a document",
    tags=["knowledge"],
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def upload_document(
    data: MultipartBody[dict[str, Any]], caller: NamedDependency[Caller], jobs: NamedDependency[JobService]
) -> dict[str, Any]:
    """md, txt, html, pdf, docx, pptx, xlsx, csv, json, yaml, xml, epub, eml or code; read as a job."""
    caller.require(Role.ADMIN)
    file = data.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("The request has no file.", errors=(FieldError("file", "send it as multipart form data"),))
    name = (file.filename or "document").replace("\x00", "")[-200:]
    return {"job_id": await jobs.enqueue_file(caller.shop_id, "knowledge.import", name, await file.read(), {})}


@get("/v1/sources", summary="Sources", tags=["knowledge"])
async def list_sources(caller: NamedDependency[Caller], sources: NamedDependency[Sources]) -> SourceList:
    """Sites that are read into the shop's knowledge."""
    return SourceList(data=await sources.list(caller.shop_id))


@post("/v1/sources", status_code=201, summary="Add a source", tags=["knowledge"])
async def create_source(
    data: JSONBody[NewSource], caller: NamedDependency[Caller], sources: NamedDependency[Sources]
) -> SourceView:
    """Add a site; POST its /sync to read it."""
    caller.require(Role.ADMIN)
    _require_url(data.url)
    return await sources.add(caller.shop_id, data.url, data.max_pages)


@patch("/v1/sources/{source_id:str}", summary="Change a source", tags=["knowledge"])
async def change_source(
    source_id: FromPath[str],
    data: JSONBody[SourceChanges],
    caller: NamedDependency[Caller],
    sources: NamedDependency[Sources],
) -> SourceView:
    """Only the given fields change."""
    caller.require(Role.ADMIN)
    if data.url is not None:
        _require_url(data.url)
    return await sources.change(caller.shop_id, _require_id(source_id), data.url, data.max_pages)


@delete("/v1/sources/{source_id:str}", status_code=204, summary="Delete a source", tags=["knowledge"])
async def delete_source(
    source_id: FromPath[str], caller: NamedDependency[Caller], sources: NamedDependency[Sources]
) -> None:
    """The documents that came from it stay."""
    caller.require(Role.ADMIN)
    await sources.delete(caller.shop_id, _require_id(source_id))


@post("/v1/sources/{source_id:str}/sync", status_code=202, summary="Read a source now", tags=["knowledge"])
async def sync_source(
    source_id: FromPath[str], caller: NamedDependency[Caller], sources: NamedDependency[Sources]
) -> dict[str, Any]:
    """Crawl the site as a job."""
    caller.require(Role.ADMIN)
    return {"job_id": await sources.sync(caller.shop_id, _require_id(source_id))}


@get("/v1/jobs/{job_id:str}", summary="A job", tags=["knowledge"])
async def get_job(job_id: FromPath[str], caller: NamedDependency[Caller], jobs: NamedDependency[JobService]) -> JobView:
    """How far it is, and what could not be done."""
    return await jobs.get(caller.shop_id, _require_id(job_id))


def _require_id(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


def _require_url(url: str) -> None:
    if not is_web_address(url):
        raise Invalid("The address cannot be read.", errors=(FieldError("url", "https://shop.example/..."),))


knowledge_router = Router(
    path="/",
    route_handlers=[
        search,
        list_documents,
        write_document,
        delete_document,
        upload_document,
        list_sources,
        create_source,
        change_source,
        delete_source,
        sync_source,
        get_job,
    ],
)
