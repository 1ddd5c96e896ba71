"""Webhooks: signed as Stripe signs, sent one after the other from a thread, and all that goes wrong on the way."""

import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Callable

import httpx
import msgspec

from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed, within
from server.embedded.standins.stripe.store import API_VERSION, Object, Store

_TIMEOUT_S = 10.0
_IDLE_S = 0.05


class Delivery(msgspec.Struct):
    """An event on its way to one endpoint. `due` is of the machine's monotonic clock."""

    event: Object
    endpoint: str
    due: float
    attempts: int = 0


class Attempt(msgspec.Struct, frozen=True):
    """What an endpoint answered; status 0 when nothing answered."""

    event_id: str
    type: str
    status: int


def signature(body: str, at: int, secrets: list[str]) -> str:
    """The Stripe-Signature header, one v1 for each secret."""
    signed = f"{at}.{body}".encode()
    made = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={each}" for each in made)])


class Webhooks:
    """The sender. In order and at once unless told otherwise; a refused event is sent again after `retry_after_s`.

    Its signatures carry the machine's time, as Stripe's do also for objects of a moved clock: `signing_now`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.retry_after_s: tuple[float, ...] = (1, 2, 5, 10, 30, 60, 60, 60)
        self.signing_now: Callable[[], float] = time.time
        self.attempts: list[Attempt] = []
        self.dropped: list[Object] = []
        self.is_paused = False
        self._queue: list[Delivery] = []
        self._sending = 0
        self._changed = threading.Condition()
        self._drop = self._double = 0
        self._delay: tuple[int, float] = (0, 0.0)
        self._stopped = False
        self._thread: threading.Thread | None = None
        store.listeners.append(self._take)

    def add(self, url: str, secret: str, events: list[str] | None = None) -> Object:
        """An endpoint that gets these events, or all."""
        endpoint = self.create({"url": url, "enabled_events": events or ["*"]})
        self.store.note(endpoint["id"])["secrets"] = [secret]
        return endpoint

    def rotate(self, secret: str, endpoint_id: str | None = None) -> None:
        """A new secret; the old one signs as well until `expire_old_secrets`."""
        self._secrets(endpoint_id).insert(0, secret)

    def expire_old_secrets(self, endpoint_id: str | None = None) -> None:
        del self._secrets(endpoint_id)[1:]

    def _secrets(self, endpoint_id: str | None) -> list[str]:
        chosen = endpoint_id or self.store.all("webhook_endpoint")[0]["id"]
        found: list[str] = self.store.note(chosen)["secrets"]
        return found

    def create(self, params: Object) -> Object:
        """POST /v1/webhook_endpoints: the only response that holds the secret."""
        endpoint = {
            "id": self.store.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": params.get("api_version", API_VERSION),
            "application": None,
            "created": self.store.now(),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "status": "enabled",
            "url": params["url"],
        }
        self.store.note(endpoint["id"])["secrets"] = [self.store.new_id("whsec")]
        return self.store.add(endpoint)

    def waiting(self) -> list[Object]:
        """Events that were not sent yet, in their order."""
        with self._changed:
            return [each.event for each in self._queue]

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self.is_paused = True

    def resume(self) -> None:
        with self._changed:
            self.is_paused = False
            self._changed.notify_all()

    def drop_next(self, count: int = 1) -> None:
        """The next events are lost for ever."""
        self._drop = count

    def drop_waiting(self) -> None:
        with self._changed:
            self.dropped += [each.event for each in self._queue]
            self._queue.clear()

    def duplicate_next(self, count: int = 1) -> None:
        """The next events are sent twice."""
        self._double = count

    def delay_next(self, count: int, seconds: float) -> None:
        """The next events come later than those after them."""
        self._delay = (count, seconds)

    def reorder(self, seed: int) -> None:
        """Shuffle the events that wait. Call `pause` first, or some are sent before."""
        with self._changed:
            dues = [each.due for each in self._queue]
            random.Random(seed).shuffle(self._queue)
            for each, due in zip(self._queue, dues, strict=True):
                each.due = due

    def resend(self, event_id: str) -> None:
        """Sends an old event again, as the button in Stripe's dashboard does."""
        self._put(self.store.get("event", event_id), 0.0)

    def flush(self, timeout_s: float = 20.0) -> None:
        """Blocks until everything due now was tried once: give it a thread when the receiver is on this loop."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._sending or (not self.is_paused and self._due()):
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError("webhooks still wait")

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(_TIMEOUT_S)

    def _take(self, event: Object) -> None:
        if self._drop:
            self._drop -= 1
            self.dropped.append(event)
            return
        count, seconds = self._delay
        self._delay = (max(0, count - 1), seconds)
        for _ in range(2 if self._double else 1):
            self._put(event, seconds if count else 0.0)
        self._double = max(0, self._double - 1)

    def _put(self, event: Object, delay_s: float) -> None:
        with self._changed:
            for endpoint in self.store.where("webhook_endpoint", status="enabled"):
                if "*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]:
                    event["pending_webhooks"] += 1
                    self._queue.append(Delivery(event, endpoint["id"], time.monotonic() + delay_s))
            self._changed.notify_all()

    def _due(self) -> Delivery | None:
        now = time.monotonic()
        return next((each for each in self._queue if each.due <= now), None)

    def _run(self) -> None:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
            while not self._stopped:
                with self._changed:
                    delivery = None if self.is_paused else self._due()
                    if delivery is None:
                        self._changed.wait(_IDLE_S)
                        continue
                    self._queue.remove(delivery)
                    self._sending += 1
                self._send(client, delivery)
                with self._changed:
                    self._sending -= 1
                    self._changed.notify_all()

    def _send(self, client: httpx.Client, delivery: Delivery) -> None:
        endpoint = self.store.get("webhook_endpoint", delivery.endpoint)
        body = json.dumps(delivery.event, indent=2)
        signed = signature(body, int(self.signing_now()), self.store.note(endpoint["id"])["secrets"])
        headers = {"content-type": "application/json; charset=utf-8", "stripe-signature": signed}
        try:
            status = client.post(endpoint["url"], content=body, headers=headers).status_code
        except httpx.HTTPError:
            status = 0
        self.attempts.append(Attempt(delivery.event["id"], delivery.event["type"], status))
        if 200 <= status < 300:
            delivery.event["pending_webhooks"] -= 1
        elif delivery.attempts < len(self.retry_after_s):
            delivery.due = time.monotonic() + self.retry_after_s[delivery.attempts]
            delivery.attempts += 1
            with self._changed:
                self._queue.append(delivery)


def get_event(store: Store, params: Object, event_id: str) -> Object:
    return store.get("event", event_id)


def list_events(store: Store, params: Object) -> Object:
    """Newest first, by time and by one `type` or several `types`."""
    types = params.get("types", [])
    if len(types) > 20:
        raise Fault("You can only specify up to 20 types.", param="types")
    wanted = set(types) | ({params["type"]} if "type" in params else set())
    rows = (each for each in store.all("event") if not wanted or each["type"] in wanted)
    return listed("/v1/events", (each for each in rows if within(each["created"], params.get("created"))), params)


def list_endpoints(store: Store, params: Object) -> Object:
    return listed("/v1/webhook_endpoints", store.all("webhook_endpoint"), params)
