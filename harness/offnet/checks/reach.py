"""Proof 1: every pair of sites of one VPN reaches each other, and exactly the right SAs carry it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.sa_pairs import SaPair, sa_pair
from offnet.experiments.bench import Bench
from offnet.experiments.crossings import Crossings, crossings_of
from offnet.experiments.reach import PROBES, Counters, PairProbe, reach
from offnet.experiments.shortcuts import direct
from offnet.experiments.state import Sas, sas
from offnet.experiments.subjects import joined, routed
from offnet.network.model import CoreTunnel, Network, Site, Tunnel

Looked = tuple[Sas, dict[tuple[str, str], PairProbe]]


def look(bench: Bench) -> Looked:
    """The SAs, then the probes (in this order: the SPIs must be those that carry them)."""
    return bench.once(sas), bench.once(reach)


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim for each ordered pair of sites of a VPN."""
    for source in network.sites:
        for target in network.sites:
            meshed = source.overlay is not None and source.overlay == target.overlay
            if source.vpn == target.vpn and source is not target and not meshed:
                if joined(source, target):
                    yield _claim(network, source, target)
                else:
                    yield _unrouted(source, target)


def _claim(network: Network, source: Site, target: Site) -> Claim[Looked]:
    tunnels = [_counted(site, site.tunnel) for site in (source, target) if site.tunnel]
    if direct(network, source, target):
        tunnels = ["the shortcut between both"]
    carried = f"counted at both ends of {' and '.join(tunnels)}" if tunnels else "no SA touched"
    core = network.core_tunnel(source.pe, target.pe)
    if core:
        carried += f", and between {core.name}"
    return Claim(
        proof=1,
        name=f"{source.vpn}: {source.name} reaches {target.name}",
        expected=f"{PROBES} of {PROBES} replies from {_addresses(target)}, {carried}",
        look=look,
        judge=lambda looked: judge(network, source, target, *looked),
    )


def _addresses(target: Site) -> str:
    return " and from ".join(dict.fromkeys((str(target.host), str(target.marker))))


def _counted(site: Site, tunnel: Tunnel) -> str:
    return f"the {'GRE tunnel' if tunnel.gre else 'SAs'} of {site.name}"


def _why(site: Site) -> str:
    return f"{site.name} {'is in an overlay' if site.overlay else 'has rri: off'}"


def _unrouted(source: Site, target: Site) -> Claim[Looked]:
    off = next((_why(site) for site in (source, target) if not routed(site)), "split tunnel")
    return Claim(
        proof=1,
        name=f"{source.vpn}: {source.name} gets no reply from {target.name} ({off})",
        expected=f"0 of {PROBES} replies from {_addresses(target)}",
        look=look,
        judge=lambda looked: judge_unrouted(looked[1][source.name, target.name]),
    )


def judge_unrouted(seen: PairProbe) -> Verdict:
    """A site that no reverse route leads to answers nobody, and gets no answer."""
    return Verdict(seen.to_host == seen.to_marker == 0, f"{seen.to_host}+{seen.to_marker} replies")


def judge(
    network: Network, source: Site, target: Site, state: Sas, probes: dict[tuple[str, str], PairProbe]
) -> Verdict:
    """Replies complete; each SA on the way grew by the number of probes at both ends, no other grew.

    An SA that carries routing as well may grow by more, and at any time: the probes are counted where
    they go into its GRE tunnel and come out of it, and that no other tunnel carries any. Those between
    PEs that are on the way grew by the probes at least.
    """
    seen = probes[source.name, target.name]
    mistakes = [
        f"{got} of {seen.sent} replies from {address}"
        for got, address in ((seen.to_host, target.host), (seen.to_marker, target.marker))
        if got != seen.sent
    ]
    sent = len({target.host, target.marker}) * seen.sent
    expected: Counters = {}
    aside = direct(network, source, target)  # by a shortcut, so that neither SA with the hub is on the way
    for site in (source, target):
        if site.tunnel and not aside:
            pair = sa_pair(state, site)
            if pair is None:
                mistakes.append(f"no current SA of {site.name} at both ends")
            else:
                expected |= dict.fromkeys(_ends(site, pair), sent)
    mistakes += differences(expected, seen.growth, _with_routing(network, state))
    crossed: Crossings = {}
    for place in (place for site in (source, target) for place in crossings_of(site)):
        if not aside or place[0] in (source.node, target.node):
            crossed[place] = crossed.get(place, 0) + sent  # a tunnel that both share is crossed twice
    mistakes += [
        f"{seen.crossed.get(place, 0)} probes {way} {interface} of {node}, not {crossed.get(place, 0)}"
        for place in sorted(crossed.keys() | seen.crossed.keys())
        for node, interface, way in (place,)
        if crossed.get(place, 0) != seen.crossed.get(place, 0)
    ]
    core = network.core_tunnel(source.pe, target.pe)
    mistakes += _too_little(core, 2 * sent, seen) if core else []
    for own, peer in ((source, target), (target, source)) if aside else ():
        count = seen.core.get((own.name, peer.name), 0)
        mistakes += [f"the SA of {own.name} with {peer.name} grew by {count}"] if count < 2 * sent else []
    return verdict(
        mistakes, f"{seen.to_host}+{seen.to_marker} replies, {len(seen.growth)} SA counters grew as they must"
    )


def _with_routing(network: Network, state: Sas) -> set[tuple[str, int]]:
    """The counters of SAs that carry routing, too."""
    sites = [site for site, tunnel in network.tunnels() if tunnel.gre]
    return {end for site in sites if (pair := sa_pair(state, site)) for end in _ends(site, pair)}


def _too_little(core: CoreTunnel, probes: int, seen: PairProbe) -> list[str]:
    grown = {end: seen.core.get((end.node, end.connection), 0) for end in core.ends}
    return [
        f"the SAs of {end.node} with {end.connection} grew by {count}, not by {probes} at least"
        for end, count in grown.items()
        if count < probes
    ]


def _ends(site: Site, pair: SaPair) -> tuple[tuple[str, int], ...]:
    """Requests and replies take one SA each; both are counted where they enter and where they leave."""
    assert site.tunnel  # noqa: S101 - the caller has looked
    return tuple(
        (node, spi) for node in (site.node, site.tunnel.gateway) for spi in (pair.to_site, pair.to_gateway)
    )


def differences(expected: Counters, growth: Counters, routing: Collection[tuple[str, int]] = ()) -> list[str]:
    """SAs that did not grow by what is expected; those that carry ``routing`` may grow by more."""
    mistakes = []
    for node, spi in sorted(expected.keys() | growth.keys()):
        grew, wanted = growth.get((node, spi), 0), expected.get((node, spi), 0)
        if grew < wanted or (grew > wanted and (node, spi) not in routing):
            mistakes.append(f"SA {spi:#010x} at {node} grew by {grew}, not {wanted}")
    return mistakes
