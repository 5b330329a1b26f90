"""The JSON of iproute2 and nft into types: pure functions, one a command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from offnet.observe.kernel_model import (
    LOCAL_TABLE,
    MAIN_TABLE,
    Hop,
    InterfaceState,
    KernelNeighbor,
    KernelRoute,
    Lookup,
    MplsRoute,
    NftCounter,
    Rule,
)

Json = Any
TABLES = {"main": MAIN_TABLE, "local": LOCAL_TABLE, "default": 253}


def routes(data: Json) -> tuple[KernelRoute, ...]:
    """IPv4 routes of all tables in ``ip -4 -j -d route show table all``."""
    return tuple(
        KernelRoute(
            table=_table(entry),
            prefix=_prefix(entry["dst"]),
            kind=entry["type"],
            protocol=entry["protocol"],
            metric=entry.get("metric", 0),
            hops=_hops(entry),
        )
        for entry in data
    )


def mpls_routes(data: Json) -> tuple[MplsRoute, ...]:
    """The label table in ``ip -j -f mpls route``, one entry for each next hop."""
    return tuple(
        MplsRoute(
            label=int(entry["dst"]),
            out_labels=_labels(hop.get("to", "")),
            via=_via(hop),
            interface=hop.get("dev"),
            protocol=entry["protocol"],
        )
        for entry in data
        for hop in entry.get("nexthops", [entry])
    )


def lookup(destination: str, data: Json) -> Lookup:
    """The hop in ``ip -j route get``."""
    entry = data[0]
    source = entry.get("prefsrc")
    return Lookup(
        destination=IPv4Address(destination),
        table=_table(entry),
        hop=_hop(entry),
        source=IPv4Address(source) if source else None,
    )


def interfaces(data: Json) -> tuple[InterfaceState, ...]:
    """Interfaces in ``ip -j -d -s addr``."""
    return tuple(_interface(entry) for entry in data)


def _interface(entry: Json) -> InterfaceState:
    info = entry.get("linkinfo", {})
    details = info.get("info_data") or {}
    statistics = entry.get("stats64", {})
    if_id = details.get("if_id")
    return InterfaceState(
        name=entry["ifname"],
        index=entry["ifindex"],
        up="UP" in entry["flags"],
        mtu=entry["mtu"],
        kind=info.get("info_kind", entry["link_type"]),
        parent=entry.get("link"),
        master=entry.get("master"),
        if_id=int(if_id, 0) if isinstance(if_id, str) else if_id,
        table=details.get("table"),
        addresses=tuple(
            IPv4Interface(f"{address['local']}/{address['prefixlen']}")
            for address in entry.get("addr_info", [])
            if address.get("family") == "inet"
        ),
        rx_packets=statistics.get("rx", {}).get("packets", 0),
        tx_packets=statistics.get("tx", {}).get("packets", 0),
    )


def rules(data: Json) -> tuple[Rule, ...]:
    """Policy rules in ``ip -j rule``, in the order of lookup."""
    return tuple(
        Rule(priority=entry["priority"], table=entry.get("table", ""), l3mdev="l3mdev" in entry)
        for entry in data
    )


def neighbors(data: Json) -> tuple[KernelNeighbor, ...]:
    """The neighbour table in ``ip -j neigh``."""
    return tuple(
        KernelNeighbor(entry["dst"], entry["dev"], entry.get("lladdr"), tuple(entry.get("state", ())))
        for entry in data
    )


def nft_counters(data: Json) -> tuple[NftCounter, ...]:
    """Named counters, and those of rules, in ``nft -j list ruleset``."""
    return tuple(counter for item in data["nftables"] for counter in _nft_item(item))


def _nft_item(item: Json) -> Iterator[NftCounter]:
    if "counter" in item:
        named = item["counter"]
        yield NftCounter(named["table"], "", named["name"], named["packets"], named["bytes"])
    rule = item.get("rule", {})
    for statement in rule.get("expr", ()):
        counter = statement.get("counter")
        if isinstance(counter, dict):
            name = rule.get("comment", str(rule["handle"]))
            yield NftCounter(rule["table"], rule["chain"], name, counter["packets"], counter["bytes"])


def _table(entry: Json) -> int:
    name = entry.get("table", "main")
    return TABLES[name] if name in TABLES else int(name)


def _prefix(text: str) -> IPv4Network:
    return IPv4Network("0.0.0.0/0" if text == "default" else text)


def _hops(entry: Json) -> tuple[Hop, ...]:
    if "nexthops" in entry:
        return tuple(_hop(hop) for hop in entry["nexthops"])
    return (_hop(entry),) if "dev" in entry else ()


def _hop(entry: Json) -> Hop:
    encap = entry.get("encap")
    labels = (
        encap.get("dst", "") if isinstance(encap, dict) else entry.get("dst", "") if encap == "mpls" else ""
    )
    return Hop(via=_via(entry), interface=entry.get("dev"), labels=_labels(labels))


def _via(entry: Json) -> IPv4Address | None:
    address = entry.get("gateway") or (entry.get("via") or {}).get("host")
    return IPv4Address(address) if address else None


def _labels(text: str) -> tuple[int, ...]:
    return tuple(int(label) for label in re.findall(r"\d+", text))
