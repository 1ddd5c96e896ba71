"""For operators: is the process alive, can it work, what has it done."""

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from server.core.database import Database
from server.core.errors import AisleError
from server.core.metrics import Metrics
from server.migrations.fit import require_fit


@get("/health/live", summary="Liveness", tags=["operator"])
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", summary="Readiness", tags=["operator"])
async def ready(database: NamedDependency[Database], redis: NamedDependency[Any]) -> Response[dict[str, Any]]:
    """Whether it can serve. Without a Postgres that takes writes and has the schema and the rights this version needs
    it cannot (`detail` says what is the matter); without Redis it can, with less."""
    down, detail = [], None
    try:
        detail = await require_fit(database)
    except AisleError as reason:
        down.append("postgres")
        detail = reason.detail
    try:
        await redis.ping()
    except Exception:  # any reason counts as down
        down.append("redis")
    serving = "postgres" not in down
    body = {"status": "ready" if not down else ("degraded" if serving else "down"), "down": down}
    body |= {"detail": detail} if detail else {}
    return Response(body, status_code=200 if serving else 503, headers={} if serving else {"retry-after": "5"})


@get("/metrics", summary="Metrics", tags=["operator"], sync_to_thread=False)
def metrics_page(metrics: NamedDependency[Metrics]) -> Response[bytes]:
    """Prometheus text format; no label names a shop or a shopper."""
    return Response(generate_latest(metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST})


health_router = Router(path="/", route_handlers=[live, ready, metrics_page])
