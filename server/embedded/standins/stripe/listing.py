"""Lists with cursors, and objects put in the place of their ids (`expand`)."""

import copy
from collections.abc import Iterable
from typing import Any

from server.embedded.standins.stripe.faults import Fault, missing
from server.embedded.standins.stripe.store import Object, Store

_MOST = 100
_DEEPEST = 4


def listed(url: str, found: Iterable[Object], params: Object) -> Object:
    """A page of objects given newest first."""
    rows, limit = list(found), params.get("limit", 10)
    if not 1 <= limit <= _MOST:
        raise Fault("This value must be between 1 and 100 (inclusive).", param="limit")
    if after := params.get("starting_after"):
        rows = rows[_place(rows, after, "starting_after") + 1 :]
    elif before := params.get("ending_before"):
        end = _place(rows, before, "ending_before")
        page = rows[max(0, end - limit) : end]
        return {"object": "list", "data": page, "has_more": end > limit, "url": url}
    return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": url}


def whole_list(url: str, rows: list[Object]) -> Object:
    """A list that lies inside another object."""
    return {"object": "list", "data": rows, "has_more": False, "url": url}


def within(at: int, wanted: Any) -> bool:
    """Whether a time fits a filter such as `created`: a time, or a dict of gt, gte, lt, lte."""
    if isinstance(wanted, int):
        return at == wanted
    checks = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(checks[name](int(bound)) for name, bound in (wanted or {}).items())


def _place(rows: list[Object], wanted: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == wanted:
            return place
    raise missing("object", wanted, param)


def expanded(store: Store, response: Object, paths: list[str]) -> Object:
    """A copy of the response with these paths filled in."""
    response = copy.deepcopy(response)
    for path in paths:
        steps = path.split(".")
        if len(steps) - (steps[0] == "data") > _DEEPEST:
            raise Fault(f"You cannot expand more than 4 levels of a property. Property: {path}", param="expand")
        _fill(store, response, steps, path)
    return response


def _fill(store: Store, here: Object, steps: list[str], path: str) -> None:
    if not steps:
        return
    name, rest = steps[0], steps[1:]
    if name == "payments" and here.get("object") == "invoice":
        rows = [copy.deepcopy(each) for each in store.where("invoice_payment", invoice=here["id"])]
        here.setdefault("payments", whole_list(f"/v1/invoices/{here['id']}/payments", rows))
    if name not in here:
        raise Fault(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(here[name], str):
        found = store.find(here[name])
        if found is None:
            raise Fault(f"This property cannot be expanded ({path}).", param="expand")
        here[name] = copy.deepcopy(found)
    inner = here[name] if isinstance(here[name], list) else [here[name]]
    for each in inner:
        if isinstance(each, dict):
            _fill(store, each, rest, path)
