"""A spoke that sends GRE with the key of another VPN's cloud, inside its own SA."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.probes import SILENCE_MS, arrivals, count_arrivals, probe
from offnet.experiments.wire import wire_capture
from offnet.network.model import Cloud, Network, Site
from offnet.observe import kernel
from offnet.observe.question import ask

INTERFACE = "offnet-attack"
TABLE = "4243"
LENGTH = 555  # no other probe is as long
PROBES = 3


@dataclass(frozen=True, slots=True)
class Attack:
    """What became of probes with another cloud's key: those dropped for it, those that arrived."""

    sent: int
    dropped: int
    arrived: int


def attacks(network: Network) -> Iterator[tuple[Site, Cloud, Site]]:
    """The last spoke of each cloud, every other cloud of its hub, and a site behind that."""
    for own in network.clouds:
        for other in network.clouds:
            victims = [site for site in network.sites_of(other.vpn) if site.tunnel is None]
            if own.spokes and victims and own.vpn != other.vpn and own.source == other.source:
                yield network.site(own.spokes[-1]), other, victims[0]


def dropped_for_key(cloud: Cloud) -> str:
    """What the hub calls its count of packets with a cloud's key that came by a foreign SA."""
    return f"foreign-key-{cloud.key}"


def foreign_keys(bench: Bench) -> dict[tuple[str, str], Attack]:
    """Every attack, by the attacker and the cloud that it would like to enter."""
    bench.once(wire_capture)
    return {
        (attacker.name, cloud.name): _attack(bench, attacker, cloud, victim)
        for attacker, cloud, victim in attacks(bench.network)
    }


def _attack(bench: Bench, attacker: Site, cloud: Cloud, victim: Site) -> Attack:
    before = _dropped(bench, cloud)
    count_arrivals(bench.lab, victim.node, [LENGTH])
    with _tunnel(bench, attacker, cloud):
        probe(
            bench.lab,
            attacker.node,
            attacker.host,
            (victim.host,),
            count=PROBES,
            length=LENGTH,
            wait_ms=SILENCE_MS,
        )
    arrived = arrivals(bench.lab, victim.node).get(LENGTH, 0)
    return Attack(PROBES, _dropped(bench, cloud) - before, arrived)


@contextmanager
def _tunnel(bench: Bench, attacker: Site, cloud: Cloud) -> Iterator[None]:
    """All that the attacker's LAN sends goes to the hub with that key meanwhile."""
    assert attacker.tunnel is not None  # noqa: S101 - it is a spoke
    node, lab = attacker.node, bench.lab
    ends = ["local", str(attacker.tunnel.address), "remote", str(cloud.source), "key", str(cloud.key)]
    rule = ["from", str(attacker.lan), "table", TABLE]
    lab.run(node, ["ip", "link", "add", INTERFACE, "type", "gre", *ends, "ttl", "64"])
    try:
        lab.run(node, ["ip", "link", "set", "dev", INTERFACE, "up"])
        lab.run(node, ["ip", "route", "replace", "default", "dev", INTERFACE, "table", TABLE])
        lab.run(node, ["ip", "rule", "add", *rule])
        yield
    finally:
        lab.run(node, ["ip", "rule", "del", *rule], check=False)
        lab.run(node, ["ip", "link", "del", INTERFACE])


def _dropped(bench: Bench, cloud: Cloud) -> int:
    counters = ask(bench.lab, cloud.hub, kernel.NFT_COUNTERS)
    return sum(one.packets for one in counters if one.name == dropped_for_key(cloud))
