"""Privacy requests over HTTP: a merchant asks for one person's data to be told or erased."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from integrations.platform import NamedPerson
from server.core.errors import NotFound
from server.core.ids import parse_id
from server.privacy.service import Privacy
from server.shops.models import Caller, Role


class PrivacyRequest(Struct, frozen=True):
    """`POST /v1/privacy/exports` and `/v1/privacy/erasures`: e-mail or customer id, or both."""

    email: Annotated[str, Meta(max_length=254)] | None = None
    customer_id: Annotated[str, Meta(max_length=255)] | None = None
    order_numbers: Annotated[tuple[str, ...], Meta(max_length=100)] = ()


@get("/v1/privacy/requests", summary="Privacy requests", tags=["privacy"])
async def list_requests(caller: NamedDependency[Caller], privacy: NamedDependency[Privacy]) -> dict[str, Any]:
    """What was asked and done, with the number of rows of each kind."""
    caller.require(Role.ADMIN)
    return {"data": await privacy.records(caller.shop_id), "next_cursor": None}


@post("/v1/privacy/exports", status_code=201, summary="Export a person's data", tags=["privacy"])
async def export_person(
    data: JSONBody[PrivacyRequest], caller: NamedDependency[Caller], privacy: NamedDependency[Privacy]
) -> dict[str, Any]:
    """Gather all that is kept of a person."""
    caller.require(Role.ADMIN)
    return {"id": await privacy.export(caller.shop_id, _person(data), caller.actor)}


@get("/v1/privacy/exports/{request_id:str}", summary="Fetch an export", tags=["privacy"])
async def fetch_export(
    request_id: FromPath[str], caller: NamedDependency[Caller], privacy: NamedDependency[Privacy]
) -> Response[bytes]:
    """The gathered data as JSON."""
    caller.require(Role.ADMIN)
    found = parse_id(request_id)
    if found is None:
        raise NotFound
    body = await privacy.read_export(caller.shop_id, found)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


@post("/v1/privacy/erasures", status_code=201, summary="Erase a person's data", tags=["privacy"])
async def erase_person(
    data: JSONBody[PrivacyRequest], caller: NamedDependency[Caller], privacy: NamedDependency[Privacy]
) -> dict[str, Any]:
    """Take out all that is kept of a person; it cannot be brought back."""
    caller.require(Role.ADMIN)
    return {"id": await privacy.erase(caller.shop_id, _person(data), caller.actor)}


def _person(data: PrivacyRequest) -> NamedPerson:
    return NamedPerson(customer_id=data.customer_id, email=data.email, order_numbers=data.order_numbers)


privacy_router = Router(path="/", route_handlers=[list_requests, export_person, fetch_export, erase_person])
