"""Probes counted where they go into a GRE tunnel and come out of it: its SA carries routing as well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from offnet.experiments.bench import Bench, gather
from offnet.network.model import Network, Site
from offnet.observe.nft_counters import rule_counters
from offnet.observe.places import entering, place, run_at
from offnet.observe.question import ask

TABLE = "offnet_crossings"
Crossing = tuple[str, str, str]
"""Place, tunnel interface, and ``in`` or ``out``."""
Crossings = dict[Crossing, int]

_COUNTED = re.compile(r'counter packets (\d+) bytes \d+ comment "(in|out) (\S+)"')


def crossings_of(site: Site) -> tuple[Crossing, ...]:
    """Where what a site sends and gets is counted: both ends of its GRE tunnel, both ways."""
    if site.tunnel is None or site.tunnel.gre is None:
        return ()
    gre = site.tunnel.gre
    hub = (place(site.tunnel.gateway, gre.cloud), gre.gateway_interface)
    ends = ((site.node, gre.site_interface), hub)
    return tuple((where, interface, way) for where, interface in ends for way in ("in", "out"))


def count_crossings(bench: Bench, length: int) -> None:
    """Makes every end of a tunnel count ICMP packets of this length, from zero."""
    places = _places(bench.network)
    gather(places, lambda where: _install(bench, where, places[where], length))


def crossings(bench: Bench) -> Crossings:
    """What has been counted since."""
    found: Crossings = {}
    for where, counted in gather(_places(bench.network), lambda where: _read(bench, where)).items():
        found |= {(where, interface, way): packets for interface, way, packets in counted}
    return found


def _places(network: Network) -> dict[str, list[str]]:
    """The tunnel interfaces of every place that has any."""
    places: dict[str, dict[str, None]] = {}
    for site in network.sites:
        for where, interface, _ in crossings_of(site):
            places.setdefault(where, {})[interface] = None
    return {where: list(interfaces) for where, interfaces in places.items()}


def _install(bench: Bench, where: str, interfaces: list[str], length: int) -> None:
    chains = (("prerouting", "iifname", "in"), ("postrouting", "oifname", "out"))
    text = f"table ip {TABLE} {{}}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n"
    for hook, key, way in chains:
        text += f" chain {hook} {{ type filter hook {hook} priority -300; policy accept;\n"
        for name in interfaces:
            text += (
                f"  {key} {name} icmp type {{ echo-request, echo-reply }} meta length {length}"
                f' counter comment "{way} {name}"\n'
            )
        text += " }\n"
    run_at(bench.lab, where, ["nft", "-f", "-"], input=f"{text}}}\n".encode(), timeout=10)


def _read(bench: Bench, where: str) -> list[tuple[str, str, int]]:
    if entering(where):  # only a process can be started there
        return list(_parse(run_at(bench.lab, where, ["nft", "list", "table", "ip", TABLE]).stdout))
    counted = ask(bench.lab, where, rule_counters(TABLE))
    return [(interface, way, counted[f"{way} {interface}"]) for way, interface in map(str.split, counted)]


def _parse(text: str) -> Iterator[tuple[str, str, int]]:
    for packets, way, interface in _COUNTED.findall(text):
        yield interface, way, int(packets)
