"""Checks requests against Stripe's published description of 2023-08-16, where a copy lies beside the checkout."""

import functools
import gzip
import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "stripe"
_FORM = "application/x-www-form-urlencoded"

_YOUNGER = ("/v1/invoices/create_preview",)  # would be taken for an invoice's id

Schema = dict[str, Any]


@functools.cache
def description() -> Schema | None:
    """The document, None without a copy."""
    found = FOLDER / "spec3_2023-08-16.json.gz"
    return json.loads(gzip.decompress(found.read_bytes())) if found.exists() else None


@functools.cache
def examples() -> dict[str, dict[str, Any]] | None:
    """An object of each kind as of 2026-07-29, None without a copy."""
    found = FOLDER / "fixtures3_2026-07-29.json.gz"
    return json.loads(gzip.decompress(found.read_bytes()))["resources"] if found.exists() else None


def problems(method: str, path: str, params: dict[str, Any]) -> list[str] | None:
    """What the description has against a request, None when it does not know the endpoint."""
    operation = _operation(method, path)
    if operation is None:
        return None
    if method == "POST":
        schema = operation["requestBody"]["content"][_FORM]["schema"]
    else:
        named = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
        required = [each["name"] for each in named if each.get("required")]
        schema = {
            "type": "object",
            "required": required,
            "properties": {each["name"]: each["schema"] for each in named},
        }
    return _check(schema, params, "")


def _operation(method: str, path: str) -> Schema | None:
    paths = {} if path in _YOUNGER else (description() or {"paths": {}})["paths"]
    fitting = (each for each in paths if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", each), path))
    # a word of the path before a placeholder that would fit it as well: invoices/upcoming, not invoices/{invoice}
    template = min(fitting, key=lambda each: each.count("{"), default=None)
    found: Schema | None = paths[template].get(method.lower()) if template else None
    return found


def _check(schema: Schema, given: Any, path: str) -> list[str]:
    if "anyOf" in schema:
        return min((_check(each, given, path) for each in schema["anyOf"]), key=len)
    match schema.get("type"):
        case "object":
            return _check_object(schema, given, path)
        case "array":
            if not isinstance(given, dict):
                return [f"{path}: not a list"]
            return [each for key, value in given.items() for each in _check(schema["items"], value, f"{path}[{key}]")]
        case kind:
            return _check_plain(kind or "string", schema, given, path)


def _check_object(schema: Schema, given: Any, path: str) -> list[str]:
    if not isinstance(given, dict):
        return [f"{path}: not an object"]
    fields, free = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{path}[{name}]: missing" for name in schema.get("required", ()) if name not in given]
    for name, value in given.items():
        if name in fields:
            found += _check(fields[name], value, f"{path}[{name}]")
        elif not free:
            found.append(f"{path}[{name}]: unknown")
    return found


def _check_plain(kind: str, schema: Schema, given: Any, path: str) -> list[str]:
    patterns = {"integer": r"-?\d+", "boolean": "true|false", "number": r"-?\d+(\.\d+)?", "string": "(?s).*"}
    if not isinstance(given, str) or not re.fullmatch(patterns[kind], given):
        return [f"{path}: no {kind}"]
    words = schema.get("enum")
    return [f"{path}: {given} is none of {words}"] if words and given not in words else []
