"""docs/metrics.md, from `server.core.metrics`."""

from prometheus_client.metrics import MetricWrapperBase

from server.core.metrics import TURN_SECONDS, Metrics
from tests.documentation.markdown import code, page, table


def render() -> str:
    """The page."""
    found = [each for each in vars(Metrics()).values() if isinstance(each, MetricWrapperBase)]
    return page(
        "Metrics",
        "`server/core/metrics.py`",
        "`GET /metrics` answers in the format of Prometheus with the figures of the process that serves the request. "
        "With `aisle serve --workers N` each scrape reaches one of N processes. The address needs no credential, so "
        "keep it off the public proxy. No label names a shop or a person.",
        table(["metric", "type", "what it counts", "labels"], [_row(each) for each in sorted(found, key=_name)]),
        "The buckets of the histograms end at " + ", ".join(f"{each:g}" for each in TURN_SECONDS) + " seconds.",
    )


def _name(metric: MetricWrapperBase) -> str:
    described = metric.describe()[0]
    return f"{described.name}_total" if described.type == "counter" else str(described.name)


def _row(metric: MetricWrapperBase) -> tuple[str, ...]:
    described = metric.describe()[0]
    labels = ", ".join(map(code, metric._labelnames))
    return code(_name(metric)), described.type, described.documentation, labels
