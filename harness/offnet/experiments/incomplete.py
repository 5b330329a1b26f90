"""Sites whose profile is incomplete: traffic for them reaches the aggregator and goes no further."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.logs import line_about, mark, since
from offnet.experiments.presence import POLL
from offnet.experiments.probes import SILENCE_MS, probe
from offnet.experiments.refusal import UNKNOWN_IDENTITY
from offnet.experiments.wire import wire_capture
from offnet.network.model import Network, Site, Unprotected
from offnet.observe import kernel
from offnet.observe.errors import CommandRefused
from offnet.observe.question import ask
from offnet.wait import until

PROBES = 3
LENGTH = 84
DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Dropped:
    """Probes to such a site: what was counted at its aggregator, and how many replies came, each way.

    ``reason`` is how the aggregator refused the site, ``sas`` what it holds for it all the same.
    """

    sent: int
    counted: int
    into: int
    out: int
    reason: str
    sas: tuple[str, ...]


def partner_of(network: Network, unprotected: Unprotected) -> Site:
    """A site of its VPN, on-net if there is such a one."""
    sites = network.sites_of(unprotected.site.vpn)
    return next((site for site in sites if site.tunnel is None), sites[0])


def dropped(bench: Bench) -> dict[str, Dropped]:
    """A partner sends to every unprotected site, and the site tries to get an SA and sends itself."""
    bench.once(wire_capture)
    by_name = {one.site.name: one for one in bench.network.unprotected}
    return gather(by_name, lambda name: _dropped(bench, by_name[name]))


def _dropped(bench: Bench, one: Unprotected) -> Dropped:
    site, partner = one.site, partner_of(bench.network, one)
    before = _counted(bench, one)
    into = probe(
        bench.lab, partner.node, partner.host, (site.host,), count=PROBES, length=LENGTH, wait_ms=SILENCE_MS
    )
    counted = _counted(bench, one) - before
    reason = _refused(bench, one)
    out = probe(
        bench.lab, site.node, site.host, (partner.host,), count=PROBES, length=LENGTH, wait_ms=SILENCE_MS
    )
    sas = tuple(
        f"{sa.name} {sa.remote_id}"
        for sa in bench.vici(site.pe, site.node).list_sas()
        if sa.current and sa.remote_host == str(one.address)
    )
    return Dropped(PROBES, counted, into.received[site.host], out.received[partner.host], reason, sas)


def _counted(bench: Bench, one: Unprotected) -> int:
    counters = ask(bench.lab, one.site.pe, kernel.NFT_COUNTERS)
    return sum(counter.packets for counter in counters if counter.name == one.site.name)


def _refused(bench: Bench, one: Unprotected) -> str:
    """The line in which the aggregator refuses the site, an empty one if it does not."""
    ike = bench.network.node(one.site.node).ike
    assert ike is not None  # noqa: S101 - an off-net site
    (connection,) = ike.connections
    start, line = mark(bench.lab, one.site.pe), ""
    about, pattern = f"{one.address} is initiating ", UNKNOWN_IDENTITY[connection.version]

    def look() -> bool:
        nonlocal line
        line = line_about(since(bench.lab, one.site.pe, start), about, pattern)
        return bool(line)

    with suppress(CommandRefused, DeadlineExpired):
        bench.vici(one.site.node).initiate(connection.children[0].name, connection.name, timeout=2)
    with suppress(DeadlineExpired):  # the verdict on silence is for the judge
        until(look, what=f"{one.site.pe} refuses {one.address}", deadline=DEADLINE, interval=POLL)
    return line
