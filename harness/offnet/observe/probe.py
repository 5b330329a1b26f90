"""Pings from a node, many at once: what was sent, what came back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from ipaddress import IPv4Address
from typing import Any

from offnet.observe.errors import ObserveError
from offnet.runtime.base import RunningLab

DEFAULT_SIZE = 56  # as ping has it
START = 10.0  # seconds for the process to start, on a slow host, too


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
    size: int = DEFAULT_SIZE
    identifier: int | None = None
    pattern: str | None = None
    interface: str | None = None
    dont_fragment: bool = False

    @property
    def typed(self) -> str:
        """The ping command that a person would type in the node for the same."""
        options = [("-c", self.count), ("-i", f"{self.interval:g}"), ("-W", f"{self.wait:g}")]
        given = [("-I", self.interface), ("-I", self.source), ("-e", self.identifier)]
        given += [("-p", self.pattern), ("-M", "do" if self.dont_fragment else None)]
        given += [("-s", self.size if self.size != DEFAULT_SIZE else None)]
        options += [(option, str(value)) for option, value in given if value is not None]
        words = [str(word) for option in options for word in option]
        return shlex.join(["ping", "-n", *words, str(self.destination)])

    @property
    def message(self) -> dict[str, Any]:
        """The probe as the node's script reads it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {"source": str(self.source or ""), "destination": str(self.destination)}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of a probe. ``error`` is the kernel's reason where it could not even send."""

    probe: Probe
    sent: int
    received: int
    error: str = ""

    @property
    def reached(self) -> bool:
        """Whether every request was sent and answered."""
        return self.sent == self.received == self.probe.count

    @property
    def silent(self) -> bool:
        """Whether no request was answered."""
        return self.received == 0


def ping(lab: RunningLab, node: str, probes: Sequence[Probe]) -> tuple[ProbeResult, ...]:
    """Send all probes of one node at once; results in the order of the probes."""
    if not probes:
        return ()
    longest = max(probe.count * probe.interval + probe.wait for probe in probes)
    wanted = json.dumps([probe.message for probe in probes]).encode()
    argv = ("python3", "-I", "-S", "-c", _script())
    done = lab.run(node, argv, input=wanted, timeout=longest + START, check=False)
    if done.code != 0:
        raise ObserveError(f"{node}: probes: {done.stderr.strip()[-500:] or done.code}")
    return results(probes, done.stdout)


def results(probes: Sequence[Probe], text: str) -> tuple[ProbeResult, ...]:
    """Results from what the script in the node wrote."""
    try:
        outcomes = json.loads(text)
        pairs = zip(probes, outcomes, strict=True)
        return tuple(ProbeResult(probe, sent, received, error) for probe, (sent, received, error) in pairs)
    except (ValueError, TypeError) as error:
        raise ObserveError(f"probes: unexpected answer ({error}): {text[:200]!r}") from error


@cache
def _script() -> str:
    return resources.files(__package__).joinpath("pinger.py").read_text(encoding="utf-8")
