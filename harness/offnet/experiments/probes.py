"""ICMP probes: one fping process a source, tagged by their size so that arrivals can be counted.

The tag is the length of the IP packet. It survives encapsulation, needs no cooperation from the
target, and nftables and captures both see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.observe.errors import ObserveError
from offnet.observe.nft_counters import rule_counters
from offnet.observe.question import ask
from offnet.runtime.base import RunningLab

ICMP_AND_IP_HEADERS = 28
PERIOD_MS = 2  # between probes to one target
SILENCE_MS = 50
"""How long a reply is waited for that may not come: a hundred round trips through all tunnels."""
TABLE = "offnet_probes"
_SUMMARY = re.compile(r"^(\S+)\s*: xmt/rcv/%loss = (\d+)/(\d+)/", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back to one source: replies by target, of ``sent`` requests each."""

    source: IPv4Address
    sent: int
    received: dict[IPv4Address, int]


def probe(
    lab: RunningLab,
    node: str,
    source: IPv4Address,
    targets: Iterable[IPv4Address],
    *,
    count: int,
    length: int,
    wait_ms: int = 300,
    period_ms: int = PERIOD_MS,
    device: str | None = None,
    dscp: int = 0,
) -> Answers:
    """Sends ``count`` echo requests of ``length`` bytes to every target and counts the replies.

    ``wait_ms`` is how long the last reply may take; it is spent only where one is missing. ``period_ms``
    is between two to one target. ``device`` is the VRF that they are sent in, ``dscp`` what they are
    marked with.
    """
    wanted = [str(target) for target in targets]
    if not wanted:
        return Answers(source, count, {})
    argv = ["fping", "-q", "-c", str(count), "-p", str(period_ms), "-i", "1", "-t", str(wait_ms)]
    argv += ["-b", str(length - ICMP_AND_IP_HEADERS), "-S", str(source)]
    argv += ["-O", str(dscp << 2)] if dscp else []
    argv += [*(("-I", device) if device else ()), *wanted]
    done = lab.run(node, argv, timeout=30, check=False)
    seen = {IPv4Address(target): int(got) for target, _, got in _SUMMARY.findall(done.stderr + done.stdout)}
    if len(seen) != len(wanted):
        raise ObserveError(
            f"{node}: fping told of {len(seen)} of {len(wanted)} targets: {done.stderr.strip()}"
        )
    return Answers(source, count, seen)


def count_arrivals(lab: RunningLab, node: str, lengths: Iterable[int]) -> None:
    """Makes a node count, from zero, the echo requests of each length that arrive for it."""
    rules = "".join(
        f'  icmp type echo-request meta length {length} counter comment "{length}"\n'
        for length in sorted(lengths)
    )
    text = (
        f"table ip {TABLE} {{}}\ndelete table ip {TABLE}\ntable ip {TABLE} {{ chain arrived {{\n"
        f"  type filter hook input priority -300; policy accept;\n{rules}}}\n}}\n"
    )
    lab.run(node, ["nft", "-f", "-"], input=text.encode(), timeout=10)


def arrivals(lab: RunningLab, node: str) -> dict[int, int]:
    """Echo requests counted since, by length."""
    return {int(length): packets for length, packets in ask(lab, node, rule_counters(TABLE)).items()}
