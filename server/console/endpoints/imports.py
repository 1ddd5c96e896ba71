"""Files of products on their way in: the upload, a look at what it will become, and how far its job is."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from server.catalog.endpoints import MAX_UPLOAD_BYTES
from server.catalog.formats import UnreadableFile
from server.catalog.formats.detect_and_read import read_file_head
from server.catalog.preview import MAX_COLUMNS_SHOWN, MAX_ROWS, FilePreview, preview_file
from server.console.endpoints.api import require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.import_page import TARGET_WORDS, mapping_of, problem_of, rows_of, warnings_of
from server.console.job_page import job_page
from server.console.languages import language_names
from server.core.errors import FieldError, Invalid
from server.core.http import AnyRequest
from server.core.jobs import JobService, Upload
from server.languages.detection import detect_language
from server.models.embedders import language_of
from server.shops.hours import time_zone
from server.shops.models import ShopProfile
from server.shops.service import ShopService

IMPORT = "/console/knowledge/import"
JOBS = "/console/knowledge/jobs"

Form = URLEncodedBody[dict[str, str]]


@post(IMPORT, status_code=303, include_in_schema=False, request_max_body_size=MAX_UPLOAD_BYTES)
async def upload_products(
    request: AnyRequest, visitor: NamedDependency[Visitor], jobs: NamedDependency[JobService]
) -> Redirect:
    """Keep a catalog file until it is imported; then to the look at it."""
    visitor.require_set_up()
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid("No file was sent.", errors=(FieldError("file", "choose one"),))
    name = file.filename.replace("\x00", "")[-200:]
    upload_id = await jobs.store_file(visitor.caller.shop_id, name, await file.read())
    return Redirect(f"{IMPORT}/{upload_id}", status_code=303, headers=HEADERS)


@get(f"{IMPORT}/{{upload_id:str}}", include_in_schema=False)
async def show_import(
    request: AnyRequest,
    upload_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    jobs: NamedDependency[JobService],
    shops: NamedDependency[ShopService],
) -> Template:
    """The columns, the first rows as they will be, and warnings. Nothing is written yet."""
    visitor.require_set_up()
    return await _look(request, visitor, jobs, shops, upload_id, dict(request.query_params.items()))


@post(f"{IMPORT}/{{upload_id:str}}", status_code=303, include_in_schema=False)
async def start_import(
    request: AnyRequest,
    upload_id: FromPath[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    jobs: NamedDependency[JobService],
    shops: NamedDependency[ShopService],
) -> Response[Any]:
    """Import the file with the columns as they are chosen, as a job."""
    visitor.require_set_up()
    upload = await jobs.get_file(visitor.caller.shop_id, require_id(upload_id))
    try:
        mapping, problem = await asyncio.to_thread(_mapping, upload, data)
    except UnreadableFile:
        return await _look(request, visitor, jobs, shops, upload_id, data, status=422)
    if problem:
        return await _look(request, visitor, jobs, shops, upload_id, data, status=422)
    job_id = await jobs.enqueue_stored(
        visitor.caller.shop_id, "catalog.import", require_id(upload_id), {"mapping": mapping}
    )
    return Redirect(f"{JOBS}/{job_id}", status_code=303, headers=HEADERS)


@get(f"{JOBS}/{{job_id:str}}", include_in_schema=False)
async def show_job(
    request: AnyRequest, job_id: FromPath[str], visitor: NamedDependency[Visitor], jobs: NamedDependency[JobService]
) -> Template:
    """How far a job is, and every row, file or page that did not go in."""
    job = await jobs.get(visitor.caller.shop_id, require_id(job_id))
    return render(request, "job", visitor=visitor, job=job_page(job))


async def _look(
    request: AnyRequest,
    visitor: Visitor,
    jobs: JobService,
    shops: ShopService,
    upload_id: str,
    given: dict[str, str],
    *,
    status: int = 200,
) -> Template:
    profile = await shops.profile(visitor.caller.shop_id)
    upload = await jobs.get_file(visitor.caller.shop_id, require_id(upload_id))
    unreadable, problem, preview = "", "", None
    try:
        preview, problem = await asyncio.to_thread(_preview, upload, given, profile)
    except UnreadableFile as reason:
        unreadable = str(reason)
    return render(
        request,
        "import",
        visitor=visitor,
        status=status,
        file_name=upload.name,
        upload_id=upload_id,
        preview=preview,
        unreadable=unreadable,
        problem=problem or (problem_of(preview) if preview else ""),
        warnings=[*_language_warning(preview, profile.locale), *warnings_of(preview, profile.currency)]
        if preview
        else [],
        rows=rows_of(preview) if preview else [],
        targets=TARGET_WORDS,
        chosen={name: value for name, value in given.items() if name.startswith("column.")},
        max_rows=MAX_ROWS,
    )


def _preview(upload: Upload, given: dict[str, str], profile: ShopProfile) -> tuple[FilePreview, str]:
    mapping, problem = _mapping(upload, given)
    with tempfile.TemporaryDirectory(prefix="aisle-preview-") as folder:
        preview = preview_file(
            _file(upload, folder),
            mapping,
            profile.currency,
            zone=time_zone(profile.handoff),
            storefront_url=profile.storefront_url,
        )
    return preview, problem


def _mapping(upload: Upload, given: dict[str, str]) -> tuple[dict[str, str], str]:
    with tempfile.TemporaryDirectory(prefix="aisle-preview-") as folder:
        columns = read_file_head(_file(upload, folder), 5).columns[:MAX_COLUMNS_SHOWN]
    return mapping_of(given, {str(number): name for number, name in enumerate(columns)})


def _file(upload: Upload, folder: str) -> Path:
    path = Path(folder) / "file"
    path.write_bytes(upload.data)
    return path


def _language_warning(preview: FilePreview, locale: str) -> list[str]:
    """Whether the texts seem to be in another language than the shop's."""
    own = language_of(locale)
    text = " ".join(f"{product.title}. {product.description[:500]}" for product in preview.products)
    found = detect_language(text, own) if text else own
    if found == own:
        return []
    (_, theirs), (_, ours) = *language_names([found]), *language_names([own])
    return [f"The texts look like {theirs}, and the language of Settings is {ours}."]


imports_router = Router(
    path="/",
    route_handlers=[upload_products, show_import, start_import, show_job],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
