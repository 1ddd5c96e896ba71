"""Every field of every JSON body in /openapi.json with a value of another JSON type: refused by name, and never with a
500. Fields of objects whose shape /openapi.json does not tell are listed here."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.shops.appearance import SETTINGS
from tests.architecture.test_routes import SHOPPER_ROUTES, WISHES
from tests.installation import Installation, ShopAccess, Shopper

WRONG: tuple[Any, ...] = ([], "x", [None], 1, None, {})
TYPES = {list: "array", str: "string", int: "integer", type(None): "null", dict: "object"}
TAKEN_AS = {"integer": {"integer", "number", "boolean", "date-time"}}
"""Litestar converts leniently: 1 is as good as true, or as a second after 1970 began."""

Path = tuple[str | int, ...]
Route = tuple[str, str]

BODIES: dict[Route, Any] = {route: wish["json"] for route, wish in WISHES.items() if "json" in wish} | {
    ("POST", "/v1/sessions"): {"key": "pk_nobody"},
    ("PUT", "/v1/products/{external_id}"): {"id": "unknown", "title": "A kettle"},
    ("POST", "/v1/connections/{connection_id}/sync"): {},
}
"""A well-formed body for each route that takes one."""
LOOSE: dict[Route, tuple[Path, ...]] = {
    ("PATCH", "/v1/shop"): (
        *(("appearance", name) for name in SETTINGS),
        *(("appearance", name, 0) for name in ("rules", "nudges")),
        *(("appearance", name, "x") for name in ("launcher", "offset", "phone", "quiet", "variables")),
        ("handoff", "online"),
        ("handoff", "hours"),
        ("handoff", "hours", "timezone"),
        ("handoff", "hours", "days"),
        ("handoff", "hours", "days", "mon"),
        ("handoff", "hours", "days", "mon", 0),
        ("handoff", "hours", "days", "mon", 0, 0),
    ),
    ("POST", "/v1/chat"): (
        ("message", "id"),
        ("message", "role"),
        ("message", "parts"),
        ("message", "parts", 0),
        ("message", "parts", 0, "type"),
        ("message", "parts", 0, "text"),
        ("messages", 0, "parts"),
        ("context", "product_id"),
        ("context", "page"),
    ),
    ("POST", "/v1/connections"): (
        ("settings", "url"),
        ("settings", "store_url"),
        ("settings", "feed_url"),
        ("credentials", "x"),
    ),
}


@pytest.fixture(scope="module")
def described(installation: Installation) -> dict[str, Any]:
    return dict(httpx.get(f"{installation.base_url}/openapi.json").raise_for_status().json())


@pytest.fixture(scope="module")
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Types", "https://types.example")


@pytest.fixture(scope="module")
def shopper(installation: Installation, shop: ShopAccess) -> Iterator[Shopper]:
    shopper = installation.shopper(shop)
    yield shopper
    shopper.client.close()


@pytest.fixture
def client(installation: Installation, shop: ShopAccess, shopper: Shopper, route: Route) -> Iterator[httpx.Client]:
    with installation.merchant(shop) as merchant:
        yield shopper.client if route in SHOPPER_ROUTES else merchant


def fields_of(described: dict[str, Any], schema: dict[str, Any], at: Path = ()) -> Iterator[tuple[Path, set[str]]]:
    """Each place in a body, and the JSON types it takes; none where anything may stand."""
    shapes = list(_shapes(described, schema))
    yield at, {kind for shape in shapes for kind in _kinds(shape)}
    for shape in shapes:
        for name, inner in shape.get("properties", {}).items():
            yield from fields_of(described, inner, (*at, name))
        if "items" in shape:
            yield from fields_of(described, shape["items"], (*at, 0))
        if shape.get("additionalProperties"):
            yield from fields_of(described, shape["additionalProperties"], (*at, "x"))


def _shapes(described: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in ("oneOf", "anyOf"):
        for inner in schema.get(choice, ()):
            yield from _shapes(described, inner)
    if "type" in schema or "enum" in schema:
        yield schema


def _kinds(shape: dict[str, Any]) -> set[str]:
    kind = shape.get("type", "string")
    return {*([kind] if isinstance(kind, str) else kind), shape.get("format", "")}


def with_value(body: Any, at: Path, value: Any) -> Any:
    """The body with another value at this place; what is missing on the way there is made."""
    if not at:
        return value
    step, rest = at[0], at[1:]
    if isinstance(step, int):
        return [with_value(body[0] if isinstance(body, list) and body else None, rest, value)]
    known = body if isinstance(body, dict) else {}
    return known | {step: with_value(known.get(step), rest, value)}


@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_a_value_of_another_type_is_refused_by_name(
    described: dict[str, Any], client: httpx.Client, shopper: Shopper, route: Route
) -> None:
    method, path = route
    ids = dict.fromkeys(("external_id", "source_id", "key_id", "connection_id"), "unknown")
    own = shopper.conversation_id if route in SHOPPER_ROUTES else "unknown"
    address = path.format(conversation_id=own, **ids)
    schema = described["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    places = [*fields_of(described, schema), *((at, set[str]()) for at in LOOSE.get(route, ()))]
    assert len(places) > 1
    for at, kinds in places:
        for value in WRONG:
            response = client.request(method, address, json=with_value(BODIES[route], at, value))
            told = f"{value!r} at {at}: {response.status_code} {response.text[:300]}"
            assert response.status_code != 500, told
            if kinds and not kinds & TAKEN_AS.get(TYPES[type(value)], {TYPES[type(value)]}):
                assert response.status_code in (400, 422), told
                named = [error["field"] for error in response.json()["errors"]]
                assert any(name.startswith(str(at[0]) if at else "body") for name in named), told


def test_every_json_body_is_walked(described: dict[str, Any]) -> None:
    takes_json = {
        (method.upper(), path)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert takes_json == set(BODIES)
