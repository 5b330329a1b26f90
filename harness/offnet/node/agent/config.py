"""agent.json: what each IKE connection may inject, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any


@dataclass(frozen=True)
class Policy:
    """What SAs of one connection may inject: prefixes within these, into this table, by this interface.

    ``static`` prefixes are routed from the start, whether or not there is an SA. ``identity`` is the
    peer that it is for, where peers share a connection; None stands for every peer of the connection.
    """

    connection: str
    vrf: str
    table: int
    interface: str
    prefixes: tuple[IPv4Network, ...]
    static: bool = False
    identity: str | None = None


@dataclass(frozen=True)
class Group:
    """A remote-access group that the AAA server knows.

    ``owner`` is the identity that its key belongs to; ``connection`` is the body of load-conn but for
    what the server tells; ``pools`` are those that it may name, each with its addresses.
    """

    name: str
    owner: str
    connection: dict[str, Any]
    pools: dict[str, str]


@dataclass(frozen=True)
class Aaa:
    """The AAA server that groups are downloaded from; ``password`` is what all groups have there."""

    server: str
    port: int
    secret: str
    nas: str
    password: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Accounting:
    """Where sessions of sites are told of, and every ``interim`` seconds how far they are.

    ``sites`` are the connections that are accounted, each with its VRF.
    """

    server: str
    port: int
    secret: str
    nas: str
    interim: int
    sites: dict[str, str]


@dataclass(frozen=True)
class Profile:
    """What charon is told of a group: the messages of load-shared, load-pool and load-conn."""

    group: str
    shared: dict[str, Any]
    pools: dict[str, Any]
    connections: dict[str, Any]


@dataclass(frozen=True)
class Backup:
    """Connections to the preferred peer and to its backup.

    Seconds: ``patience`` that the preferred one has after charon's start, ``hold`` after its SA went.
    """

    preferred: str
    backup: str
    patience: int
    hold: int


@dataclass(frozen=True)
class Config:
    """The agent's configuration. ``protocol`` marks its routes in the kernel."""

    socket: str
    protocol: int
    policies: tuple[Policy, ...]
    aaa: Aaa | None = None
    accounting: Accounting | None = None
    backup: Backup | None = None


def load(path: str) -> Config:
    """The configuration in a file; KeyError or ValueError when it is not one."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a quarter of the start
        return parse(json.load(file))


def parse(data: Any) -> Config:
    """The configuration in JSON data."""
    return Config(
        socket=data["socket"],
        protocol=data["protocol"],
        policies=tuple(
            Policy(
                connection=item["connection"],
                vrf=item["vrf"],
                table=item["table"],
                interface=item["interface"],
                prefixes=tuple(IPv4Network(prefix) for prefix in item["prefixes"]),
                static=item.get("static", False),
                identity=item.get("identity"),
            )
            for item in data["policies"]
        ),
        aaa=_aaa(data["aaa"]) if "aaa" in data else None,
        accounting=Accounting(**data["accounting"]) if "accounting" in data else None,
        backup=Backup(**data["backup"]) if "backup" in data else None,
    )


def _aaa(data: Any) -> Aaa:
    plain = {name: data[name] for name in ("server", "port", "secret", "nas", "password")}
    return Aaa(**plain, groups=tuple(Group(**group) for group in data["groups"]))
