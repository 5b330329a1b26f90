"""The agent's loop against a charon that speaks VICI on a real socket, and a kernel in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from vici.protocol import Message

from offnet.node.agent.config import Config
from offnet.node.agent.decision import Route
from offnet.node.agent.loop import Agent
from offnet.wait import until
from tests.node.vici_double import Charon, child, ike

EAST1 = Route(1001, IPv4Network("10.0.67.0/24"), "ipsec1")
NORTH1 = Route(1001, IPv4Network("10.0.68.0/24"), "ipsec1")
EAST2 = Route(1002, IPv4Network("10.0.67.0/24"), "ipsec2")
SHARED1 = Route(1001, IPv4Network("10.0.70.0/24"), "ipsec1")
STILL2 = Route(1002, IPv4Network("10.0.69.0/24"), "ipsec2")


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
