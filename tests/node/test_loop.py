"""The agent's loop against a charon that speaks VICI on a real socket, and a kernel in memory."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from vici.protocol import Message, Packet

from offnet.node.agent.config import Config
from offnet.node.agent.decision import Route
from offnet.node.agent.loop import Agent
from offnet.wait import until

EAST1 = Route(1001, IPv4Network("10.0.67.0/24"), "ipsec1")
NORTH1 = Route(1001, IPv4Network("10.0.68.0/24"), "ipsec1")
EAST2 = Route(1002, IPv4Network("10.0.67.0/24"), "ipsec2")
SHARED1 = Route(1001, IPv4Network("10.0.70.0/24"), "ipsec1")
STILL2 = Route(1002, IPv4Network("10.0.69.0/24"), "ipsec2")


def child(number: int, lan: str, if_id: int = 1, state: str = "INSTALLED") -> dict[str, Any]:
    ids = {"uniqueid": str(number), "state": state, "if-id-out": f"{if_id:08x}"}
    return {**ids, "remote-ts": [lan]}


def ike(name: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {name: {"uniqueid": "1", "child-sas": {f"c-{c['uniqueid']}": c for c in children}}}


class Charon:
    """Speaks as much VICI as the agent asks for."""

    def __init__(self, path: str, sas: list[dict[str, Any]]) -> None:
        self.sas = sas
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
        yield bytes([Packet.CMD_RESPONSE]) + Message.serialize({"version": "6.0.1"})


class Running:
    """An agent in a thread, and what it does to the kernel."""

    def __init__(self, config: Config, kernel: Any) -> None:
        self.kernel = kernel
        reader, self._stop = os.pipe()
        self._reader = reader
        self.thread = threading.Thread(target=Agent(config, kernel, reader).run, daemon=True)
        self.thread.start()

    def holds(self, *routes: Route) -> None:
        wanted = set(routes)
        until(
            lambda: self.kernel.present == wanted,
            what=f"{wanted} in the kernel",
            deadline=5.0,
            seen=lambda: self.kernel.present,
        )

    def stop(self) -> None:
        os.write(self._stop, b"x")
        self.thread.join(5.0)
        assert not self.thread.is_alive()
        os.close(self._stop)
        os.close(self._reader)


@pytest.fixture
def charon(config: Config) -> Iterator[Charon]:
    daemon = Charon(config.socket, [ike("east1", child(1, "10.0.67.0/24"))])
    yield daemon
    daemon.die()


@pytest.fixture
def agent(config: Config, kernel: Any) -> Iterator[Running]:
    running = Running(config, kernel)
    yield running
    running.stop()


@pytest.mark.usefixtures("charon")
def test_routes_of_existing_sas_are_set_at_start(agent: Running) -> None:
    agent.holds(EAST1, STILL2)


@pytest.mark.usefixtures("charon")
def test_right_routes_are_adopted_and_stale_ones_removed(config: Config, kernel: Any) -> None:
    kernel.present = {EAST1, NORTH1, STILL2}
    running = Running(config, kernel)
    running.holds(EAST1, STILL2)
    running.stop()
    (changes,) = kernel.changes
    assert (changes.add, changes.remove) == ((), (NORTH1,))


def test_an_sa_brings_its_route_and_takes_it_away(charon: Charon, agent: Running) -> None:
    agent.holds(EAST1, STILL2)
    sa = ike("east2", child(2, "10.0.67.0/24", if_id=2))
    charon.tell("child-updown", {"up": "yes", **sa})
    agent.holds(EAST1, EAST2, STILL2)
    charon.tell("child-updown", sa)
    agent.holds(EAST1, STILL2)


def test_a_rekeying_and_the_late_end_of_the_old_sa_touch_nothing(charon: Charon, agent: Running) -> None:
    agent.holds(EAST1, STILL2)
    done = len(agent.kernel.changes)
    old, new = child(1, "10.0.67.0/24", state="REKEYING"), child(2, "10.0.67.0/24")
    charon.tell("child-rekey", {"east1": {"child-sas": {"net": {"old": old, "new": new}}}})
    charon.tell("child-updown", ike("east1", old))
    charon.tell("child-updown", {"up": "yes", **ike("north1", child(3, "10.0.68.0/24"))})
    agent.holds(EAST1, NORTH1, STILL2)
    assert [set(changes.add) for changes in agent.kernel.changes[done:]] == [{NORTH1}]


def test_another_sites_lan_is_not_routed(
    charon: Charon, agent: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    agent.holds(EAST1, STILL2)
    charon.tell("child-updown", {"up": "yes", **ike("north1", child(5, "10.0.67.0/24"))})
    charon.tell("child-updown", {"up": "yes", **ike("north1", child(6, "10.0.68.0/24"))})
    agent.holds(EAST1, NORTH1, STILL2)
    assert "refused: north1#5: 10.0.67.0/24: is not within 10.0.68.0/24" in capfd.readouterr().err


def of_peer(identity: str, sa: dict[str, Any]) -> dict[str, Any]:
    return {name: {**body, "remote-id": identity} for name, body in sa.items()}


def test_where_peers_share_a_connection_an_sa_for_what_is_another_ones_is_ended(
    charon: Charon, agent: Running
) -> None:
    agent.holds(EAST1, STILL2)
    mine = of_peer("a.vpn1.example", ike("shared1", child(8, "10.0.70.0/24")))
    greedy = of_peer("a.vpn1.example", ike("shared1", child(9, "10.0.68.0/24")))
    charon.tell("child-updown", {"up": "yes", **mine})
    agent.holds(EAST1, SHARED1, STILL2)
    charon.tell("child-updown", {"up": "yes", **greedy})
    ended = until(
        lambda: [body for name, body in charon.requests if name == "terminate"],
        what="a terminate request",
        deadline=5.0,
    )
    assert ended == [Message.serialize({"child-id": "9", "timeout": "-1"})]
    agent.holds(EAST1, SHARED1, STILL2)


def test_without_charon_only_static_routes_are_held(agent: Running) -> None:
    agent.holds(STILL2)


def test_when_charon_goes_routes_go_and_come_back_with_it(
    config: Config, charon: Charon, agent: Running
) -> None:
    agent.holds(EAST1, STILL2)
    charon.die()
    agent.holds(STILL2)
    again = Charon(config.socket, [ike("north1", child(1, "10.0.68.0/24"))])
    agent.holds(NORTH1, STILL2)
    again.die()


@pytest.mark.usefixtures("charon")
def test_stopping_leaves_the_routes(config: Config, kernel: Any) -> None:
    running = Running(config, kernel)
    running.holds(EAST1, STILL2)
    running.stop()
    assert kernel.present == {EAST1, STILL2}
