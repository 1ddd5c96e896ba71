"""Billing meters: what was used, refused twice, summed by time, and billed."""

from collections.abc import Iterator

from server.embedded.standins.stripe.faults import Fault, missing
from server.embedded.standins.stripe.listing import listed
from server.embedded.standins.stripe.store import DAY, Object, Store

_OLDEST_S = 35 * DAY
_NEWEST_S = 5 * 60
_UNIQUE_FOR_S = DAY
_WINDOWS = {"hour": 3600, "day": DAY}


def create_meter(store: Store, params: Object) -> Object:
    if any(each["status"] == "active" for each in store.where("billing.meter", event_name=params["event_name"])):
        raise Fault("A meter with that event_name already exists.", param="event_name")
    return store.add(
        {
            "id": store.new_id("mtr"),
            "object": "billing.meter",
            "created": store.now(),
            "customer_mapping": params.get(
                "customer_mapping", {"event_payload_key": "stripe_customer_id", "type": "by_id"}
            ),
            "default_aggregation": params["default_aggregation"],
            "display_name": params["display_name"],
            "event_name": params["event_name"],
            "event_time_window": params.get("event_time_window"),
            "livemode": False,
            "status": "active",
            "status_transitions": {"deactivated_at": None},
            "updated": store.now(),
            "value_settings": params.get("value_settings", {"event_payload_key": "value"}),
        }
    )


def list_meters(store: Store, params: Object) -> Object:
    wanted = {"status": params["status"]} if "status" in params else {}
    return listed("/v1/billing/meters", store.where("billing.meter", **wanted), params)


def get_meter(store: Store, params: Object, meter_id: str) -> Object:
    return store.get("billing.meter", meter_id)


def create_meter_event(store: Store, params: Object) -> Object:
    meter = next(store.where("billing.meter", event_name=params["event_name"], status="active"), None)
    if meter is None:
        raise Fault(f"No active meter found for event name {params['event_name']}.", code="no_meter")
    now = store.now()
    at, identifier = params.get("timestamp", now), params.get("identifier") or store.new_id("mev")
    if at < now - _OLDEST_S:
        raise Fault("The timestamp is too far in the past.", code="timestamp_too_far_in_past", param="timestamp")
    if at > now + _NEWEST_S:
        raise Fault("The timestamp is in the future.", code="timestamp_in_future", param="timestamp")
    if len(identifier) > 100:
        raise Fault("Invalid string: must be at most 100 characters", param="identifier")
    _read_payload(store, meter, params["payload"])
    earlier = store.tables.get("billing.meter_event", {}).get(identifier)
    if earlier and now - earlier["created"] < _UNIQUE_FOR_S:
        raise Fault(f"An event already exists with identifier {identifier}.", code="duplicate_meter_event")
    event = {
        "object": "billing.meter_event",
        "created": now,
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": params["payload"],
        "timestamp": at,
    }
    key = identifier if earlier is None else f"{identifier}/{now}"
    store.tables.setdefault("billing.meter_event", {})[key] = event
    return event


def _read_payload(store: Store, meter: Object, payload: Object) -> tuple[str, int]:
    """Stripe checks these after its response and reports by event; said at once here, so that a mistake shows."""
    customer = payload.get(meter["customer_mapping"]["event_payload_key"])
    value = payload.get(meter["value_settings"]["event_payload_key"])
    if customer not in store.tables.get("customer", {}):
        raise missing("customer", str(customer), "payload")
    if value is None or not value.removeprefix("-").isdigit():
        raise Fault("The payload's value must be a whole number.", code="meter_event_invalid_value", param="payload")
    return customer, int(value)


def _values(store: Store, meter: Object, customer: str, start: int, end: int) -> Iterator[int]:
    for event in store.tables.get("billing.meter_event", {}).values():
        if event["event_name"] == meter["event_name"] and start <= event["timestamp"] < end:
            payer, value = _read_payload(store, meter, event["payload"])
            if payer == customer:
                yield 1 if meter["default_aggregation"]["formula"] == "count" else value


def used(store: Store, meter_id: str, customer: str, start: int, end: int) -> int:
    """Units in [start, end) to the second, as an invoice counts them: corrections cannot make a bill negative."""
    return max(0, sum(_values(store, store.get("billing.meter", meter_id), customer, start, end)))


def summaries(store: Store, params: Object, meter_id: str) -> Object:
    meter = store.get("billing.meter", meter_id)
    store.get("customer", params["customer"], "customer")
    start, end = params["start_time"], params["end_time"]
    window = params.get("value_grouping_window")
    size = _WINDOWS[window] if window else end - start
    aligned_to = _WINDOWS[window] if window else 60
    for name, at in (("start_time", start), ("end_time", end)):
        if at % aligned_to:
            raise Fault(f"{name} must be aligned with {window or 'minute'} boundaries.", param=name)
    if end <= start:
        raise Fault("end_time must be after start_time.", param="end_time")
    rows = []
    for since in range(end - size, start - 1, -size):
        values = list(_values(store, meter, params["customer"], since, since + size))
        if values:
            rows.append(_summary(meter_id, since, since + size, sum(values)))
    return listed(f"/v1/billing/meters/{meter_id}/event_summaries", rows, params)


def _summary(meter_id: str, start: int, end: int, total: int) -> Object:
    return {
        "id": f"mtrusg_{meter_id[4:]}_{start}",
        "object": "billing.meter_event_summary",
        "aggregated_value": total,
        "end_time": end,
        "livemode": False,
        "meter": meter_id,
        "start_time": start,
    }
