"""FRR's view of a router: OSPF, LDP, MP-BGP, VRF routes and labels, asked over its vty sockets.

Every daemon answers on a unix socket of its own, some two hundred times quicker than vtysh:
commands end with a NUL byte, each answer with three NULs and a status byte. Several commands
to one daemon go in one connection (``ask_together``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from offnet.observe import frr_parse as parse
from offnet.observe.errors import ObserveError
from offnet.observe.frr_model import (
    BgpPeer,
    BgpRoute,
    LabelEntry,
    LdpBinding,
    LdpNeighbor,
    OspfNeighbor,
    ZebraRoute,
)
from offnet.observe.question import Question, read
from offnet.runtime.base import RunningLab

T = TypeVar("T")
FRAME_END = "\0\0\0"


def frames(text: str) -> list[str]:
    """The answers in what a vty socket sent; ObserveError when the last one is cut short.

    The status byte follows three NULs; a status of zero is success. A text that a command
    printed before failing is in the error.
    """
    answers: list[str] = []
    rest = text
    while rest:
        answer, end, tail = rest.partition(FRAME_END)
        if not end or not tail:
            raise ObserveError(f"the daemon closed the connection in the middle of an answer: {rest[:200]!r}")
        if tail[0] != "\0":
            raise ObserveError(f"refused with status {ord(tail[0])}: {answer.strip()}")
        answers.append(answer)
        rest = tail[1:]
    return answers


def vty_argv(daemon: str, context: str = "") -> tuple[str, ...]:
    """The command that puts what it is fed to a daemon's vty socket, up to the last answer."""
    folder = f"/run/frr/{context}" if context else "/run/frr"
    return ("vty", f"{folder}/{daemon}.vty")


def query(daemon: str, command: str, reader: Callable[[Any], T], context: str = "") -> Question[T]:
    """A question to a daemon, of a routing context beside the first one where it is named; it is JSON."""

    def answer(text: str) -> T:
        frame = "".join(frames(text))
        return reader(json.loads(frame) if frame.strip() else {})

    return Question(
        name=command.removesuffix(" json"),
        argv=vty_argv(daemon, context),
        input=command.encode() + b"\0",
        parse=answer,
        learner=f'vtysh {f"-N {context} " if context else ""}-c "{command.removesuffix(" json")}"',
    )


def text_query(daemon: str, command: str) -> Question[str]:
    """A question whose answer is kept as text, for people and for the evidence.

    Some commands exist only in the privileged mode, so that is entered first.
    """
    return Question(
        name=f"{daemon} {command}",
        argv=vty_argv(daemon),
        input=b"enable\0" + command.encode() + b"\0",
        parse=lambda text: "".join(frames(text)),
        learner=f'vtysh -c "{command}"',
    )


OSPF_NEIGHBORS: Question[tuple[OspfNeighbor, ...]] = query(
    "ospfd", "show ip ospf neighbor json", parse.ospf_neighbors
)
OSPF_VRF_NEIGHBORS: Question[tuple[OspfNeighbor, ...]] = query(
    "ospfd", "show ip ospf vrf all neighbor json", parse.ospf_neighbors_by_vrf
)
LDP_NEIGHBORS: Question[tuple[LdpNeighbor, ...]] = query(
    "ldpd", "show mpls ldp neighbor json", parse.ldp_neighbors
)
LDP_BINDINGS: Question[tuple[LdpBinding, ...]] = query(
    "ldpd", "show mpls ldp binding json", parse.ldp_bindings
)
VPN_PEERS: Question[tuple[BgpPeer, ...]] = query("bgpd", "show bgp ipv4 vpn summary json", parse.bgp_peers)
VPN_ROUTES: Question[tuple[BgpRoute, ...]] = query("bgpd", "show bgp ipv4 vpn detail json", parse.vpn_routes)
ALL_ROUTES: Question[tuple[ZebraRoute, ...]] = query(
    "zebra", "show ip route vrf all json", parse.zebra_routes_by_vrf
)
MPLS_TABLE: Question[tuple[LabelEntry, ...]] = query("zebra", "show mpls table json", parse.mpls_table)


def vrf_bgp_routes(vrf: str) -> Question[tuple[BgpRoute, ...]]:
    """The question for BGP's routes of one VRF, own and imported."""
    return query("bgpd", f"show bgp vrf {vrf} ipv4 unicast detail json", parse.vrf_routes)


def vrf_routes(vrf: str) -> Question[tuple[ZebraRoute, ...]]:
    """The question for zebra's routes of one VRF with the labels they impose."""
    return query("zebra", f"show ip route vrf {vrf} json", parse.zebra_routes)


def ask_together(
    lab: RunningLab, node: str, questions: Sequence[Question[Any]], timeout: float = 10.0
) -> tuple[Any, ...]:
    """Answers in the order asked, with one connection a daemon."""
    daemons = dict.fromkeys(question.argv for question in questions)
    answers: dict[str, Any] = {}
    for argv in daemons:
        group = [question for question in questions if question.argv == argv]
        done = lab.run(
            node, argv, input=b"".join(question.input for question in group), timeout=timeout, check=False
        )
        if done.code != 0:
            raise ObserveError(f"{node}: {argv[-1]}: {done.stderr.strip() or done.code}")
        pieces = iter(split(done.stdout))
        for question in group:
            text = "".join(islice(pieces, question.input.count(b"\0")))
            answers[question.name] = read(node, question, text)
    return tuple(answers[question.name] for question in questions)


def split(text: str) -> list[str]:
    """What a vty socket sent, cut after each answer's status byte, nothing judged."""
    pieces: list[str] = []
    rest = text
    while rest:
        end = rest.find(FRAME_END)
        cut = len(rest) if end < 0 else end + len(FRAME_END) + 1
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return pieces
