"""What those who test with the stand-in may do to it, in the process or over HTTP."""

from typing import Any

import msgspec

from server.embedded.standins.stripe import catalog, lifecycle, meters, payments
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import DAY, Object, Store
from server.embedded.standins.stripe.webhooks import Webhooks


class Failure(msgspec.Struct):
    """`mode` is a status such as 500 or 429; "lost": done, but the connection breaks; or "hang": done, then silent."""

    mode: int | str
    times: int = 1
    path: str = ""
    hang_s: float = 30.0


class Controls:
    """Mixed into the stand-in: every public method here is also `POST /_control/{name}` with JSON arguments."""

    store: Store
    webhooks: Webhooks
    failure: Failure | None

    def advance(self, seconds: int = 0, days: float = 0, to: int | None = None) -> int:
        """Moves the clock and does what is due on the way; returns the time it is then (Unix seconds)."""
        with self.store.lock:
            lifecycle.advance_to(self.store, to or self.store.now() + seconds + round(days * DAY))
            return self.store.now()

    def advance_to_next(self) -> int | None:
        """To the next thing that happens by itself: a trial's end, a renewal, a retry."""
        with self.store.lock:
            moment = lifecycle.next_moment(self.store)
            return self.advance(to=moment) if moment is not None else None

    def fail_next(self, mode: int | str, times: int = 1, path: str = "", hang_s: float = 30.0) -> None:
        """The next API requests whose path contains `path` fail; see `Failure`."""
        self.failure = Failure(mode, times, path, hang_s)

    def configure(self, **fields: Any) -> None:
        """Fields of `Behaviour`, such as retry_after_s and after_last_retry."""
        for name, value in fields.items():
            if not hasattr(self.store.behaviour, name):
                raise Fault(f"There is nothing like {name} to configure.")
            setattr(self.store.behaviour, name, tuple(value) if isinstance(value, list) else value)

    def add_price(self, lookup_key: str, amount: int, name: str = "", currency: str = "usd") -> Object:
        """A monthly licensed price of a new product."""
        with self.store.lock:
            product = catalog.create_product(self.store, {"name": name or lookup_key})
            recurring = {"interval": "month"}
            given = {"unit_amount": amount, "currency": currency, "lookup_key": lookup_key, "recurring": recurring}
            return catalog.create_price(self.store, {**given, "product": product["id"]})

    def add_metered_price(
        self, lookup_key: str, amount_decimal: str, event_name: str, name: str = "", currency: str = "usd"
    ) -> Object:
        """A monthly price per unit of a meter, which is made unless it is there."""
        with self.store.lock:
            found = next(self.store.where("billing.meter", event_name=event_name), None)
            aggregation = {"default_aggregation": {"formula": "sum"}}
            given = {"display_name": event_name, "event_name": event_name, **aggregation}
            meter = found or meters.create_meter(self.store, given)
            product = catalog.create_product(self.store, {"name": name or lookup_key})
            recurring = {"interval": "month", "usage_type": "metered", "meter": meter["id"]}
            price = {"unit_amount_decimal": amount_decimal, "currency": currency, "lookup_key": lookup_key}
            return catalog.create_price(self.store, {**price, "product": product["id"], "recurring": recurring})

    def add_promotion_code(
        self, code: str, percent_off: float, duration: str = "once", months: int | None = None
    ) -> Object:
        """A coupon (once, repeating for so many months, forever) and the code a person types for it."""
        with self.store.lock:
            given = {"percent_off": percent_off, "duration": duration, "duration_in_months": months}
            coupon = catalog.create_coupon(self.store, given)
            promotion = {"type": "coupon", "coupon": coupon["id"]}
            return catalog.create_promotion_code(self.store, {"code": code, "promotion": promotion})

    def refund(self, invoice: str, amount: int | None = None) -> Object:
        """Gives an invoice's money back, or a part of it (minor units)."""
        with self.store.lock:
            wanted = {} if amount is None else {"amount": amount}
            return payments.create_refund(self.store, {"charge": self._charge_of(invoice)["id"], **wanted})

    def dispute(self, invoice: str, reason: str = "fraudulent") -> Object:
        """The shopper's bank takes an invoice's money back."""
        with self.store.lock:
            return payments.open_dispute(self.store, self._charge_of(invoice), reason)

    def close_dispute(self, dispute: str, status: str) -> Object:
        """`status` is won or lost."""
        with self.store.lock:
            return payments.close_dispute(self.store, dispute, status)

    def _charge_of(self, invoice: str) -> Object:
        payment = next(self.store.where("invoice_payment", invoice=invoice), None)
        intent = self.store.get("payment_intent", payment["payment"]["payment_intent"] if payment else "")
        return self.store.get("charge", intent["latest_charge"])

    def pause_webhooks(self) -> None:
        self.webhooks.pause()

    def resume_webhooks(self) -> None:
        self.webhooks.resume()

    def drop_webhooks(self, count: int = 1) -> None:
        self.webhooks.drop_next(count)

    def duplicate_webhooks(self, count: int = 1) -> None:
        self.webhooks.duplicate_next(count)

    def delay_webhooks(self, count: int, seconds: float) -> None:
        self.webhooks.delay_next(count, seconds)

    def reorder_webhooks(self, seed: int) -> None:
        self.webhooks.reorder(seed)

    def resend_webhook(self, event: str) -> None:
        self.webhooks.resend(event)

    def rotate_secret(self, secret: str) -> None:
        self.webhooks.rotate(secret)

    def state(self) -> Object:
        """The clock and how many objects of each kind there are."""
        with self.store.lock:
            counts = {kind: len(table) for kind, table in self.store.tables.items()}
            return {"now": self.store.now(), "next": lifecycle.next_moment(self.store), "objects": counts}

    def objects(self, kind: str) -> list[Object]:
        """All of one kind, newest first, as the API shows them."""
        with self.store.lock:
            return self.store.all(kind)


NAMES = frozenset(name for name in vars(Controls) if not name.startswith("_"))
