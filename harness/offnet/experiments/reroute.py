"""One of several tunnels between PEs carries nothing any more: traffic takes the others."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.core_paths import await_direct, cut, send, stack, victim
from offnet.experiments.reach import CoreCounters, core_growth, counters
from offnet.observe.capture import Capture
from offnet.observe.packet import Packet

LENGTH = 398
OUTAGE = 400  # probes: four times as long as OSPF's dead interval
PROBES = 5
PERIOD_MS = 10


@dataclass(frozen=True, slots=True)
class Reroute:
    """Probes lost until the other way was taken; then the labels, the SAs' growth, and the wire.

    ``stack`` and ``grown`` are while the tunnel was dead; ``back`` is the stack after it came back.
    """

    sent: int
    received: int
    answered: int
    stack: tuple[int, ...]
    grown: CoreCounters
    packets: tuple[Packet, ...]
    back: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """How long nothing was answered, as the probes that were lost tell."""
        return (self.sent - self.received) * PERIOD_MS / 1000


def reroute(bench: Bench) -> Reroute:
    """Drops the ESP between two PEs in the middle, both ways, while two of their sites talk."""
    chosen = victim(bench.network)
    await_direct(bench, chosen)
    with Capture(bench.lab, bench.network.capture_point) as capture:
        with cut(bench, chosen, "meta l4proto esp"):
            received = send(bench, chosen, OUTAGE, LENGTH, PERIOD_MS)
            _, before = counters(bench)
            answered = send(bench, chosen, PROBES, LENGTH)
            _, after = counters(bench)
            labels = stack(bench, chosen)
            packets = capture.fence()
        await_direct(bench, chosen)
    grown = core_growth(before, after)
    return Reroute(OUTAGE, received, answered, labels, grown, packets, stack(bench, chosen))
