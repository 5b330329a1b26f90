"""Errors of the models in the words of lab.yml: where, what is there, what is expected."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import annotated_types
from pydantic import RootModel, ValidationError
from pydantic_core import ErrorDetails

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.outline import Location, field_at, keys_at, keys_of, model_at
from offnet.intent.sites import KINDS, MODELS, OFF_NET

IKE_IN_PROFILE = (
    "no IKE policy in a profile: in Main Mode the policy is agreed before the peer's identity, and with it"
    " the profile, is known; it belongs to the gateway (gateways.NAME.ike_policies)"
)
_IKE_KEYS = frozenset({"ike", "ike_policy", "ike_policies", "policy", "policies", "proposal", "proposals"})
_ONE_ACCESS = (
    "one of pe (on-net), ipsec, gre and dmvpn (off-net), circuit (a layer 2 network), overlay (a mesh),"
    " not several"
)
_NO_ACCESS = (
    "a value: off-net sites need ipsec, gre or dmvpn, an on-net site pe, one on a layer 2 network circuit,"
    " one of a mesh overlay"
)


def findings(error: ValidationError, data: Any) -> list[Finding]:
    """What pydantic found, one finding a mistake: a key mistyped is not told as missing, too."""
    details = _details(error)
    found = dict.fromkeys(_finding(detail, data) for detail in details)
    mistyped = {guess for detail in details if (guess := _mistyped(detail, data)) is not None}
    return [one for one in found if one.path not in mistyped or _exists(one.path, data)]


def _details(error: ValidationError) -> list[ErrorDetails]:
    """All errors but the consequences of others: a list is not too short because an entry of it is wrong."""
    details = error.errors(include_url=False, include_input=True)
    return [one for one in details if one["type"] != "too_short" or not one["input"]]


def wrong_paths(error: ValidationError, data: Any) -> set[KeyPath]:
    """Every key path at which something is wrong or missing."""
    return {key_path(detail["loc"], data) for detail in error.errors(include_url=False, include_input=False)}


def key_path(location: Location, data: Any) -> KeyPath:
    """The path in the file for a location in the models, which have long forms and tags of unions."""
    path: list[str | int] = []
    here = data
    for step in location:
        if step == "[key]":
            break
        if isinstance(step, str) and (step in MODELS or isinstance(here, list)):
            continue
        if step == "keys" and isinstance(here, dict) and step not in here:
            continue  # the short form of a keyring
        path.append(step)
        here = _child(here, step)
    return tuple(path)


def _child(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return None


def _exists(path: KeyPath, data: Any) -> bool:
    for step in path[:-1]:
        data = _child(data, step)
    return isinstance(data, dict) and path[-1] in data


def _finding(detail: ErrorDetails, data: Any) -> Finding:
    location = detail["loc"]
    path = key_path(location, data)
    return Finding(path, _expected(detail, path), of_key=location[-1:] == ("[key]",))


def _expected(detail: ErrorDetails, path: KeyPath) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "not_allowed":
        return str(context["allowed"])
    by_location = _BY_LOCATION.get(kind)
    if by_location is not None:
        return by_location(detail["loc"], path)
    if kind == "string_type":
        return "text" if isinstance(detail["input"], dict | list) else "text, in quotes"
    if kind in _TEMPLATES:
        return _TEMPLATES[kind].format(**context).replace("'", "")
    return detail["msg"]


def _missing(location: Location, path: KeyPath) -> str:
    if location[-2:] == (OFF_NET, "ipsec"):
        return _NO_ACCESS
    field = field_at(location)
    meaning = f" ({field.description.rstrip('.')})" if field and field.description else ""
    return f"a value, {path[-1]} is required{meaning}"


def _unknown_key(location: Location, path: KeyPath) -> str:
    key = str(path[-1])
    if path[0] == "profiles" and key in _IKE_KEYS:
        return IKE_IN_PROFILE
    if key in KINDS and MODELS.keys() & set(location):
        return _ONE_ACCESS
    allowed = keys_at(location[:-1])
    near = get_close_matches(key, allowed, 1)
    guess = f", did you mean {near[0]}?" if near else ";"
    return f"no such key{guess} known here: {', '.join(allowed)}"


def _mistyped(detail: ErrorDetails, data: Any) -> KeyPath | None:
    """The key that an unknown one was probably meant to be."""
    if detail["type"] != "extra_forbidden":
        return None
    path = key_path(detail["loc"], data)
    near = get_close_matches(str(path[-1]), keys_at(detail["loc"][:-1]), 1)
    return (*path[:-1], near[0]) if near else None


def _whole_number(location: Location, _: KeyPath) -> str:
    field = field_at(location)
    bounds = field.metadata if field else []
    low = next((bound.ge for bound in bounds if isinstance(bound, annotated_types.Ge)), None)
    high = next((bound.le for bound in bounds if isinstance(bound, annotated_types.Le)), None)
    return "a whole number" if low is None else f"a whole number from {low} to {high}"


def _mapping(location: Location, _: KeyPath) -> str:
    model = model_at(location)
    if location[-1:] == (OFF_NET,):
        return f"a mapping with the keys vpn, lan, and one of {', '.join(KINDS)}"
    if model is None or issubclass(model, RootModel):
        return "a mapping of names to values"
    return f"a mapping with the keys {', '.join(keys_of(model))}"


_BY_LOCATION: dict[str, Callable[[Location, KeyPath], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    **dict.fromkeys(("int_type", "greater_than_equal", "less_than_equal"), _whole_number),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _mapping),
}
_TEMPLATES = {
    "literal_error": "{expected}",
    "enum": "{expected}",
    "tuple_type": "a list",
    "list_type": "a list",
    "too_short": "at least {min_length} of them",
    "string_too_long": "at most {max_length} characters",
}
