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
class Config:
    """The agent's configuration. ``protocol`` marks its routes in the kernel."""

    socket: str
    protocol: int
    policies: tuple[Policy, ...]


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
    )
