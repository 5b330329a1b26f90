"""Capture files in the classic pcap format, read as they grow."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from offnet.observe.dissect import LINKTYPES, dissect
from offnet.observe.errors import PacketError
from offnet.observe.packet import Kind, Packet

FILE_HEADER = 24
RECORD_HEADER = 16
MAX_RECORD = 1 << 20
MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D


class PcapReader:
    """Feed it bytes in any pieces; it gives the packets that are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._record: struct.Struct | None = None
        self._unit = 1e-6
        self.linktype: int | None = None

    @property
    def started(self) -> bool:
        """Whether the file header is there, which a capturing program writes once it listens."""
        return self._record is not None

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Packets that these bytes complete; PacketError when this is no capture."""
        self._buffer += data
        if self._record is None and len(self._buffer) >= FILE_HEADER:
            self._header()
        while self._record is not None and len(self._buffer) >= RECORD_HEADER:
            seconds, fraction, captured, length = self._record.unpack_from(self._buffer)
            if captured > MAX_RECORD:
                raise PacketError(f"capture record of {captured} bytes")
            if len(self._buffer) < RECORD_HEADER + captured:
                return
            frame = bytes(self._buffer[RECORD_HEADER : RECORD_HEADER + captured])
            del self._buffer[: RECORD_HEADER + captured]
            yield self._packet(frame, seconds + fraction * self._unit, length)

    def _packet(self, frame: bytes, when: float, length: int) -> Packet:
        """A frame that cannot be read is traffic all the same: it is kept as of no known kind."""
        try:
            return dissect(self.linktype or 0, frame, when, length)
        except PacketError:
            return Packet(when, length, Kind.OTHER, ethertype=0, payload=frame)

    def _header(self) -> None:
        for order in "<>":
            magic, network = struct.unpack_from(f"{order}I16xI", self._buffer)
            if magic in {MICROSECONDS, NANOSECONDS}:
                self._unit = 1e-6 if magic == MICROSECONDS else 1e-9
                self._record = struct.Struct(f"{order}IIII")
                self.linktype = network & 0x0FFFFFFF
                if self.linktype not in LINKTYPES:
                    raise PacketError(f"link type {self.linktype} is not known")
                del self._buffer[:FILE_HEADER]
                return
        raise PacketError(f"no capture: it begins with {bytes(self._buffer[:8]).hex()}")


def read_pcap(data: bytes) -> tuple[Packet, ...]:
    """All packets of a capture file; PacketError when it is none. A last, incomplete record is left out."""
    reader = PcapReader()
    packets = tuple(reader.feed(data))
    if not reader.started:
        raise PacketError(f"capture of {len(data)} bytes has no header")
    return packets
