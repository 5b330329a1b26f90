"""A lab with any number of sites, made from one of its own: the template.

Nothing here knows access methods. What is the template's own in lab.yml (its prefixes, addresses and
identity) is replaced; wherever else in the file one of them stands, in a list or as a key, a new
site's stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from offnet.errors import UsageError
from offnet.intent.loader import load, plain_data
from offnet.intent.models import LabIntent
from offnet.intent.places import dotted
from offnet.intent.rules import judge
from offnet.intent.salvage import Scope
from offnet.intent.sites import BY_CIRCUIT, KINDS, ON_NET

# Where new sites have their prefixes: inside, and on the Internet (RFC 2544, for benchmarks). Each
# prefix of a site has a slice of its own, with room for a thousand /24 and four thousand /30.
INSIDE, OUTSIDE = IPv4Network("10.128.0.0/10"), IPv4Network("198.18.0.0/15")
SLICES = {INSIDE: 18 - 4, OUTSIDE: 32 - 14}
PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
NEW = "site"
# Plain circuits: a port of a PE, or a tag of a layer 2 network.
PLAIN = frozenset({ON_NET, BY_CIRCUIT})

Data = dict[str, Any]


class Growth:
    """A lab that can have any number of sites of the kind of its template."""

    def __init__(self, path: Path, template: str | None = None) -> None:
        """``template`` is a site of the lab; its first one that is not on a plain circuit, if none is named.

        Raises LabError for a lab that is wrong, UsageError for one without such a site.
        """
        self.intent = load(path)
        data = plain_data(path)
        growable = [name for name, site in data["sites"].items() if _grows(site)]
        if not growable:
            kinds = ", ".join(key for key, kind in KINDS.items() if kind not in PLAIN)
            raise UsageError(f"{self.intent.name} cannot be grown: no site of it has one of {kinds}")
        if template is not None and template not in growable:
            raise UsageError(f"{self.intent.name} cannot be grown by {template}: name {_one_of(growable)}")
        self.template = template or growable[0]
        self.name = f"{self.intent.name}:{template}" if template else self.intent.name
        self._site: Data = data["sites"][self.template]
        self._base = data | {"sites": {n: s for n, s in data["sites"].items() if n not in growable}}

    def of(self, sites: int) -> LabIntent:
        """The lab with so many sites in place of those that it has of that kind."""
        data = deepcopy(self._base)
        for number in range(sites):
            name, renamed = f"{NEW}-{number}", dict(_renamed(self._site, number))
            data["sites"][name] = _site(self._site, renamed)
            references = {old: new for old, new in renamed.items() if "/" not in old}
            references |= {old.split("/")[0]: new.split("/")[0] for old, new in renamed.items()}
            for section, body in data.items():
                if section != "sites":
                    _join(body, references)
        return self._validated(data, sites)

    def _validated(self, data: Data, sites: int) -> LabIntent:
        why = f"{self.intent.name} cannot be grown to {sites} sites by copies of {self.template}"
        try:
            grown = LabIntent.model_validate(data)
        except ValidationError as error:
            raise UsageError(f"{why}: {error.errors()[0]['msg']}") from None
        found = next(judge(Scope(grown)), None)
        if found is not None:
            raise UsageError(f"{why}: {dotted(found.path)}: expected {found.expected}")
        return grown


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}" if len(names) > 1 else names[0]


def _grows(site: Any) -> bool:
    """Whether a site can be copied: not on a plain circuit, and not behind a node of its own."""
    kinds = {kind for key, kind in KINDS.items() if key in site}
    return bool(kinds - PLAIN) and not any(
        "behind" in part for part in site.values() if isinstance(part, dict)
    )


def _site(template: Data, renamed: Mapping[str, str]) -> Data:
    """The template with its own values replaced, and without a marker: that is allocated by name."""
    site: Data = _replaced({key: value for key, value in template.items() if key != "marker"}, renamed)
    return site


def _replaced(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(entry, renamed) for key, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, renamed) for entry in value]
    return renamed.get(value, value) if isinstance(value, str) else value


def _renamed(template: Data, number: int) -> Iterator[tuple[str, str]]:
    """What is the template's own, and what a new site has instead."""
    used = dict.fromkeys((INSIDE, OUTSIDE), 0)
    for path, text in _texts(template):
        prefix = _prefix(text)
        if "identity" in path:
            new = f"{NEW}-{number}" if path[-1] == "CN" else _identity(text, number)
            if new != text:
                yield text, new
        elif prefix is None or path[-1] == "marker":
            continue
        elif "/" in text:
            pool = INSIDE if any(prefix.ip in private for private in PRIVATE) else OUTSIDE
            yield text, _fresh(pool, used[pool], prefix, number)
            used[pool] += 1
        else:  # a host of a subnet that it shares with others
            yield text, str(prefix.ip + 1 + number)


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _texts(entry, (*path, str(key)))
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry, path)
    elif isinstance(value, str):
        yield path, value


def _prefix(text: str) -> IPv4Interface | None:
    try:
        return IPv4Interface(text)
    except (AddressValueError, NetmaskValueError):
        return None


def _fresh(pool: IPv4Network, part: int, like: IPv4Interface, number: int) -> str:
    """Another subnet of that length with the same host in it."""
    size, host = like.network.num_addresses, int(like.ip) - int(like.network.network_address)
    start = int(pool.network_address) + (part << SLICES[pool])
    return f"{IPv4Address(start + number * size + host)}/{like.network.prefixlen}"


def _identity(text: str, number: int) -> str:
    """Another name or user in the same domain."""
    mark = "@" if "@" in text else "."
    _, found, domain = text.partition(mark)
    return f"{NEW}-{number}{found}{domain}" if found else text


def _join(body: Any, renamed: Mapping[str, str]) -> None:
    """Puts new values beside the old ones, wherever a list or a mapping has those."""
    if isinstance(body, dict):
        for old in body.keys() & renamed.keys():
            body[renamed[old]] = body[old]
        for entry in body.values():
            _join(entry, renamed)
    elif isinstance(body, list):
        body.extend(renamed[old] for old in [*body] if isinstance(old, str) and old in renamed)
        for entry in body:
            _join(entry, renamed)
