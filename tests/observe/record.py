"""Record what the real daemons of the running lab single-ip answer, for the tests in this folder.

``record`` asks every question of the observers and keeps the raw text, the VICI
messages as JSON and a capture of an IKE exchange. Keys of SAs are not asked for. Run by
``pytest tests/observe --record`` (see conftest.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vici import Session

from offnet.network.model import Network
from offnet.observe import frr, kernel
from offnet.observe.byte_stream import StreamSocket
from offnet.observe.capture import Capture
from offnet.observe.packet import Kind
from offnet.observe.question import Question, raw
from offnet.observe.vici import SOCKET_ARGV, Vici
from offnet.runtime.base import RunningLab
from offnet.wait import until

GATEWAY, REMOTE, SPOKE, INTERNET = "vpn-gw1-east", "pe2", "spoke-vpn1-east", "inet"
ROUTER_QUESTIONS: tuple[Question[Any], ...] = (
    frr.OSPF_NEIGHBORS,
    frr.LDP_NEIGHBORS,
    frr.LDP_BINDINGS,
    frr.VPN_PEERS,
    frr.VPN_ROUTES,
    frr.ALL_ROUTES,
    frr.MPLS_TABLE,
    frr.vrf_bgp_routes("vpn1"),
    frr.vrf_routes("vpn1"),
    kernel.ROUTES,
    kernel.MPLS_ROUTES,
    kernel.INTERFACES,
    kernel.RULES,
    kernel.NEIGHBORS,
)
GATEWAY_QUESTIONS: tuple[Question[Any], ...] = (
    kernel.XFRM_STATES,
    kernel.XFRM_POLICIES,
    kernel.XFRM_STATISTICS,
    kernel.NFT_COUNTERS,
)


def record(lab: RunningLab, network: Network, directory: Path) -> None:
    """Write recordings of a converged lab below a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    _ping(lab, network)  # so that the counters of one SA have something to say
    for node in (GATEWAY, REMOTE):
        for question in ROUTER_QUESTIONS:
            _write(directory / recording(node, question), raw(lab, node, question))
    for question in GATEWAY_QUESTIONS:
        _write(directory / recording(GATEWAY, question), raw(lab, GATEWAY, question))
    _write(directory / "vici.json", json.dumps(vici_messages(lab), indent=1) + "\n")
    (directory / "handshake.pcap").write_bytes(handshake(lab, network))


def recording(node: str, question: Question[Any]) -> str:
    """The file name of a recorded answer."""
    return f"{node}.{re.sub('[^a-z0-9]+', '-', question.name)}.txt"


def vici_messages(lab: RunningLab) -> dict[str, Any]:
    """What charon answers, and the events of a rekeying, an end and a start, as nested texts."""
    asking = StreamSocket(lab.stream(GATEWAY, SOCKET_ARGV))
    listening = StreamSocket(lab.stream(GATEWAY, SOCKET_ARGV))
    with asking, listening:
        session: Any = Session(asking)
        kinds = ["ike-updown", "ike-rekey", "child-updown", "child-rekey"]
        events = Session(listening).listen(kinds, timeout=0.0)
        next(events)
        messages = {
            "version": _texts(session.version()),
            "list-conns": [_texts(message) for message in session.list_conns()],
        }
        session.rekey({"ike": SPOKE, "child": SPOKE})
        seen = [_event(events, listening)]
        messages["list-sas"] = [_texts(message) for message in session.list_sas()]
        list(session.terminate({"ike": SPOKE, "timeout": "5000"}))
        seen += _until(events, listening, "child-updown")
        with Vici(lab, SPOKE) as spoke:
            spoke.initiate(spoke.list_conns()[0].children[0])
        seen += _until(events, listening, "child-updown")
        events.close()
        return messages | {"events": seen}


def handshake(lab: RunningLab, network: Network) -> bytes:
    """A capture of the Internet while a spoke sets its SA up and sends one ping."""
    with Vici(lab, SPOKE) as spoke:
        connection = spoke.list_conns()[0]
        spoke.terminate(ike=connection.name)
        with Capture(lab, INTERNET) as capture:
            spoke.initiate(connection.children[0])
            _ping(lab, network)
            capture.wait_for(lambda packet: packet.kind is Kind.ESP, 5.0)
            capture.stop()
            return capture.pcap


def _ping(lab: RunningLab, network: Network) -> None:
    """Until an answer comes: after an IKEv1 handshake the way back takes a moment longer to appear."""
    source, target = network.site(SPOKE).host, network.site("ce1").host
    argv = ["ping", "-q", "-c", "1", "-W", "0.2", "-I", str(source), str(target)]
    until(lambda: lab.run(SPOKE, argv, check=False).code == 0, what="an answer to a ping", deadline=10.0)


def _until(events: Any, socket: StreamSocket, kind: str) -> list[Any]:
    seen = [_event(events, socket)]
    while seen[-1][0] != kind:
        seen.append(_event(events, socket))
    return seen


def _event(events: Any, socket: StreamSocket) -> list[Any]:
    socket.allow(10.0)
    while True:
        assert socket.readable(socket.left), "no event"
        kind, message = next(events)
        if kind is not None:
            return [kind.decode(), _texts(message)]


def _texts(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, Mapping):
        return {key: _texts(item) for key, item in value.items()}
    return [_texts(item) for item in value] if isinstance(value, list) else value


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
