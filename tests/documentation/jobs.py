"""docs/jobs.md, from the handlers that the wiring registers and docs/reference/jobs.toml."""

import ast
import importlib
import inspect
import sys
from types import ModuleType
from typing import Any

from server import upkeep, worker
from server.core import jobs
from tests.documentation.markdown import Undescribed, code, descriptions, page, table

REGISTRIES = ("job_handlers", "billing_handlers")
WIRING = ("server.wiring", "server.wiring.billing")


def handlers() -> dict[str, type[Any]]:
    """Every kind of job with the class that runs it, as the wiring's code says."""
    return {kind: handler for name in WIRING for kind, handler in _handlers_of(importlib.import_module(name)).items()}


def _handlers_of(module: ModuleType) -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.FunctionDef) and node.name in REGISTRIES:
            for key, value in _entries(node):
                kind = key.value if isinstance(key, ast.Constant) else getattr(module, ast.unparse(key))
                found[kind] = getattr(module, ast.unparse(value.func))
    return found


def _entries(function: ast.FunctionDef) -> list[tuple[ast.expr, ast.Call]]:
    """(kind, handler being made) of each entry of a dict, written whole or one by one."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    for node in ast.walk(function):
        match node:
            case ast.Dict(keys=keys, values=values):
                pairs += zip(keys, values, strict=True)
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
                pairs.append((key, value))
    return [(key, value) for key, value in pairs if key is not None and isinstance(value, ast.Call)]


def render() -> str:
    """The page. Raises Undescribed, also for an urgent kind that no handler has."""
    by_kind = handlers()
    texts = descriptions("jobs", by_kind)
    if unknown := jobs.URGENT_KINDS - set(by_kind):
        raise Undescribed(f"URGENT_KINDS names {', '.join(unknown)}, which no handler runs")
    rows = [_row(kind, by_kind[kind], texts[kind]) for kind in sorted(by_kind)]
    return page(
        "Jobs",
        "`server/wiring/` and `docs/reference/jobs.toml`",
        "Work that takes longer than a request is a row of the table `job`, written in the transaction that asks for "
        "it. `aisle worker` runs it: woken by Redis at once, and without Redis within "
        f"{worker.SWEEP_S:g} seconds. `GET /v1/jobs/{{id}}` shows how a job goes: `state` is `queued`, `running`, "
        f"`done` or `failed`.",
        f"A worker runs up to {worker.CONCURRENT_JOBS} jobs at once, one at a time of each shop. Urgent jobs have "
        f"{worker.CONCURRENT_JOBS} places of their own, because somebody is waiting for them. A worker renews its "
        f"lease on a job; after {jobs.LEASE_S} seconds of silence another worker takes the job over. After an "
        f"unexpected error a job is tried again in {worker.RETRY_S:g} seconds. It fails for good after "
        f"{jobs.MAX_ATTEMPTS} attempts.",
        table(["kind", "what it does", "when it is enqueued", "when it is tried again", "urgent"], rows),
    )


def _row(kind: str, handler: type[Any], text: dict[str, str]) -> tuple[str, ...]:
    constants = vars(sys.modules[handler.__module__]) | {"upkeep": upkeep}
    does, enqueued, retries = (text[name].format_map(constants) for name in ("does", "enqueued", "retries"))
    return code(kind), does, enqueued, retries, "yes" if kind in jobs.URGENT_KINDS else ""
