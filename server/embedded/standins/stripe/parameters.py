"""Request parameters: Stripe's form encoding, checked and converted by the SDK's own parameter types.

Those types are of the SDK's API version, so a parameter Stripe dropped or never had is refused here as there."""

import functools
import importlib
import sys
import types
import typing
from typing import Any
from urllib.parse import parse_qsl

from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from server.embedded.standins.stripe.faults import Fault

_NESTED = (list, dict, UntypedStripeObject)
_OPTIONS = frozenset(RequestOptions.__annotations__)  # of a call, never sent as parameters


def nested(text: str) -> dict[str, Any]:
    """`a[b][0]=c` as {"a": {"b": {"0": "c"}}}: which of them are lists only their type says."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        here = found
        for key, following in zip([head, *rest], rest, strict=False):
            here = here.setdefault(key or str(len(here)), {})
            if not isinstance(here, dict):
                raise Fault(f"Invalid object: {following}", param=name)
        last = rest[-1] if rest else head
        here[last or str(len(here))] = value
    return found


def read(type_name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Converted parameters; `type_name` is one of `stripe.params`, such as checkout.SessionCreateParams."""
    return _struct(named_type(type_name), given, "")


@functools.cache
def named_type(name: str) -> type:
    """A TypedDict of `stripe.params`."""
    package, _, leaf = name.rpartition(".")
    found: type = getattr(importlib.import_module(f"stripe.params.{package}".rstrip(".")), leaf)
    return found


@functools.cache
def _fields(struct: type) -> dict[str, Any]:
    # the options of a call name types that their module imports for checkers only
    wanted = {name: hint for name, hint in struct.__annotations__.items() if name not in _OPTIONS}
    holder = type("Holder", (), {"__annotations__": wanted})
    return typing.get_type_hints(holder, globalns=vars(sys.modules[struct.__module__]))


def _struct(struct: type, given: dict[str, Any], path: str) -> dict[str, Any]:
    fields = _fields(struct)
    for name in given:
        if name not in fields:
            shown = _join(path, name)
            raise Fault(f"Received unknown parameter: {shown}", code="parameter_unknown", param=shown)
    for name in sorted(struct.__required_keys__ & fields.keys()):  # type: ignore[attr-defined]
        if name not in given:
            shown = _join(path, name)
            raise Fault(f"Missing required param: {shown}.", code="parameter_missing", param=shown)
    return {name: _value(fields[name], value, _join(path, name)) for name, value in given.items()}


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(hint: Any, given: Any, path: str) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    return _nested_value(options, given, path) if isinstance(given, dict) else _plain(options, given, path)


def _nested_value(options: tuple[Any, ...], given: dict[str, Any], path: str) -> Any:
    for option in options:
        origin = typing.get_origin(option) or option
        if origin is list and all(key.isdigit() for key in given):
            (member,) = typing.get_args(option)
            ordered = sorted(given.items(), key=lambda pair: int(pair[0]))
            return [_value(member, value, _join(path, key)) for key, value in ordered]
        if _is_struct(option):
            return _struct(option, given, path)
        if origin in (dict, UntypedStripeObject):
            return given
    raise Fault(f"Invalid string: {path} is an object", param=path)


def _plain(options: tuple[Any, ...], given: str, path: str) -> Any:
    words = {
        word for option in options if typing.get_origin(option) is typing.Literal for word in typing.get_args(option)
    }
    if given in words:
        return given
    if int in options:
        return _number(given, path)
    if bool in options:
        if given not in ("true", "false"):
            raise Fault(f"Invalid boolean: {given}", code="parameter_invalid_boolean", param=path)
        return given == "true"
    if float in options:
        return float(given)
    if listed := sorted(words - {""}):
        raise Fault(f"Invalid {path}: must be one of {', '.join(listed)}", param=path)
    if str not in options and any(_is_struct(each) or typing.get_origin(each) in _NESTED for each in options):
        raise Fault("Invalid array" if typing.get_origin(options[0]) is list else "Invalid object", param=path)
    return given


def _number(given: str, path: str) -> int:
    if not given.removeprefix("-").isdigit():
        raise Fault(f"Invalid integer: {given}", code="parameter_invalid_integer", param=path)
    return int(given)


def _is_struct(hint: Any) -> bool:
    """The SDK's TypedDicts are typing_extensions' own, which `typing.is_typeddict` does not know on Python 3.11."""
    return hasattr(hint, "__required_keys__")
