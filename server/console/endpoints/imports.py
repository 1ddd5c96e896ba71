"""Files of products on their way in: the upload, and how far its job is."""

from litestar import Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect, Template

from server.catalog.endpoints import MAX_UPLOAD_BYTES
from server.console.endpoints.api import require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.job_page import job_page
from server.core.errors import FieldError, Invalid
from server.core.http import AnyRequest
from server.core.jobs import JobService

IMPORT = "/console/knowledge/import"
JOBS = "/console/knowledge/jobs"


@post(IMPORT, status_code=303, include_in_schema=False, request_max_body_size=MAX_UPLOAD_BYTES)
async def upload_products(
    request: AnyRequest, visitor: NamedDependency[Visitor], jobs: NamedDependency[JobService]
) -> Redirect:
    """Take a catalog file and read it as a job; then to the page of the job."""
    visitor.require_set_up()
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid("No file was sent.", errors=(FieldError("file", "choose one"),))
    job_id = await jobs.enqueue_file(
        visitor.caller.shop_id, "catalog.import", file.filename, await file.read(), {"mapping": ""}
    )
    return Redirect(f"{JOBS}/{job_id}", status_code=303, headers=HEADERS)


@get(f"{JOBS}/{{job_id:str}}", include_in_schema=False)
async def show_job(
    request: AnyRequest, job_id: FromPath[str], visitor: NamedDependency[Visitor], jobs: NamedDependency[JobService]
) -> Template:
    """How far a job is, and every row, file or page that did not go in."""
    job = await jobs.get(visitor.caller.shop_id, require_id(job_id))
    return render(request, "job", visitor=visitor, job=job_page(job))


imports_router = Router(
    path="/",
    route_handlers=[upload_products, show_job],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
