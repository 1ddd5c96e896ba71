"""Counters and timings for GET /metrics (Prometheus). Labels are few and never name a shop."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

TURN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """All metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "aisle_turns_total",
            "Answers that have ended, by outcome (done, stopped, failed, or refused at the limit of a plan) and by who "
            "answered (engine, model or nobody)",
            ["outcome", "by"],
            registry=self.registry,
        )
        self.first_text = Histogram(
            "aisle_first_text_seconds",
            "Seconds from a shopper's message to the first text of its answer",
            buckets=TURN_SECONDS,
            registry=self.registry,
        )
        self.turn = Histogram(
            "aisle_turn_seconds",
            "Seconds from a shopper's message to the end of its answer",
            buckets=TURN_SECONDS,
            registry=self.registry,
        )
        self.streams = Gauge(
            "aisle_open_streams", "Event streams that are open in this process now", registry=self.registry
        )
        self.requests = Counter(
            "aisle_requests_total", "HTTP responses by status code", ["status"], registry=self.registry
        )
        self.fallbacks = Counter(
            "aisle_model_fallbacks_total",
            "Answers that the engine gave because the chat model failed before its first word, by the kind of failure",
            ["reason"],
            registry=self.registry,
        )
