"""Pings from a node, many at once: what was sent, what came back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.observe.errors import ObserveError
from offnet.runtime.base import RunningLab

STATISTICS = re.compile(r"(\d+) packets transmitted, (\d+) received")
ANSWER = re.compile(r"^@(\d+) (\d+)\n(.*?)^@@$", re.MULTILINE | re.DOTALL)
START = 5.0  # for all the processes to start


@dataclass(frozen=True, slots=True)
class Probe:
    """Echo requests to send. ``identifier`` and ``pattern`` (hexadecimal) mark them in a capture.

    ``interface`` binds to a VRF or interface where a source address is not enough. ``size`` is that of
    the payload; ``dont_fragment`` sets DF. ``wait`` is how long the last answer may take.
    """

    source: IPv4Address | str | None
    destination: IPv4Address | str
    count: int = 3
    interval: float = 0.01
    wait: float = 1.0
    size: int | None = None
    identifier: int | None = None
    pattern: str | None = None
    interface: str | None = None
    dont_fragment: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """The ping command."""
        options = [("-c", self.count), ("-i", f"{self.interval:g}"), ("-W", f"{self.wait:g}")]
        given = [("-I", self.interface), ("-I", self.source), ("-e", self.identifier)]
        given += [("-p", self.pattern), ("-s", self.size), ("-M", "do" if self.dont_fragment else None)]
        options += [(option, str(value)) for option, value in given if value is not None]
        words = [str(word) for option in options for word in option]
        return ("ping", "-q", "-n", *words, str(self.destination))


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of a probe. ``error`` is ping's own message where it could not even send."""

    probe: Probe
    sent: int
    received: int
    error: str = ""

    @property
    def reached(self) -> bool:
        """Whether every request was answered."""
        return self.sent > 0 and self.received == self.sent

    @property
    def silent(self) -> bool:
        """Whether no request was answered."""
        return self.received == 0


def ping(lab: RunningLab, node: str, probes: Sequence[Probe]) -> tuple[ProbeResult, ...]:
    """Send all probes of one node at once; results in the order of the probes."""
    if not probes:
        return ()
    longest = max(probe.count * probe.interval + probe.wait for probe in probes)
    done = lab.run(node, ["sh", "-c", script(probes)], timeout=2 * longest + START)
    return parse_results(node, probes, done.stdout)


def script(probes: Sequence[Probe]) -> str:
    """A shell script that runs the probes side by side and prints each one's outcome in one piece."""
    jobs = [
        f"{{ said=$({shlex.join(probe.argv)} 2>&1); printf '@%s %s\\n%s\\n@@\\n' {number} $? \"$said\"; }} &"
        for number, probe in enumerate(probes)
    ]
    return "\n".join([*jobs, "wait"])


def parse_results(node: str, probes: Sequence[Probe], text: str) -> tuple[ProbeResult, ...]:
    """Results from the script's output; ObserveError when one is missing."""
    said = {int(found[1]): found[3].strip() for found in ANSWER.finditer(text)}
    missing = [str(probe.destination) for number, probe in enumerate(probes) if number not in said]
    if missing:
        raise ObserveError(f"{node}: no result of the probes to {', '.join(missing)}: {text[:200]!r}")
    return tuple(_result(probe, said[number]) for number, probe in enumerate(probes))


def _result(probe: Probe, said: str) -> ProbeResult:
    found = STATISTICS.search(said)
    if found is None:  # no route, say: nothing was sent
        return ProbeResult(probe, 0, 0, said.splitlines()[-1] if said else "ping said nothing")
    return ProbeResult(probe, int(found[1]), int(found[2]))
