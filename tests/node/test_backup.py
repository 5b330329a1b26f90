"""When a site asks its backup, and when it gives it up."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offnet.node.agent.backup import BackupAgent, Step, decide
from offnet.node.agent.config import Backup, parse
from offnet.node.agent.sas import Look
from offnet.wait import until
from tests.node.vici_double import Charon, child, ike

EAST, WEST = "vpn-gw1-east", "vpn-gw1-west"
BOTH = frozenset({EAST, WEST})
BACKUP = Backup(EAST, WEST, patience=6, hold=1)


def look(*carrying: str, known: tuple[str, ...] = (), loaded: frozenset[str] = BOTH) -> Look:
    return Look(frozenset(carrying), frozenset((*carrying, *known)), loaded)


@pytest.mark.parametrize(
    ("seen", "waited", "step"),
    [
        (look(EAST), 9.0, Step()),
        (look(EAST, WEST), 9.0, Step(end=(WEST,))),
        (look(EAST, known=(WEST,)), 9.0, Step(end=(WEST,))),
        (look(), 0.25, Step(again=0.75)),
        (look(known=(EAST,)), 0.25, Step(again=0.75)),
        (look(known=(EAST,)), 1.0, Step(ask=(WEST,), again=1)),
        (look(), 1.0, Step(ask=(EAST, WEST), again=1)),
        (look(WEST, known=(EAST,)), 0.0, Step(again=1)),
        (look(WEST), 0.0, Step(ask=(EAST,), again=1)),
        (look(known=(EAST, WEST)), 9.0, Step(again=1)),
        (look(loaded=frozenset({EAST})), 9.0, Step(again=1)),
        (look(EAST, WEST, loaded=frozenset()), 9.0, Step(again=1)),
    ],
    ids=[
        "all is well",
        "the preferred peer is back",
        "the preferred peer was quicker",
        "its SA has just gone",
        "it is being asked, and has a moment",
        "it does not answer",
        "nobody asks it any more",
        "the backup carries, the preferred peer is asked",
        "the backup carries, the preferred peer has refused",
        "both are being asked",
        "without its backup a site is left alone",
        "what is not loaded is not judged",
    ],
)
def test_what_is_done(seen: Look, waited: float, step: Step) -> None:
    assert decide(BACKUP, seen, waited, allowed=1.0) == step


def test_the_file_names_both_peers() -> None:
    own = {"preferred": EAST, "backup": WEST, "patience": 6, "hold": 1}
    assert parse({"socket": "s", "protocol": 200, "policies": [], "backup": own}).backup == BACKUP


@pytest.fixture
def charon(tmp_path: Path) -> Iterator[Charon]:
    """A charon that has both connections, and an SA with the preferred peer."""
    double = Charon(str(tmp_path / "vici"), [established(EAST, 1)])
    double.connections = [EAST, WEST]
    reader, writer = os.pipe()
    agent = BackupAgent(str(tmp_path / "vici"), Backup(EAST, WEST, patience=60, hold=0), reader)
    thread = threading.Thread(target=agent.run, daemon=True)
    thread.start()
    yield double
    os.write(writer, b"x")
    thread.join(5)
    double.die()
    assert not thread.is_alive(), "the agent does not stop when told to"


def established(name: str, number: int) -> dict[str, Any]:
    sa = ike(name, child(number, "0.0.0.0/0", if_id=0))
    sa[name]["state"] = "ESTABLISHED"
    return sa


def asked(charon: Charon, command: str) -> list[bytes]:
    return [body for name, body in charon.requests if name == command]


def test_the_backup_is_asked_when_the_sa_goes_and_ended_when_it_is_back(charon: Charon) -> None:
    until(lambda: asked(charon, "list-sas"), what="a first look", deadline=5)
    gone, charon.sas = charon.sas[0], []
    charon.tell("child-updown", gone)
    until(lambda: any(WEST.encode() in body for body in asked(charon, "initiate")), what="asked", deadline=5)
    charon.sas = [established(WEST, 2), established(EAST, 3)]
    charon.tell("child-updown", {"up": "yes", **charon.sas[1]})
    until(lambda: any(WEST.encode() in body for body in asked(charon, "terminate")), what="ended", deadline=5)
    assert not any(EAST.encode() in body for body in asked(charon, "terminate"))
