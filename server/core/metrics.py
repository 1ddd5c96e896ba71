"""Counters and timings for GET /metrics (Prometheus). Labels are few and never name a shop."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

TURN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """All metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter("aisle_turns_total", "Turns ended", ["outcome", "by"], registry=self.registry)
        self.first_text = Histogram(
            "aisle_first_text_seconds",
            "From message to first text",
            buckets=TURN_SECONDS,
            registry=self.registry,
        )
        self.turn = Histogram("aisle_turn_seconds", "From message to end", buckets=TURN_SECONDS, registry=self.registry)
        self.streams = Gauge("aisle_open_streams", "Event streams open now", registry=self.registry)
        self.requests = Counter("aisle_requests_total", "HTTP answers", ["status"], registry=self.registry)
        self.fallbacks = Counter(
            "aisle_model_fallbacks_total", "Turns the engine took over", ["reason"], registry=self.registry
        )
