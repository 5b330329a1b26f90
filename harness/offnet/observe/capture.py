"""Live captures in a node: started when this returns, complete when stopped.

A capture listens on all interfaces. ``fence`` sends one marked packet over the node's loopback
and waits until it shows up: everything that passed before is then in the capture, with no
waiting for a time.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from offnet.errors import DeadlineExpired
from offnet.observe.errors import ObserveError
from offnet.observe.packet import Kind, Packet
from offnet.observe.pcap import PcapReader
from offnet.runtime.base import RunningLab

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 16
DROPPED = re.compile(r"(\d+) packets? dropped by kernel")
# tcpdump ends with this shell's input, so it ends with the connection to the node, too.
# Whole packets would leave room for eight of them in the kernel's buffer: headers suffice here.
# The shell lets go of its own output, so that the stream ends when tcpdump does.
SCRIPT = """
ip -j link
tcpdump -U --immediate-mode -s 512 -B 8192 -n -i any -w - "$@" &
exec >/dev/null 2>&1
read -r end
kill -TERM "$!"
wait "$!"
"""


class Capture:
    """A running capture in a node; use as context manager, or ``stop`` it.

    ``expression`` is a pcap filter; on all interfaces at once it knows neither mpls nor vlan, so select
    by ``Packet.labels`` and ``Packet.vlan`` instead. Packets are kept to 512 bytes.
    """

    def __init__(self, lab: RunningLab, node: str, expression: str = "", timeout: float = 10.0) -> None:
        self.node = node
        self._lab = lab
        self._timeout = timeout
        self._changed = threading.Condition()
        self._packets: list[Packet] = []
        self._marks: list[bytes] = []
        self._raw = bytearray()
        self._error: Exception | None = None
        self._ended = False
        self._said = ""
        self._reader = PcapReader()
        self._names: dict[str, str] = {}
        # The fence must pass whatever filter is asked for. It comes first, because some filters
        # (mpls, vlan) shift where those after them look.
        wanted = [f"(icmp and host {LOOPBACK}) or ({expression})"] if expression else []
        self._stream = lab.stream(node, ["sh", "-c", SCRIPT, "capture", *wanted], stderr=True)
        self._thread = threading.Thread(target=self._collect, name=f"capture {node}", daemon=True)
        self._thread.start()
        try:
            self._wait(lambda: self._reader.started, "start of the capture", timeout)
        except BaseException:
            self._end()
            raise

    @property
    def packets(self) -> tuple[Packet, ...]:
        """What has been seen so far, without fences."""
        with self._changed:
            return tuple(self._packets)

    @property
    def pcap(self) -> bytes:
        """The same as a capture file."""
        with self._changed:
            return bytes(self._raw)

    def wait_for(self, wanted: Callable[[Packet], bool], timeout: float) -> Packet:
        """The first packet that is wanted, past or to come; DeadlineExpired tells the last one seen."""
        found: list[Packet] = []
        looked = 0

        def look() -> bool:
            nonlocal looked
            fresh = self._packets[looked:]
            looked = len(self._packets)
            found.extend(packet for packet in fresh if wanted(packet))
            return bool(found)

        self._wait(look, "the packet that is awaited", timeout)
        return found[0]

    def fence(self) -> tuple[Packet, ...]:
        """All packets that passed before this call."""
        mark = secrets.token_bytes(8)
        self._lab.run(self.node, ("mark", mark.hex()))
        self._wait(lambda: any(mark in payload for payload in self._marks), "the fence", self._timeout)
        return self.packets

    def stop(self) -> tuple[Packet, ...]:
        """End the capture and return everything that passed before this call.

        ObserveError when the kernel dropped packets: such a capture proves nothing.
        """
        try:
            packets = self.fence()
        finally:
            self._end()
        dropped = DROPPED.search(self._said)
        if dropped and int(dropped[1]):
            raise ObserveError(f"{self.node}: the capture lost {dropped[1]} packets")
        return packets

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        """Let tcpdump write what it has and go, then close the stream; a broken stream is closed, too."""
        with suppress(OSError):
            self._stream.stdin.close()
        self._thread.join(self._timeout)
        self._stream.close()
        self._thread.join(self._timeout)

    def _wait(self, state: Callable[[], bool], name: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not state():
                if self._error or self._ended:
                    why = self._error or (self._said.splitlines() or ["no reason given"])[-1]
                    raise ObserveError(f"{self.node}: {name}: the capture ended: {why}")
                if not self._changed.wait(deadline - time.monotonic()):
                    last = str(self._packets[-1]) if self._packets else "no packet"
                    raise DeadlineExpired(f"{self.node}: {name}: not within {timeout:g} s; last seen: {last}")

    def _collect(self) -> None:
        try:
            self._read()
        except (OSError, ValueError, ObserveError) as error:
            self._error = error
        said = self._complaints()
        with self._changed:
            self._said = said
            self._ended = True
            self._changed.notify_all()

    def _read(self) -> None:
        descriptor = self._stream.stdout.fileno()
        head = b""
        while b"\n" not in head:
            head += _some(descriptor)
        names, _, rest = head.partition(b"\n")
        self._names = {str(link["ifindex"]): link["ifname"] for link in json.loads(names)}
        data = rest or os.read(descriptor, CHUNK)
        while data:
            with self._changed:
                self._raw += data
                for packet in self._reader.feed(data):
                    self._take(packet)
                self._changed.notify_all()
            data = os.read(descriptor, CHUNK)

    def _complaints(self) -> str:
        """What tcpdump said; it has ended, so this does not wait."""
        if self._stream.stderr is None:
            return ""
        with suppress(OSError, ValueError):
            return os.read(self._stream.stderr.fileno(), CHUNK).decode(errors="replace").strip()
        return ""

    def _take(self, packet: Packet) -> None:
        if packet.kind is Kind.ICMP and packet.source == LOOPBACK:
            self._marks.append(packet.payload)
        else:
            name = self._names.get(packet.interface, packet.interface)
            self._packets.append(replace(packet, interface=name))


def _some(descriptor: int) -> bytes:
    data = os.read(descriptor, CHUNK)
    if not data:
        raise ObserveError("the node closed the connection before the capture began")
    return data
