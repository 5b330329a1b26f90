"""Echo requests from one process: a script that is sent to a node and run there by its Python.

A process per ping costs more than the pings themselves when there are dozens. Nothing but the
standard library is imported, and nothing of offnet. In: a JSON list of probes; out: a JSON list of
``[sent, received, error]`` in their order.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module itself costs a tenth of the start
    from typing import Any

ECHO_REPLY, ECHO_REQUEST = 0, 8
SOL_RAW, ICMP_FILTER = 255, 1
IP_MTU_DISCOVER, DONT_FRAGMENT = 10, 2


class Pinger:
    """One probe under way."""

    def __init__(self, probe: dict[str, Any], identifier: int) -> None:
        self.count, self.interval, self.wait = probe["count"], probe["interval"], probe["wait"]
        self.sent = 0
        self.received: set[int] = set()
        self.error = ""
        self.until = 0.0
        self.identifier = probe["identifier"] if probe["identifier"] is not None else identifier
        pattern = bytes.fromhex(probe["pattern"] or "00")
        self.payload = (pattern * (probe["size"] // len(pattern) + 1))[: probe["size"]]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        try:
            self._prepare(probe)
        except OSError as error:
            self.error = os.strerror(error.errno or 0)

    def _prepare(self, probe: dict[str, Any]) -> None:
        self.socket.setblocking(False)
        self.socket.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", ~(1 << ECHO_REPLY) & 0xFFFFFFFF))
        if probe["dont_fragment"]:
            self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT_FRAGMENT)
        if probe["interface"]:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, probe["interface"].encode())
        if probe["source"]:
            self.socket.bind((probe["source"], 0))
        self.socket.connect((probe["destination"], 0))

    @property
    def sending(self) -> bool:
        """Whether requests are still to be sent."""
        return not self.error and self.sent < self.count

    @property
    def unanswered(self) -> bool:
        """Whether an answer may still come."""
        return not self.error and len(self.received) < self.sent

    def send(self) -> None:
        """Send the next request; what the kernel says against it ends the probe."""
        header = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, self.identifier, self.sent + 1)
        packet = header + self.payload
        try:
            self.socket.send(packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:])
            self.sent += 1
            self.until = time.monotonic() + self.wait
        except OSError as error:
            self.error = os.strerror(error.errno or 0)

    def receive(self) -> None:
        """Take in all answers that have arrived; duplicates count once."""
        while True:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:
                self.error = os.strerror(error.errno or 0)
                return
            start = (data[0] & 0xF) * 4
            kind, _, _, identifier, sequence = struct.unpack_from("!BBHHH", data, start)
            if kind == ECHO_REPLY and identifier == self.identifier and data[start + 8 :] == self.payload:
                self.received.add(sequence)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def listen(pingers: list[Pinger], until: float) -> None:
    """Take in answers until that time, and for no probe longer than it waits."""
    while True:
        now = time.monotonic()
        waiting = {p.socket: p for p in pingers if p.unanswered and now < p.until}
        if not waiting or now >= until:
            return
        left = min([until, *(p.until for p in waiting.values())]) - now
        for ready in select.select(list(waiting), [], [], left)[0]:
            waiting[ready].receive()


def run(probes: list[dict[str, Any]]) -> list[list[Any]]:
    """Send all probes side by side, a request each in every round; [sent, received, error] of each."""
    base = os.getpid() & 0x7F00
    pingers = [Pinger(probe, base + number) for number, probe in enumerate(probes)]
    while sending := [pinger for pinger in pingers if pinger.sending]:
        for pinger in sending:
            pinger.send()
        following = time.monotonic() + max(pinger.interval for pinger in sending)
        if any(pinger.sending for pinger in pingers):
            listen(pingers, following)
            select.select([], [], [], max(0.0, following - time.monotonic()))
    listen(pingers, float("inf"))
    for pinger in pingers:
        pinger.socket.close()
    return [[p.sent, len(p.received), p.error] for p in pingers]


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
