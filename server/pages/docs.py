"""The OpenAPI document: as JSON at `/openapi.json`, and as a page at `/docs`.

Litestar's render plugins (Scalar, Swagger, Redoc and others) need scripts and inline styles, from a CDN or from
megabytes served here. This page has no script, and its content security policy allows none.
"""

from typing import Any

from litestar import Response, Router, get
from litestar.response import Template
from msgspec import Struct

from server.core.http import AnyRequest

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
METHODS = ("get", "post", "put", "patch", "delete")
"""The methods that are shown, in this order."""
TITLES = {
    "shopper": "Shoppers",
    "shop": "The shop",
    "catalog": "Catalog",
    "knowledge": "Search, documents, sources, jobs",
    "staff": "Conversations and statistics",
    "billing": "Billing",
    "operator": "Operators",
    "stores": "Stores",
    "privacy": "Privacy",
}


class Field(Struct, frozen=True):
    """A query parameter, whose name begins with "?", or a field of the request's body."""

    name: str
    type: str
    is_required: bool


class Operation(Struct, frozen=True, kw_only=True):
    """One API call, as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    statuses: tuple[str, ...]


@get("/openapi.json", include_in_schema=False)
async def show_openapi(request: AnyRequest) -> Response[dict[str, Any]]:
    """The OpenAPI document as JSON."""
    return Response(request.app.openapi_schema.to_schema(), media_type="application/json")


@get("/docs", include_in_schema=False)
async def show_docs(request: AnyRequest) -> Template:
    """The OpenAPI document as a page, its operations grouped by tag in the order of TITLES."""
    document = request.app.openapi_schema.to_schema()
    groups: dict[str, list[Operation]] = {tag: [] for tag in TITLES}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = (methods[method].get("tags") or ["operator"])[0]
                groups.setdefault(tag, []).append(_operation(document, path, method, methods[method]))
    context = {"groups": [(TITLES.get(tag, tag), calls) for tag, calls in groups.items() if calls]}
    return Template("pages/docs.html", context=context, headers={"content-security-policy": CONTENT_SECURITY_POLICY})


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        fields=tuple(_fields(document, operation)),
        statuses=tuple(operation.get("responses", {})),
    )


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> list[Field]:
    """The query parameters, then the fields of the first request body."""
    content: dict[str, dict[str, Any]] = operation.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = next(iter(content.values()), {}).get("schema", {})
    resolved = _resolve(document, schema)
    required = set(resolved.get("required", ()))
    body = [Field(name, _type(field), name in required) for name, field in resolved.get("properties", {}).items()]
    query = [
        Field(f"?{parameter['name']}", _type(parameter.get("schema", {})), bool(parameter.get("required")))
        for parameter in operation.get("parameters", ())
        if parameter.get("in") == "query"
    ]
    return query + body


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document.get("components", {}).get("schemas", {}).get(name, {}) if name else schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return " or ".join(_type(option) for option in options)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


docs_router = Router(path="/", route_handlers=[show_openapi, show_docs])
