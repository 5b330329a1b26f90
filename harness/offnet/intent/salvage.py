"""A lab of which parts are wrong: the parts that are right, so that the rules can judge those."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from offnet.intent.document import KeyPath
from offnet.intent.models import LabIntent, Provider

_SECTIONS = (
    "gateways",
    "vpns",
    "keyrings",
    "authorities",
    "certificate_maps",
    "profiles",
    "groups",
    "pools",
    "aaa",
    "users",
    "sites",
    "circuits",
    "nats",
    "clients",
    "overlays",
    "clouds",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the rules judge: an intent, and the key paths that were set aside because they are wrong."""

    intent: LabIntent
    aside: frozenset[KeyPath] = frozenset()

    def whole(self, *path: str) -> bool:
        """Whether nothing at or under a key was set aside, nor what it is part of."""
        depth = len(path)
        return not any(wrong[:depth] == path or wrong == path[: len(wrong)] for wrong in self.aside)

    def lacks(self, *path: str) -> bool:
        """Whether lab.yml has no such entry at all, not even a wrong one."""
        owner = self.intent.provider if path[0] == "provider" else self.intent
        section: Any = getattr(owner, path[-2])
        return path[-1] not in section and not any(
            path[:depth] in self.aside for depth in range(len(path) + 1)
        )


def salvage(data: Any, wrong: Iterable[KeyPath]) -> Scope:
    """The parts of the data that hold no wrong key."""
    aside = frozenset(_unit(path) for path in wrong)
    if not isinstance(data, dict):
        data = {}
    sections = {name: _section(LabIntent, name, data, aside, (name,)) for name in _SECTIONS}
    provider = _provider(data.get("provider"), aside)
    names = {name: data[name] for name in ("internet",) if name in data and (name,) not in aside}
    return Scope(LabIntent.model_construct(provider=provider, **sections, **names), aside)


def _unit(path: KeyPath) -> KeyPath:
    """The smallest part that can be left out: an entry of a section, or a plain key."""
    depth = 2 if path and path[0] in ("provider", *_SECTIONS) else 1
    if path[:2] == ("provider", "routers"):
        depth = 3
    return path[:depth]


def _provider(data: Any, aside: frozenset[KeyPath]) -> Provider:
    if not isinstance(data, dict) or ("provider",) in aside:
        return Provider.model_construct(asn=1, routers={}, links=())
    plain = {
        name: _accept(Provider, name, data[name])
        for name in ("links", "link_pool", "protection")
        if name in data and ("provider", name) not in aside
    }
    routers = _section(Provider, "routers", data, aside, ("provider", "routers"))
    return Provider.model_construct(asn=1, routers=routers, **plain)


def _section(
    model: type[LabIntent | Provider], name: str, data: Any, aside: frozenset[KeyPath], path: KeyPath
) -> Any:
    entries = data.get(name)
    if path in aside or not isinstance(entries, dict):
        return {}
    right = {key: value for key, value in entries.items() if (*path, key) not in aside}
    return _accept(model, name, right)


def _accept(model: type[LabIntent | Provider], name: str, data: Any) -> Any:
    """Right data of one field as its type; limits on the number of entries are not judged again."""
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation).validate_python(data)
