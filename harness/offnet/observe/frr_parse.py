"""FRR's JSON into types: pure functions, one a command."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from offnet.observe.frr_model import (
    IMPLICIT_NULL,
    BgpPeer,
    BgpRoute,
    LabelEntry,
    LdpBinding,
    LdpNeighbor,
    OspfNeighbor,
    ZebraNexthop,
    ZebraRoute,
)

Json = Any


def ospf_neighbors(data: Json) -> tuple[OspfNeighbor, ...]:
    """Neighbours in ``show ip ospf neighbor``."""
    return tuple(
        OspfNeighbor(
            router_id=IPv4Address(router_id),
            state=entry["converged"],
            interface=entry["ifaceName"].partition(":")[0],
            address=IPv4Address(entry["ifaceAddress"]),
        )
        for router_id, entries in data.get("neighbors", {}).items()
        for entry in entries
    )


def ospf_neighbors_by_vrf(data: Json) -> tuple[OspfNeighbor, ...]:
    """Neighbours in ``show ip ospf vrf all neighbor``, those of the global table included."""
    return tuple(neighbor for instance in data.values() for neighbor in ospf_neighbors(instance))


def ldp_neighbors(data: Json) -> tuple[LdpNeighbor, ...]:
    """Sessions in ``show mpls ldp neighbor``."""
    return tuple(
        LdpNeighbor(
            router_id=IPv4Address(entry["neighborId"]),
            state=entry["state"],
            transport_address=IPv4Address(entry["transportAddress"]),
        )
        for entry in data.get("neighbors", [])
        if entry["addressFamily"] == "ipv4"
    )


def ldp_bindings(data: Json) -> tuple[LdpBinding, ...]:
    """Bindings in ``show mpls ldp binding``; a prefix without remote label has no neighbour."""
    return tuple(_binding(entry) for entry in data.get("bindings", []) if entry["addressFamily"] == "ipv4")


def _binding(entry: Json) -> LdpBinding:
    neighbor = IPv4Address(entry["neighborId"])
    return LdpBinding(
        prefix=IPv4Network(entry["prefix"]),
        local_label=_label(entry["localLabel"]),
        neighbor=None if neighbor.is_unspecified else neighbor,
        remote_label=_label(entry["remoteLabel"]),
        in_use=bool(entry["inUse"]),
    )


def _label(text: str) -> int | None:
    if text in {"-", ""}:
        return None
    return {"imp-null": IMPLICIT_NULL, "exp-null": 0}.get(text) if text.endswith("null") else int(text)


def bgp_peers(data: Json) -> tuple[BgpPeer, ...]:
    """Neighbours in ``show bgp ipv4 vpn summary``."""
    return tuple(
        BgpPeer(
            address=IPv4Address(address),
            remote_as=entry["remoteAs"],
            state=entry["state"],
            prefixes_received=entry.get("pfxRcd", 0),
            prefixes_sent=entry.get("pfxSnt", 0),
        )
        for address, entry in data.get("peers", {}).items()
    )


def vpn_routes(data: Json) -> tuple[BgpRoute, ...]:
    """All paths in ``show bgp ipv4 vpn detail``, each with its route distinguisher."""
    distinguishers = data.get("routes", {}).get("routeDistinguishers", {})
    return tuple(
        _path(rd, prefix, path)
        for rd, prefixes in distinguishers.items()
        for prefix, paths in prefixes.items()
        for path in paths
    )


def vrf_routes(data: Json) -> tuple[BgpRoute, ...]:
    """All paths in ``show bgp vrf NAME ipv4 unicast detail``."""
    return tuple(
        _path("", prefix, path) for prefix, paths in data.get("routes", {}).items() for path in paths
    )


def _path(rd: str, prefix: str, path: Json) -> BgpRoute:
    peer = IPv4Address(path["peer"]["peerId"])
    communities = path.get("extendedCommunity", {}).get("string", "").split()
    return BgpRoute(
        rd=rd,
        prefix=IPv4Network(prefix),
        next_hop=IPv4Address(path["nexthops"][0]["ip"]),
        label=path.get("remoteLabel"),
        route_targets=tuple(c.removeprefix("RT:") for c in communities if c.startswith("RT:")),
        origin=path["origin"],
        as_path="" if path["aspath"]["string"] == "Local" else path["aspath"]["string"],
        local_preference=path.get("locPrf"),
        med=path.get("metric"),
        best=bool(path.get("bestpath", {}).get("overall")),
        valid=bool(path.get("valid")),
        local=bool(path.get("sourced")) and not path.get("importedFrom"),
        peer=None if peer.is_unspecified else peer,
        imported_from=path.get("importedFrom", ""),
    )


def zebra_routes(data: Json) -> tuple[ZebraRoute, ...]:
    """Routes in ``show ip route vrf NAME``."""
    return tuple(_route(entry) for entries in data.values() for entry in entries)


def zebra_routes_by_vrf(data: Json) -> tuple[ZebraRoute, ...]:
    """Routes in ``show ip route vrf all``."""
    return tuple(route for routes in data.values() for route in zebra_routes(routes))


def _route(entry: Json) -> ZebraRoute:
    return ZebraRoute(
        vrf=entry["vrfName"],
        table=entry["table"],
        prefix=IPv4Network(entry["prefix"]),
        protocol=entry["protocol"],
        distance=entry["distance"],
        metric=entry["metric"],
        selected=bool(entry.get("selected")),
        installed=bool(entry.get("installed")),
        nexthops=tuple(_nexthop(hop) for hop in entry.get("nexthops", [])),
    )


def _nexthop(hop: Json) -> ZebraNexthop:
    return ZebraNexthop(
        address=IPv4Address(hop["ip"]) if "ip" in hop else None,
        interface=hop.get("interfaceName"),
        labels=tuple(label for label in hop.get("labels", []) if label != IMPLICIT_NULL),
        fib=bool(hop.get("fib")),
        recursive=bool(hop.get("recursive")),
        unreachable=bool(hop.get("unreachable")),
    )


def mpls_table(data: Json) -> tuple[LabelEntry, ...]:
    """Entries in ``show mpls table``, one for each next hop."""
    return tuple(entry for item in data.values() for entry in _entries(item))


def _entries(item: Json) -> Iterator[LabelEntry]:
    for hop in item["nexthops"]:
        yield LabelEntry(
            label=item["inLabel"],
            protocol=hop["type"],
            out_labels=tuple(hop.get("outLabelStack", [])),
            next_hop=IPv4Address(hop["nexthop"]) if "nexthop" in hop else None,
            interface=hop.get("interface"),
            installed=bool(hop.get("installed")),
        )
