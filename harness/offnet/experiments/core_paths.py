"""The way between two sites at two PEs: the tunnel that joins their PEs, or another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.core_tunnels import travellers
from offnet.experiments.labels import imposed
from offnet.experiments.presence import POLL
from offnet.experiments.probes import PERIOD_MS, probe
from offnet.network.model import CoreEnd, Network, Site
from offnet.observe.errors import ObserveError
from offnet.wait import until

CUT = "offnet_cut"
LENGTH = 84
WAIT_MS = 100
DEADLINE = 30.0


@dataclass(frozen=True, slots=True)
class Victim:
    """The end of a tunnel that suffers, the other end, and two sites that talk through it."""

    own: CoreEnd
    peer: CoreEnd
    source: Site
    target: Site


def victim(network: Network) -> Victim:
    """An end that no off-net site's tunnel ends on: a charon that restarts would take those with it."""
    gateways = {tunnel.gateway for _, tunnel in network.tunnels()}
    for tunnel, source, target in travellers(network).values():
        for own, peer in (tunnel.ends, tunnel.ends[::-1]):
            if own.node not in gateways:
                return Victim(own, peer, source, target)
    raise LookupError("every PE with a tunnel is a gateway of off-net sites")


def send(bench: Bench, chosen: Victim, count: int, length: int, period_ms: int = PERIOD_MS) -> int:
    """Probes between the two sites; how many were answered."""
    source, target = chosen.source, chosen.target
    answers = probe(
        bench.lab,
        source.node,
        source.host,
        (target.host,),
        count=count,
        length=length,
        wait_ms=WAIT_MS,
        period_ms=period_ms,
    )
    return answers.received[target.host]


def stack(bench: Bench, chosen: Victim) -> tuple[int, ...]:
    """The labels that the source's PE puts on packets to the target; none where it has no single route."""
    try:
        return imposed(bench, bench.network.node(chosen.source.pe), chosen.target)
    except ObserveError:
        return ()


def await_direct(bench: Bench, chosen: Victim) -> bool:
    """Whether the tunnel between the two PEs comes to carry probes, under the VPN label alone."""
    with suppress(DeadlineExpired):
        until(
            lambda: len(stack(bench, chosen)) == 1 and send(bench, chosen, 1, LENGTH),
            what="the direct tunnel carries traffic",
            deadline=DEADLINE,
            interval=POLL,
        )
        return True
    return False


@contextmanager
def cut(bench: Bench, chosen: Victim, what: str) -> Iterator[None]:
    """Drops in the Internet what an nftables expression selects of the packets between two PEs."""
    inet, ends = bench.network.capture_point, f"{{ {chosen.own.outer}, {chosen.peer.outer} }}"
    rules = (
        f"table ip {CUT} {{ chain through {{\n"
        "type filter hook forward priority 0; policy accept;\n"
        f"ip saddr {ends} ip daddr {ends} {what} drop\n}}\n}}\n"
    )
    bench.lab.run(inet, ["nft", "-f", "-"], input=rules.encode(), timeout=10)
    try:
        yield
    finally:
        bench.lab.run(inet, ["nft", "delete", "table", "ip", CUT], timeout=10)
