"""The state of the stand-in: every object by kind and id, its clock, and the events that changes cause.

Objects have the shape that the API answers with. What Stripe does not show is in `notes`, by object id.
"""

import copy
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from server.embedded.standins.stripe.faults import missing

API_VERSION = "2026-10-28.endive"
DAY = 86_400

Object = dict[str, Any]


class Clock:
    """Runs with the machine's, or stands still when `frozen_at` (Unix seconds) is given; moves on request."""

    def __init__(self, frozen_at: int | None = None) -> None:
        self._frozen_at, self._ahead_s = frozen_at, 0
        self._replayed_at: int | None = None

    def now(self) -> int:
        if self._replayed_at is not None:
            return self._replayed_at
        return self._frozen_at if self._frozen_at is not None else int(time.time()) + self._ahead_s

    def move_to(self, at: int) -> None:
        """Move the clock forward to `at` (Unix seconds), never back."""
        step = max(0, at - self.now())
        if self._frozen_at is not None:
            self._frozen_at += step
        self._ahead_s += step

    def replay_at(self, at: int | None) -> None:
        """Show `at` (Unix seconds) while something that was due then is done late; None ends that."""
        self._replayed_at = at

    @property
    def ahead_s(self) -> int:
        return self._ahead_s


class Behaviour(msgspec.Struct):
    """How this account is set up."""

    retry_after_s: tuple[int, ...] = (3 * DAY, 5 * DAY, 7 * DAY)
    after_last_retry: str = "cancel"  # or "unpaid", "past_due"
    draft_for_s: int = 3600
    trial_warning_s: int = 3 * DAY
    session_for_s: int = DAY


class Store:
    """All state. `lock` is locked while a request is answered and while the clock moves."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.behaviour = Behaviour()
        self.url = "http://127.0.0.1"
        self.tables: dict[str, dict[str, Object]] = {}
        self.notes: dict[str, Object] = {}
        self.lock = threading.RLock()
        self.listeners: list[Callable[[Object], None]] = []
        self.request: Object = {"id": None, "idempotency_key": None}

    def now(self) -> int:
        """Unix seconds of the stand-in's clock."""
        return self.clock.now()

    def new_id(self, prefix: str) -> str:
        """A random id, so that it is also new to a client that has ids of an earlier run."""
        return f"{prefix}_{secrets.token_hex(12)}"

    def add(self, made: Object) -> Object:
        """Store a new object under its kind and id, and return it."""
        self.tables.setdefault(made["object"], {})[made["id"]] = made
        return made

    def get(self, kind: str, wanted: str, param: str = "id") -> Object:
        """The stored object itself, not a copy. Raises Fault with 404, as Stripe, when there is none."""
        found = self.tables.get(kind, {}).get(wanted)
        if found is None:
            raise missing(kind, wanted, param)
        return found

    def find(self, wanted: str | None) -> Object | None:
        """The object with this id, whatever its kind; None without one."""
        return next((table[wanted] for table in self.tables.values() if wanted in table), None) if wanted else None

    def all(self, kind: str) -> list[Object]:
        """All objects of a kind, newest first."""
        return list(reversed(self.tables.get(kind, {}).values()))

    def where(self, kind: str, **wanted: Any) -> Iterator[Object]:
        """The objects of a kind whose fields have these values, newest first."""
        return (each for each in self.all(kind) if all(each.get(name) == value for name, value in wanted.items()))

    def note(self, object_id: str) -> Object:
        """What Stripe knows about an object and the API does not show; an empty dict to fill at first."""
        return self.notes.setdefault(object_id, {})

    def emit(self, kind: str, about: Object, previous: Object | None = None) -> None:
        """Create an event with a copy of the object as it is now, and pass it to the listeners."""
        data: Object = {"object": copy.deepcopy(about)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self.request),
            "type": kind,
        }
        self.add(event)
        for listener in self.listeners:
            listener(event)

    def emit_change(self, kind: str, about: Object, before: Object) -> None:
        """Create an event with the top-level fields that changed, or none when nothing did."""
        previous = {name: value for name, value in before.items() if about.get(name) != value}
        if previous:
            self.emit(kind, about, previous)

    def save(self, path: Path) -> None:
        """Write everything to a file, so that another run can continue."""
        with self.lock:
            state = {"ahead_s": self.clock.ahead_s, "tables": self.tables, "notes": self.notes}
            temporary = path.with_suffix(".tmp")
            temporary.write_bytes(msgspec.json.encode(state))
            temporary.replace(path)

    def load(self, path: Path) -> None:
        """Read what `save` wrote."""
        state = msgspec.json.decode(path.read_bytes())
        self.tables, self.notes = state["tables"], state["notes"]
        self.clock.move_to(self.now() + state["ahead_s"])
