"""A shop's products over HTTP."""

from collections.abc import Iterator
from typing import Any

from litestar import Router, delete, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody
from msgspec import Struct

from server.catalog.models import ProductInput, Saved, product_of, product_view
from server.catalog.service import Catalog
from server.core.addresses import is_web_address
from server.core.errors import FieldError, Invalid, NotFound, QuotaExceeded
from server.core.jobs import JobService
from server.core.money import MAX_AMOUNT, is_currency
from server.core.paging import page, read_cursor, require_limit
from server.shops.features import LIMIT_RETRY_AFTER_S
from server.shops.models import Caller, Role

MAX_BATCH = 500
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_EXTERNAL_ID = 512


class ProductBatch(Struct, frozen=True):
    """`POST /v1/products`."""

    products: list[ProductInput]


@get("/v1/products", summary="Products", tags=["catalog"])
async def list_products(
    caller: NamedDependency[Caller],
    catalog: NamedDependency[Catalog],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> dict[str, Any]:
    """All products by id."""
    size = require_limit(limit)
    products = await catalog.list_after(caller.shop_id, read_cursor(cursor), size + 1)
    return page(products, size, lambda stored: stored.product.external_id, product_view)


@get("/v1/products/{external_id:str}", summary="One product", tags=["catalog"])
async def get_product(
    external_id: FromPath[str], caller: NamedDependency[Caller], catalog: NamedDependency[Catalog]
) -> dict[str, Any]:
    """A product by the id the merchant's system knows."""
    _require_text(external_id)
    found = await catalog.find(caller.shop_id, [external_id], with_hidden=True)
    if external_id not in found:
        raise NotFound
    return product_view(found[external_id])


@post("/v1/products", status_code=200, summary="Create or update products", tags=["catalog"])
async def write_products(
    data: JSONBody[ProductBatch], caller: NamedDependency[Caller], catalog: NamedDependency[Catalog]
) -> dict[str, Any]:
    """Create or update up to 500 products; searchable when this answers.

    Products beyond the plan are named in `failed` and the rest is kept. 429 `quota_exceeded` when nothing was kept;
    products that are there already can always be updated.
    """
    caller.require(Role.ADMIN)
    if len(data.products) > MAX_BATCH:
        raise Invalid(
            "Too many products in one request.", errors=(FieldError("products", f"at most {MAX_BATCH}; import a file"),)
        )
    _require_products(data.products)
    products = {given.id: product_of(given) for given in data.products}
    saved = await catalog.save(caller.shop_id, list(products.values()), "api")
    places = {given.id: f"products[{index}]" for index, given in enumerate(data.products)}
    _require_any_stored(saved, places)
    response: dict[str, Any] = {"created": saved.created, "updated": saved.updated, "unchanged": saved.unchanged}
    if saved.refused:
        response["failed"] = [{"id": each, "reason": reason} for each, reason in saved.refused.items()]
    return response


@put("/v1/products/{external_id:str}", status_code=200, summary="Create or replace a product", tags=["catalog"])
async def write_product(
    external_id: FromPath[str],
    data: JSONBody[ProductInput],
    caller: NamedDependency[Caller],
    catalog: NamedDependency[Catalog],
) -> dict[str, Any]:
    """Create or replace a product. 429 `quota_exceeded` for a new one beyond the plan."""
    caller.require(Role.ADMIN)
    if data.id != external_id:
        raise Invalid(
            "The body and the address name different products.",
            errors=(FieldError("id", "must equal the id in the address"),),
        )
    _require_products([data])
    _require_any_stored(await catalog.save(caller.shop_id, [product_of(data)], "api"), {data.id: "id"})
    return product_view((await catalog.find(caller.shop_id, [external_id], with_hidden=True))[external_id])


@delete("/v1/products/{external_id:str}", status_code=204, summary="Delete a product", tags=["catalog"])
async def delete_product(
    external_id: FromPath[str], caller: NamedDependency[Caller], catalog: NamedDependency[Catalog]
) -> None:
    """It is not found by any search from now on."""
    caller.require(Role.ADMIN)
    _require_text(external_id)
    await catalog.delete(caller.shop_id, external_id)


@post(
    "/v1/products/import",
    status_code=202,
    summary="Import a product file",
    tags=["catalog"],
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def import_products(
    data: MultipartBody[dict[str, Any]], caller: NamedDependency[Caller], jobs: NamedDependency[JobService]
) -> dict[str, Any]:
    """CSV, JSON, a platform's export or a feed; read as a job. Drafts are skipped; of a file that is not understood
    nothing is written."""
    caller.require(Role.ADMIN)
    file = data.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("The request has no file.", errors=(FieldError("file", "send it as multipart form data"),))
    payload = {"mapping": str(data.get("map") or "")}
    job_id = await jobs.enqueue_file(
        caller.shop_id, "catalog.import", file.filename or "products", await file.read(), payload
    )
    return {"job_id": job_id}


def _require_text(external_id: str) -> None:
    if "\x00" in external_id:  # Postgres has no such text, so it is nobody's id
        raise NotFound


def _require_products(products: list[ProductInput]) -> None:
    errors = [error for index, given in enumerate(products) for error in _problems(f"products[{index}]", given)]
    if errors:
        raise Invalid("Some products are not valid; nothing was saved.", errors=tuple(errors))


def _require_any_stored(saved: Saved, places: dict[str, str]) -> None:
    """Raises QuotaExceeded when nothing was stored: a client may look at the status only."""
    if saved.refused and not (saved.created or saved.updated or saved.unchanged):
        errors = tuple(FieldError(places[each], reason) for each, reason in saved.refused.items())
        raise QuotaExceeded(
            "The plan's limit is reached; nothing was saved.", errors=errors, retry_after_s=LIMIT_RETRY_AFTER_S
        )


def _problems(place: str, given: ProductInput) -> Iterator[FieldError]:
    if not 1 <= len(given.id) <= MAX_EXTERNAL_ID or "\x00" in given.id:
        yield FieldError(f"{place}.id", f"1 to {MAX_EXTERNAL_ID} characters")
    if not given.title.strip():
        yield FieldError(f"{place}.title", "must not be empty")
    for field in ("url", "image_url"):
        if (url := getattr(given, field)) and not is_web_address(url):
            yield FieldError(f"{place}.{field}", "must be a web address with https:// and without spaces or quotes")
    for price in (given.price, given.compare_at_price, *(variant.price for variant in given.variants)):
        if price and not (0 <= price.amount <= MAX_AMOUNT and is_currency(price.currency)):
            yield FieldError(f"{place}.price", f"must be 0 to {MAX_AMOUNT} minor units with an ISO 4217 code")


catalog_router = Router(
    path="/",
    route_handlers=[list_products, get_product, write_products, write_product, delete_product, import_products],
)
