"""The tunnel between two PEs in every state that charon can be in: what leaves in clear, what is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.core_paths import Victim, await_direct, cut, send, victim
from offnet.experiments.presence import POLL
from offnet.observe import kernel
from offnet.observe.capture import Capture
from offnet.observe.errors import CommandRefused, ObserveError
from offnet.observe.packet import Kind, Packet
from offnet.observe.question import ask
from offnet.wait import until

PROBES = 3
LENGTH = 394
DEADLINE = 30.0
ALLOWED = frozenset({Kind.ESP, Kind.IKE, Kind.ARP})
UNREACHABLE = 3  # what a node without charon says to IKE: no data of anybody
NO_STATE = "XfrmOutNoStates"
# The supervisor would start charon again at once: it is held while we look.
HOLD = """
pid=$(pidof charon-systemd) || exit 1
while read -r key value; do [ "$key" = PPid: ] && parent=$value; done </proc/$pid/status
kill -STOP "$parent" && kill -{signal} "$pid" && echo "$parent"
while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do :; done
"""


class State(StrEnum):
    """How the SA of a tunnel can be missing, or charon."""

    DELETED = "SA deleted"
    UNLOADED = "connection unloaded"
    STOPPED = "charon stopped"
    KILLED = "charon killed"
    EMPTIED = "charon killed, SADB empty"
    RESTARTED = "charon restarted"


@dataclass(frozen=True, slots=True)
class Leak:
    """One state: clear packets between the PEs, ESP, drops by who dropped, policies left, probes answered.

    ``guarded`` were dropped by nftables, ``unprotected`` by a policy without SA; ``back`` says that the
    tunnel carried probes again afterwards.
    """

    clear: tuple[Packet, ...]
    esp: int
    guarded: int
    unprotected: int
    policies: int
    answered: int
    back: bool


def leak(bench: Bench, state: State) -> Leak:
    """Puts one PE into a state, looks at the wire while sites send, and mends it."""
    chosen = victim(bench.network)
    lab, node = bench.lab, chosen.own.node
    with Capture(lab, bench.network.capture_point) as capture:
        before = _dropped(bench, node)
        with _STATES[state](bench, chosen):
            already = len(capture.fence())
            policies = _policies(bench, chosen)
            answered = send(bench, chosen, PROBES, LENGTH)
            if state not in (State.KILLED, State.RESTARTED):
                _await_drops(bench, node, before)
            seen = capture.fence()[already:]
            after = _dropped(bench, node)
        back = _await_return(bench, chosen)
        # What passes while the tunnel comes back counts as well.
        seen = (*seen, *capture.stop()[already + len(seen) :])
    own = [packet for packet in seen if _between(packet, chosen)]
    return Leak(
        clear=tuple(p for p in own if p.kind not in ALLOWED and p.icmp_type != UNREACHABLE),
        esp=sum(packet.kind is Kind.ESP and packet.source == str(chosen.own.outer) for packet in own),
        guarded=after[0] - before[0],
        unprotected=after[1] - before[1],
        policies=policies,
        answered=answered,
        back=back,
    )


def _between(packet: Packet, chosen: Victim) -> bool:
    ends = {str(chosen.own.outer), str(chosen.peer.outer)}
    return {packet.source, packet.destination} == ends


def _dropped(bench: Bench, node: str) -> tuple[int, int]:
    """Packets that the guard dropped as they left, and those that found a policy and no SA."""
    counters = ask(bench.lab, node, kernel.NFT_COUNTERS)
    guarded = sum(one.packets for one in counters if (one.table, one.chain) == ("guard", "leaving"))
    return guarded, ask(bench.lab, node, kernel.XFRM_STATISTICS).get(NO_STATE, 0)


def _await_drops(bench: Bench, node: str, before: tuple[int, int]) -> None:
    with suppress(DeadlineExpired):  # the judge tells that nothing was tried
        until(
            lambda: sum(_dropped(bench, node)) > sum(before),
            what=f"{node} drops what it cannot protect",
            deadline=5.0,
            interval=POLL,
        )


def _policies(bench: Bench, chosen: Victim) -> int:
    found = ask(bench.lab, chosen.own.node, kernel.XFRM_POLICIES)
    return sum(
        policy.direction == "out" and policy.destination.network_address == chosen.peer.outer
        for policy in found
    )


def _established(bench: Bench, chosen: Victim) -> bool:
    try:
        found = bench.vici(chosen.own.node).list_sas(chosen.own.connection)
    except ObserveError:  # not up yet: nobody answers on its socket
        return False
    return any(sa.current_children for sa in found)


def _await_return(bench: Bench, chosen: Victim) -> bool:
    """An SA, then probes that take the tunnel itself and no other way."""
    with suppress(DeadlineExpired):
        until(lambda: _established(bench, chosen), what="an SA", deadline=DEADLINE, interval=POLL)
        return await_direct(bench, chosen)
    return False


@contextmanager
def _deleted(bench: Bench, chosen: Victim) -> Iterator[None]:
    """IKE cannot pass, so that no new SA comes; the trap policies stay."""
    with cut(bench, chosen, "udp dport { 500, 4500 }"):
        with suppress(CommandRefused, DeadlineExpired):
            bench.vici(chosen.own.node).terminate(ike=chosen.own.connection, force=True, timeout=1)
        yield
    _initiate_anew(bench, chosen)


@contextmanager
def _unloaded(bench: Bench, chosen: Victim) -> Iterator[None]:
    vici, name = bench.vici(chosen.own.node), chosen.own.connection
    vici.unload_conn(name)
    try:
        with suppress(CommandRefused, DeadlineExpired):
            vici.terminate(ike=name, force=True, timeout=1)
        yield
    finally:
        vici.load_conn(bench.network.node(chosen.own.node).connection(name))
        _initiate_anew(bench, chosen)


def _initiate_anew(bench: Bench, chosen: Victim) -> None:
    """Not the attempt that waits to send its first message again."""
    vici, name = bench.vici(chosen.own.node), chosen.own.connection
    with suppress(CommandRefused, DeadlineExpired):
        vici.terminate(ike=name, force=True, timeout=1)
    with suppress(CommandRefused, DeadlineExpired):  # its trap, or the other end, may have been quicker
        vici.initiate(bench.network.node(chosen.own.node).connection(name).children[0].name, name)


@contextmanager
def _held(bench: Bench, chosen: Victim, signal: str, then: str = "true") -> Iterator[None]:
    lab, node = bench.lab, chosen.own.node
    script = HOLD.replace("{signal}", signal) + then
    supervisor = lab.run(node, ["sh", "-c", script], timeout=20).stdout.strip()
    bench.forget_vici(node)
    try:
        yield
    finally:
        lab.run(node, ["kill", "-CONT", supervisor])


@contextmanager
def _restarted(bench: Bench, chosen: Victim) -> Iterator[None]:
    bench.lab.run(chosen.own.node, ["sh", "-c", "kill -KILL $(pidof charon-systemd)"])
    bench.forget_vici(chosen.own.node)
    yield


_STATES = {
    State.DELETED: _deleted,
    State.UNLOADED: _unloaded,
    State.STOPPED: lambda bench, chosen: _held(bench, chosen, "TERM"),
    State.KILLED: lambda bench, chosen: _held(bench, chosen, "KILL"),
    State.EMPTIED: lambda bench, chosen: _held(bench, chosen, "KILL", "ip xfrm state flush"),
    State.RESTARTED: _restarted,
}
