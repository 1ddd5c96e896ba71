"""The pages of documents: uploaded, written, read from the web; what was understood of each; edited and deleted."""

import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from server.console.endpoints.api import require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, parameter_of, provide_visitor, render
from server.console.knowledge_words import source_words, store_names
from server.console.service import StaffService
from server.console.view import web_url
from server.core.addresses import MAX_URL_CHARS, is_web_address
from server.core.errors import Invalid, RateLimited
from server.core.http import AnyRequest
from server.core.ids import new_id, parse_id
from server.core.jobs import JobService
from server.knowledge.library.models import DocumentQuery, DocumentText, LibraryItem
from server.knowledge.library.service import MAX_TEXT, Library
from server.knowledge.library.text import text_of
from server.knowledge.parsing.documents import MAX_FILE_BYTES
from server.knowledge.sources import Sources
from server.stores.service import StoreService

LIST = "/console/knowledge/documents"
PAGE = "/console/knowledge/document"
UPLOADS = f"{LIST}/uploads"
PAGE_SIZE = 50
MAX_CHOSEN = 500
MAX_FORM_BYTES = 50 * 1024 * 1024
"""Of all files that a browser without script sends at once."""
MAX_PAGES = 5_000
DEFAULT_PAGES = 200
FILTERS = ("q", "source")
TYPES = ".md,.txt,.html,.htm,.pdf,.docx,.pptx,.xlsx,.csv,.json,.jsonl,.yaml,.yml,.xml,.epub,.eml"

Form = URLEncodedBody[dict[str, str]]


@get(LIST, include_in_schema=False)
async def show_documents(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    sources: NamedDependency[Sources],
    stores: NamedDependency[StoreService],
    staff_service: NamedDependency[StaffService],
) -> Template:
    """All documents, the sites they are read from, and the ways to add some."""
    return await _list(request, visitor, library, sources, stores, staff_service)


@post(f"{LIST}/upload", status_code=303, include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def upload_documents(
    request: AnyRequest, visitor: NamedDependency[Visitor], jobs: NamedDependency[JobService]
) -> Redirect:
    """Take files, each of which is read as a job; then to the page of all that were sent together. `?batch=` adds to
    files that were sent before."""
    visitor.require_set_up()
    form = await request.form()
    files = [file for file in form.getall("file", []) if isinstance(file, UploadFile) and file.filename]
    if not files:
        raise Invalid("No file was sent.")
    batch = parse_id(request.query_params.get("batch", "")) or new_id()
    for file in files:
        await _enqueue(jobs, visitor, file, {"batch": str(batch)})
    return Redirect(f"{UPLOADS}/{batch}", status_code=303, headers=HEADERS)


@get(f"{UPLOADS}/{{batch:str}}", include_in_schema=False)
async def show_uploads(
    request: AnyRequest,
    batch: FromPath[str],
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
) -> Template:
    """How far files are that were sent together, each with what is wrong with it."""
    jobs = await staff_service.batch(visitor.caller, require_id(batch))
    over = [job for job in jobs if job.state in ("done", "failed")]
    return render(
        request, "uploads", visitor=visitor, jobs=jobs, over=len(over), failed=[job for job in jobs if job.errors]
    )


@post(f"{LIST}/text", status_code=303, include_in_schema=False)
async def write_document(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    sources: NamedDependency[Sources],
    stores: NamedDependency[StoreService],
    staff_service: NamedDependency[StaffService],
) -> Response[Any]:
    """Add a text."""
    given = {name: data.get(name, "") for name in ("title", "text", "url")}
    try:
        external_id = await library.create(visitor.caller, **given)
    except Invalid as reason:
        return await _list(
            request,
            visitor,
            library,
            sources,
            stores,
            staff_service,
            fields=given,
            errors=_problems(reason),
            opened="text",
        )
    return Redirect(f"{PAGE}?{urlencode({'id': external_id, 'saved': 1})}", status_code=303, headers=HEADERS)


@post(f"{LIST}/site", status_code=303, include_in_schema=False)
async def add_site(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    sources: NamedDependency[Sources],
    stores: NamedDependency[StoreService],
    staff_service: NamedDependency[StaffService],
) -> Response[Any]:
    """Add a page or a site, and read it at once."""
    visitor.require_set_up()
    given = {name: data.get(name, "").strip() for name in ("address", "reach", "max_pages")}
    address = given["address"] if "://" in given["address"] else f"https://{given['address']}"
    pages = "1" if given["reach"] == "page" else given["max_pages"] or str(DEFAULT_PAGES)
    errors = {}
    if not given["address"] or not is_web_address(address) or len(address) > MAX_URL_CHARS:
        errors["address"] = "Must be a web address such as https://shop.example/help."
    if not (re.fullmatch("[0-9]{1,4}", pages) and 1 <= int(pages) <= MAX_PAGES):
        errors["max_pages"] = f"Must be 1 to {MAX_PAGES:,}."
    if errors:
        return await _list(
            request, visitor, library, sources, stores, staff_service, fields=given, errors=errors, opened="site"
        )
    shop_id = visitor.caller.shop_id
    site = await sources.add(shop_id, address, int(pages))
    job_id = await sources.sync(shop_id, site.id)
    return Redirect(f"/console/knowledge/jobs/{job_id}", status_code=303, headers=HEADERS)


@post(f"{LIST}/sites/{{site_id:str}}", status_code=303, include_in_schema=False)
async def change_site(
    site_id: FromPath[str], data: Form, visitor: NamedDependency[Visitor], sources: NamedDependency[Sources]
) -> Redirect:
    """Read a site again, change how many pages are read of it, or forget it; its documents stay."""
    visitor.require_set_up()
    shop_id, site = visitor.caller.shop_id, require_id(site_id)
    match data.get("action", ""):
        case "read":
            job_id = await sources.sync(shop_id, site)
            return Redirect(f"/console/knowledge/jobs/{job_id}", status_code=303, headers=HEADERS)
        case "pages" if (
            re.fullmatch("[0-9]{1,4}", data.get("max_pages", "")) and 1 <= int(data["max_pages"]) <= MAX_PAGES
        ):
            await sources.change(shop_id, site, None, int(data["max_pages"]))
        case "remove":
            await sources.delete(shop_id, site)
        case _:
            raise Invalid(f"Nothing was changed. A number of pages is 1 to {MAX_PAGES:,}.")
    return Redirect(f"{LIST}#sites", status_code=303, headers=HEADERS)


@post(LIST, status_code=303, include_in_schema=False)
async def delete_documents(
    request: AnyRequest, visitor: NamedDependency[Visitor], library: NamedDependency[Library]
) -> Redirect:
    """Delete the chosen documents."""
    form = await request.form()
    chosen = [str(each) for each in form.getall("id", []) if "\x00" not in str(each)][:MAX_CHOSEN]
    count = await library.delete_many(visitor.caller, chosen)
    return Redirect(f"{LIST}?{urlencode({'deleted': count})}", status_code=303, headers=HEADERS)


@get(PAGE, include_in_schema=False)
async def show_document(
    request: AnyRequest,
    id: FromQuery[str],
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    stores: NamedDependency[StoreService],
) -> Template:
    """One document: what was understood, and the same as a text to edit."""
    known = await library.get(visitor.caller.shop_id, id)
    fields = {"title": known.item.title, "url": known.item.url or "", "text": text_of(known.sections)}
    return await _page(request, visitor, stores, known, fields, {})


@post(PAGE, status_code=303, include_in_schema=False)
async def save_document(
    request: AnyRequest,
    id: FromQuery[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    stores: NamedDependency[StoreService],
) -> Response[Any]:
    """Save the edited text, or nothing: then the page comes back with what is wrong."""
    visitor.require_set_up()
    known = await library.get(visitor.caller.shop_id, id)
    given = {name: data.get(name, "") for name in ("title", "text", "url")}
    try:
        await library.edit(visitor.caller, id, **given)
    except Invalid as reason:
        return await _page(request, visitor, stores, known, given, _problems(reason))
    return Redirect(f"{PAGE}?{urlencode({'id': id, 'saved': 1})}", status_code=303, headers=HEADERS)


@post(f"{PAGE}/replace", status_code=303, include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def replace_document(
    request: AnyRequest,
    id: FromQuery[str],
    visitor: NamedDependency[Visitor],
    library: NamedDependency[Library],
    jobs: NamedDependency[JobService],
) -> Redirect:
    """Read a file in the place of a document."""
    visitor.require_set_up()
    known = await library.get(visitor.caller.shop_id, id)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid("No file was sent.")
    batch = new_id()
    about = {"batch": str(batch), "document_id": known.item.id, "url": known.item.url}
    await _enqueue(jobs, visitor, file, about)
    return Redirect(f"{UPLOADS}/{batch}", status_code=303, headers=HEADERS)


async def _enqueue(jobs: JobService, visitor: Visitor, file: UploadFile, about: dict[str, Any]) -> UUID:
    """A file as a job. Raises Invalid for one that no job would read, RateLimited while too many wait."""
    data = await file.read()
    name = file.filename.replace("\x00", "")[-200:]
    if len(data) > MAX_FILE_BYTES:
        raise Invalid(f"{name} is larger than {MAX_FILE_BYTES // 2**20} MB; split it. Files before it are being read.")
    try:
        return await jobs.enqueue_file(visitor.caller.shop_id, "knowledge.import", name, data, about)
    except RateLimited as reason:
        raise RateLimited(
            f"{name} and the files after it were not taken. {reason.detail}", retry_after_s=reason.retry_after_s
        ) from None


async def _list(
    request: AnyRequest,
    visitor: Visitor,
    library: Library,
    sources: Sources,
    stores: StoreService,
    staff_service: StaffService,
    *,
    fields: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    opened: str = "",
) -> Template:
    shop_id = visitor.caller.shop_id
    given = {name: parameter_of(request, name) for name in FILTERS}
    before = parameter_of(request, "before") or None
    found = await library.search(
        shop_id,
        DocumentQuery(
            text=given["q"],
            source=given["source"],
            after=parameter_of(request, "after"),
            before=before,
            limit=PAGE_SIZE + 1,
        ),
    )
    is_more = len(found) > PAGE_SIZE
    shown = found[-PAGE_SIZE:] if before else found[:PAGE_SIZE]
    is_first = not before and "after" not in request.query_params
    names = store_names(await stores.list_stores(shop_id))
    sites = await sources.list(shop_id)
    counted = await library.list_sources(shop_id)
    deleted = parameter_of(request, "deleted")
    return render(
        request,
        "documents",
        visitor=visitor,
        status=422 if errors else 200,
        documents=shown,
        filters=given,
        is_filtered=any(given.values()),
        is_first=is_first,
        sources=[(each.source, source_words(each.source, names), each.documents) for each in counted],
        total=sum(each.documents for each in counted),
        source_words=lambda source: source_words(source, names),
        sites=sites,
        crawls=await staff_service.crawls(visitor.caller),
        fields={"max_pages": str(DEFAULT_PAGES), "reach": "site"} | (fields or {}),
        errors=errors or {},
        opened=opened,
        deleted=int(deleted) if deleted.isdecimal() else None,
        earlier=_link(given, before=shown[0]) if shown and (is_more if before else not is_first) else None,
        later=_link(given, after=shown[-1]) if shown and (is_more or before) else None,
        batch=new_id(),
        types=TYPES,
        max_file_bytes=MAX_FILE_BYTES,
        max_pages=MAX_PAGES,
    )


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    stores: StoreService,
    known: DocumentText,
    fields: dict[str, str],
    errors: dict[str, str],
) -> Template:
    names = store_names(await stores.list_stores(visitor.caller.shop_id))
    return render(
        request,
        "document",
        visitor=visitor,
        status=422 if errors else 200,
        document=known.item,
        sections=known.sections,
        link=web_url(known.item.url),
        source=source_words(known.item.source, names),
        is_read_again=known.item.source == "site" or known.item.source.startswith("store:"),
        fields=fields,
        errors=errors,
        saved="saved" in request.query_params,
        is_editable=sum(len(section.text) for section in known.sections) <= MAX_TEXT,
        types=TYPES,
    )


def _problems(reason: Invalid) -> dict[str, str]:
    """What is wrong, by field."""
    return {error.field: f"{error.message[:1].upper()}{error.message[1:]}." for error in reason.errors}


def _link(given: dict[str, str], **place: LibraryItem) -> str:
    at = {name: item.id for name, item in place.items()}
    return f"{LIST}?{urlencode({name: value for name, value in given.items() if value} | at)}"


documents_router = Router(
    path="/",
    route_handlers=[
        show_documents,
        upload_documents,
        show_uploads,
        write_document,
        add_site,
        change_site,
        delete_documents,
        show_document,
        save_document,
        replace_document,
    ],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
