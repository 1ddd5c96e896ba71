"""Checks requests and answers against OpenAI's published description, where a copy lies beside the checkout."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "openai"
_ROOT = "urn:openai"
_KEPT_COMPLAINTS = 50


class SchemaCheck:
    """Counts what it validated and keeps the complaints. Does nothing without the description."""

    def __init__(self, *, enabled: bool = True) -> None:
        found = sorted(_FOLDER.glob("openapi_*.json.gz")) if enabled else []
        self._description = found[-1] if found else None
        self.validated = 0
        self.invalid: list[str] = []

    @property
    def is_enabled(self) -> bool:
        """Whether there is a description to check against."""
        return self._description is not None

    def check(self, schema: str, value: Any) -> None:
        """`schema` is a name among the description's components."""
        if self._description is None:
            return
        self.validated += 1
        for error in _validator(self._description, schema).iter_errors(value):
            if len(self.invalid) < _KEPT_COMPLAINTS:
                self.invalid.append(f"{schema} {error.json_path}: {error.message}"[:400])


@cache  # each test of a run resets the stand-in, and reading the description takes longer than most of them
def _validator(description: Path, schema: str) -> Draft202012Validator:
    reference = {"$ref": f"{_ROOT}#/components/schemas/{schema}"}
    return Draft202012Validator(reference, registry=_registry(description))


@cache
def _registry(path: Path) -> Registry[Any]:
    document = _with_nulls(json.loads(gzip.decompress(path.read_bytes())))
    resource: Resource[Any] = DRAFT202012.create_resource(document)
    registry: Registry[Any] = Registry()
    return registry.with_resource(_ROOT, resource)


def _with_nulls(node: Any) -> Any:
    """The description says 3.1 and still writes `nullable: true`, which JSON Schema does not know."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _with_nulls(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain
