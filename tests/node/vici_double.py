"""A charon that speaks VICI on a real socket, and says what a test lets it say."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

from vici.protocol import Message, Packet


def child(number: int, lan: str, if_id: int = 1, state: str = "INSTALLED") -> dict[str, Any]:
    ids = {"uniqueid": str(number), "state": state, "if-id-out": f"{if_id:08x}"}
    return {**ids, "remote-ts": [lan]}


def ike(name: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {name: {"uniqueid": "1", "child-sas": {f"c-{c['uniqueid']}": c for c in children}}}


class Charon:
    """Speaks as much VICI as the agent asks for."""

    def __init__(self, path: str, sas: list[dict[str, Any]]) -> None:
        self.sas = sas
        self.connections: list[str] = []
        self.requests: list[tuple[str, bytes]] = []
        self._listeners: list[socket.socket] = []
        self._connections: list[socket.socket] = []
        self._server = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - as a daemon does
        self._server.bind(path)
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def tell(self, event: str, message: dict[str, Any]) -> None:
        packet = bytes([Packet.EVENT, len(event)]) + event.encode() + Message.serialize(message)
        for listener in set(self._listeners):
            listener.sendall(struct.pack("!I", len(packet)) + packet)

    def die(self) -> None:
        for each in (self._server, *self._connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while head := connection.recv(4, socket.MSG_WAITALL):
                request = connection.recv(struct.unpack("!I", head)[0], socket.MSG_WAITALL)
                name = request[2 : 2 + request[1]].decode()
                self.requests.append((name, request[2 + request[1] :]))
                for reply in self._replies(connection, request[0], name):
                    connection.sendall(struct.pack("!I", len(reply)) + reply)

    def _replies(self, connection: socket.socket, kind: int, name: str) -> Iterator[bytes]:
        if kind in {Packet.EVENT_REGISTER, Packet.EVENT_UNREGISTER}:
            if name.startswith("child-") and kind == Packet.EVENT_REGISTER:
                self._listeners.append(connection)
            yield bytes([Packet.EVENT_CONFIRM])
            return
        if name == "list-sas":
            for sa in self.sas:
                yield bytes([Packet.EVENT, 7]) + b"list-sa" + Message.serialize(sa)
        reply = {"conns": self.connections} if name == "get-conns" else {"version": "6.0.1"}
        yield bytes([Packet.CMD_RESPONSE]) + Message.serialize(reply)
