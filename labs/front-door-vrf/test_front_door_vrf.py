"""Examples 9-2, 9-4 and 9-24: a front door for each VPN, what it is for, and what it must not let through."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from offnet.design import design
from offnet.experiments.bench import Bench
from offnet.experiments.keys import accepted, as_guest, come_back, refused
from offnet.experiments.presence import POLL
from offnet.experiments.probes import probe
from offnet.experiments.state import sas
from offnet.experiments.subjects import Subject, subject_of
from offnet.experiments.wire import wire_capture
from offnet.intent import LabIntent, load
from offnet.intent.models import Gateway, OffNetSite
from offnet.network.model import AuthRound, Crypto, Identity, IdentityKind, Interface, Site, Tunnel
from offnet.observe import kernel
from offnet.observe.packet import Kind
from offnet.observe.question import ask
from offnet.observe.vici_model import sas_of
from offnet.pytest_plugin import Tell
from offnet.wait import until

DEADLINE = 10.0
DEFAULT = "0.0.0.0/0"


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    """The lab as it is written."""
    return load(Path(__file__).parent)


# ---- what the intent says --------------------------------------------------------------------


def the_gateway(intent: LabIntent) -> tuple[str, Gateway]:
    """The aggregator that has the front doors."""
    return next((name, gateway) for name, gateway in intent.gateways.items() if gateway.front_doors)


def ipsec_of(intent: LabIntent, site: Site) -> Any:
    """What lab.yml says of an off-net site's tunnel."""
    entry = intent.sites[site.name]
    assert isinstance(entry, OffNetSite)
    return entry.ipsec


def wanted(bench: Bench, intent: LabIntent, **features: Any) -> Subject:
    """The first off-net site of which lab.yml says so."""
    return next(
        subject_of(bench.network, site)
        for site, _ in bench.network.tunnels()
        if all(getattr(ipsec_of(intent, site), key) == value for key, value in features.items())
    )


# ---- Example 9-24: sub-interfaces, VRFs, default routes --------------------------------------


def test_9_24_every_front_door_has_its_vrf_and_default_route(
    bench: Bench, intent: LabIntent, tell: Tell
) -> None:
    """Example 9-24: each sub-interface is in its front-door VRF, which has a default route of its own."""
    name, gateway = the_gateway(intent)
    interfaces = {one.name: one for one in ask(bench.lab, name, kernel.INTERFACES)}
    routes, told = ask(bench.lab, name, kernel.ROUTES), []
    for door in gateway.doors().values():
        own = next(i for i in bench.network.node(name).default.interfaces if door.address in i.addresses)
        assert interfaces[own.name].master == own.vrf
        lookup = kernel.route_get(bench.lab, name, door.next_hop + 1, vrf=own.vrf)
        assert lookup.hop is not None
        assert lookup.hop.interface == own.name
        there = [route for route in routes if route.table == lookup.table and route.hops]
        (default,) = (route for route in there if str(route.prefix) == DEFAULT)
        assert (default.hops[0].via, default.hops[0].interface) == (door.next_hop, own.name)
        told.append(f"{door.name}: {own.name} in {own.vrf}, default via {door.next_hop}")
    assert kernel.route_get(bench.lab, name, next(iter(gateway.doors().values())).next_hop).hop is None
    tell("; ".join(told))


def test_9_24_tunnels_keep_to_the_tag_of_their_door(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """Example 9-24: what goes to and from an address bears the 802.1Q tag of its front door, and no other."""
    _, gateway = the_gateway(intent)
    internet = bench.network.node(bench.network.capture_point).default
    tags = {one.name: one.vlan for one in internet.interfaces if one.vlan is not None}
    doors = {str(door.address.ip): door.vlan for door in gateway.doors().values()}
    seen: dict[str, set[int | None]] = {address: set() for address in doors}
    capture = bench.once(wire_capture)
    for subject in (subject_of(bench.network, site) for site, _ in bench.network.tunnels()):
        probe(bench.lab, subject.site.node, subject.site.host, (subject.partner.host,), count=1, length=84)
    for packet in capture.fence():
        if packet.kind in (Kind.ESP, Kind.ESP_IN_UDP, Kind.IKE) and packet.interface in tags:
            for end in {packet.source, packet.destination} & doors.keys():
                seen[str(end)].add(tags[packet.interface])
    assert seen == {address: {vlan} for address, vlan in doors.items()}
    tell("; ".join(f"{address}: VLAN {vlan}" for address, vlan in doors.items()))


# ---- Examples 9-2 and 9-4: keyring and match bound to a front door ----------------------------


def test_9_2_one_address_and_one_lan_three_times(bench: Bench, tell: Tell) -> None:
    """Examples 9-2 and 9-4: spokes of one public address and one LAN are apart by their front door alone."""
    twins: dict[tuple[Any, Any], list[Tunnel]] = {}
    for site, tunnel in bench.network.tunnels():
        twins.setdefault((tunnel.address, site.lan), []).append(tunnel)
    (address, lan), tunnels = max(twins.items(), key=lambda item: len(item[1]))
    assert len(tunnels) == len(bench.network.vpns)
    states = bench.once(sas).kernel[tunnels[0].gateway]
    outward = {(state.source, state.if_id) for state in states if state.destination == address}
    assert outward == {(tunnel.gateway_address, tunnel.if_id) for tunnel in tunnels}
    tell(f"{address} with {lan}: " + ", ".join(f"{t.gateway_address} > {t.vrf}" for t in tunnels))


def test_9_2_the_key_of_another_front_door_is_refused(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """Example 9-2: the wildcard key of one front door does not open another one."""
    told = []
    tunnels = [subject_of(bench.network, site) for site, _ in bench.network.tunnels()]
    by_door = {ipsec_of(intent, subject.site).front_door: subject for subject in tunnels}
    for door, subject in by_door.items():
        other = next(ring for ring in intent.keyrings.values() if ring.front_door not in (None, door))
        line = refused(bench, subject, other.keys["*"])
        told.append(f"{door}: {line.rpartition('] ')[2]}")
    tell("; ".join(told))


def test_a_site_behind_nat_comes_by_its_front_door(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """A site behind a NAT router is known by its private address, and its ESP is in UDP."""
    nat = next(iter(intent.nats))
    subject = wanted(bench, intent, behind=nat)
    found = sas_of(subject.tunnel, bench.vici(subject.tunnel.gateway).list_sas())
    (sa,) = (one for one in found if one.current and one.current_children)
    inside = ipsec_of(intent, subject.site).address.ip
    assert (sa.remote_id, sa.remote_host) == (str(inside), str(intent.nats[nat].address.ip))
    assert [child.encapsulation for child in sa.current_children] == [True]
    tell(f"{sa.remote_id} at {sa.remote_host}[{sa.remote_port}], ESP in UDP")


# ---- the door that is the inside VRF -----------------------------------------------------------


def inside_door(bench: Bench) -> tuple[str, Interface]:
    """The front door that is in the VRF of a VPN, and its aggregator."""
    return next(
        (node.name, interface)
        for node in bench.network.nodes
        for interface in node.default.interfaces
        if interface.front_door and interface.vrf in {vrf.name for vrf in node.default.vrfs}
    )


def test_9_24_users_do_not_leave_by_a_door_inside_their_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-24 as printed: the VRF has the Internet's default route, and a filter keeps users off it."""
    gateway, door = inside_door(bench)
    site = next(site for site, tunnel in bench.network.tunnels() if tunnel.vrf == door.vrf)
    stranger = door.addresses[0].network.broadcast_address - 2
    lookup = kernel.route_get(bench.lab, gateway, stranger, vrf=door.vrf)
    assert lookup.hop is not None
    assert lookup.hop.interface == door.name, "there would be nothing to filter"
    before, capture = filtered(bench, gateway), bench.once(wire_capture)
    seen = len(capture.fence())
    probe(bench.lab, site.node, site.host, (stranger,), count=2, length=LENGTH, wait_ms=50)
    clear = [packet for packet in capture.fence()[seen:] if packet.source == str(site.host)]
    assert not clear
    assert filtered(bench, gateway) >= before + 2
    tell(f"2 packets of {site.host} to {stranger} dropped at {door.name}, none on the wire")


LENGTH = 333


def filtered(bench: Bench, gateway: str) -> int:
    """Packets that the filter of a front door has dropped."""
    counters = ask(bench.lab, gateway, kernel.NFT_COUNTERS)
    return sum(counter.packets for counter in counters if counter.table == "front-doors")


# ---- why there are front doors: two VPNs on one address in Main Mode ----------------------------


@pytest.mark.parametrize(("crypto", "welcome"), [(Crypto.AS_PRINTED, 1), (Crypto.MODERN, 2)], ids=str)
def test_two_keys_on_one_address(
    bench: Bench, intent: LabIntent, tell: Tell, crypto: Crypto, welcome: int
) -> None:
    """Two peers of any address, each with its own key, come to one address: Main Mode fails, IKEv2 does not.

    In Main Mode the aggregator must choose the key before it hears who the peer is; a front door for each
    key is the way out.
    """
    door, network = next(iter(the_gateway(intent)[1].front_doors)), design(intent, crypto)
    guests = tuple(
        as_guest(
            subject_of(network, site),
            AuthRound("psk", Identity(IdentityKind.FQDN, f"{site.name}.example")),
            f"key-of-{site.name}",
        )
        for site, _ in network.tunnels()
        if ipsec_of(intent, site).front_door == door
    )
    come = accepted(bench, guests)
    assert len(come) == welcome
    tell(
        f"IKEv{guests[0].connection.version}: {len(come)} of {len(guests)} get in ({', '.join(sorted(come))})"
    )


# ---- a spoke that gets another address ------------------------------------------------------------


def test_a_spoke_with_a_new_address_is_back_by_itself(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """A spoke that gets another address is back within DPD's time, and nobody touched the aggregator."""
    subject = wanted(bench, intent, dynamic=True)
    _, gateway = the_gateway(intent)
    old = ipsec_of(intent, subject.site).address
    held = bench.vici(subject.tunnel.gateway).list_conns()
    start = time.monotonic()
    readdress(bench, subject.site, old, old.ip + 1)
    try:
        came = await_peer(bench, subject, str(old.ip + 1), gateway.dpd.timeout + DEADLINE)
    finally:
        readdress(bench, subject.site, old, old.ip)
        come_back(bench, subject)
    assert bench.vici(subject.tunnel.gateway).list_conns() == held
    assert came - start <= gateway.dpd.timeout + gateway.dpd.delay
    tell(f"{old.ip} > {old.ip + 1}: answers again after {came - start:.1f} s (DPD {gateway.dpd.timeout} s)")


def readdress(bench: Bench, site: Site, old: Any, address: Any) -> None:
    """Gives a site this address of its access network, and no other."""
    door = next(i for i in bench.network.node(site.node).default.interfaces if old in i.addresses)
    (route,) = bench.network.node(site.node).default.routes
    batch = (
        f"address flush dev {door.name}\n"
        f"address add {address}/{old.network.prefixlen} dev {door.name}\n"
        f"route replace default via {route.via} dev {door.name}\n"
    )
    bench.lab.run(site.node, ["ip", "-batch", "-"], input=batch.encode())


def await_peer(bench: Bench, subject: Subject, address: str, seconds: float) -> float:
    """When the site answers its partner again, as a peer of that address."""
    gateway = bench.vici(subject.tunnel.gateway)
    until(
        lambda: any(sa.remote_host == address and sa.current_children for sa in gateway.list_sas()),
        what=f"{subject.site.name} has an SA from {address}",
        deadline=seconds,
        interval=POLL,
    )
    partner, target = subject.partner, subject.site.host
    until(
        lambda: probe(bench.lab, partner.node, partner.host, (target,), count=1, length=84).received[target],
        what=f"{subject.site.name} answers {partner.name}",
        deadline=seconds,
        interval=POLL,
    )
    return time.monotonic()
