from __future__ import annotations

import os
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest
from vici.protocol import Message, Packet

from offnet.errors import DeadlineExpired
from offnet.network.model import Crypto
from offnet.observe import vici_parse
from offnet.observe.errors import CommandRefused, ObserveError
from offnet.observe.vici import Vici
from offnet.observe.vici_model import EventKind, IkeSa

if TYPE_CHECKING:
    from offnet.runtime.base import RunningLab
    from tests.observe.conftest import Recorded

SPOKE = "spoke-vpn1-east"


def to_bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: to_bytes(item) for key, item in value.items()}
    return [to_bytes(item) for item in value] if isinstance(value, list) else value.encode()


def sas(recorded: Recorded) -> dict[str, IkeSa]:
    return {sa.name: sa for m in recorded.vici["list-sas"] for sa in vici_parse.ike_sas(to_bytes(m))}


def test_sas_are_those_of_the_intent(recorded: Recorded) -> None:
    found = sas(recorded)
    version = 1 if recorded.network.crypto is Crypto.AS_PRINTED else 2
    for site, tunnel in recorded.network.tunnels():
        sa = found[tunnel.gateway_connection]
        assert sa.current
        assert sa.version == version
        assert (sa.local_host, sa.remote_host) == (str(tunnel.gateway_address), str(tunnel.address))
        (child,) = sa.current_children
        assert child.if_id == tunnel.if_id
        assert child.remote_ts == (str(site.lan),)
        assert child.spi_in != child.spi_out


def test_a_rekeyed_sa_is_no_second_tunnel(recorded: Recorded) -> None:
    sa = sas(recorded)[SPOKE]
    if recorded.network.crypto is Crypto.AS_PRINTED:  # IKEv1 keeps the old one until it expires
        assert [child.state for child in sa.children] == ["REKEYED", "INSTALLED"]
    assert len(sa.current_children) == 1


def test_algorithms_name_their_key_size(recorded: Recorded) -> None:
    expected = "DES_CBC" if recorded.network.crypto is Crypto.AS_PRINTED else "AES_GCM_16-256"
    assert sas(recorded)[SPOKE].encryption == expected


def test_rekeying_carries_old_and_new(recorded: Recorded) -> None:
    kind, message = recorded.vici["events"][0]
    event = vici_parse.event(EventKind(kind), to_bytes(message))
    assert event.kind is EventKind.CHILD_REKEY
    (old,), (new,) = event.old[0].children, event.new[0].children
    assert old.unique_id < new.unique_id


def test_up_and_down_are_told_apart(recorded: Recorded) -> None:
    kinds = [(EventKind(kind), message) for kind, message in recorded.vici["events"]]
    events = [vici_parse.event(kind, to_bytes(message)) for kind, message in kinds]
    assert [e.up for e in events if e.kind is EventKind.CHILD_UPDOWN] == [False, True]


def test_connections_are_those_of_the_design(recorded: Recorded) -> None:
    found = {
        name: vici_parse.connection(name, to_bytes(body))
        for message in recorded.vici["list-conns"]
        for name, body in message.items()
    }
    daemon = recorded.network.node("vpn-gw1-east").ike
    assert daemon is not None
    for connection in daemon.connections:
        held = found.pop(connection.name)
        assert held.version == connection.version
        assert held.remote_addresses == connection.remote_addresses
        assert held.children == tuple(child.name for child in connection.children)
    assert not found


class Pipes:
    """A stream whose other end is in this process."""

    stderr = None

    def __init__(self) -> None:
        self.their_stdin, ours = os.pipe()
        reader, self.their_stdout = os.pipe()
        self.stdin, self.stdout = os.fdopen(ours, "wb", 0), os.fdopen(reader, "rb", 0)
        self.closed = False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.stdin.close()
            self.stdout.close()


class FakeCharon:
    """A node whose charon answers commands as told; None is silence, and it goes at an unknown command."""

    def __init__(self, answers: dict[str, list[Any]], always: bytes | None = None) -> None:
        self.answers = answers
        self.always = always
        self.streams: list[Pipes] = []

    def stream(self, _node: str, _argv: Sequence[str], **_options: Any) -> Pipes:
        pipes = Pipes()
        self.streams.append(pipes)
        threading.Thread(target=self._serve, args=(pipes,), daemon=True).start()
        return pipes

    def _serve(self, pipes: Pipes) -> None:
        with os.fdopen(pipes.their_stdin, "rb") as requests, os.fdopen(pipes.their_stdout, "wb", 0) as out:
            while head := requests.read(4):
                packet = requests.read(struct.unpack("!I", head)[0])
                name = packet[2 : 2 + packet[1]].decode()
                replies = self.replies(packet[0], name)
                if replies is None:
                    return
                with suppress(BrokenPipeError):
                    out.write(b"".join(struct.pack("!I", len(reply)) + reply for reply in replies))

    def replies(self, kind: int, name: str) -> list[bytes] | None:
        if self.always is not None:
            return [self.always]
        if kind in {Packet.EVENT_REGISTER, Packet.EVENT_UNREGISTER}:
            return [bytes([Packet.EVENT_CONFIRM])]
        if name not in self.answers:
            return None
        *events, answer = self.answers[name]
        replies = [
            bytes([Packet.EVENT, len(event)]) + event.encode() + Message.serialize(message)
            for event, message in events
        ]
        return replies + (
            [bytes([Packet.CMD_RESPONSE]) + Message.serialize(answer)] if answer is not None else []
        )


def vici(charon: FakeCharon, node: str, timeout: float = 10.0) -> Vici:
    return Vici(cast("RunningLab", charon), node, timeout)


def test_commands_share_one_connection() -> None:
    lab = FakeCharon({"version": [{"version": "6.0.1"}]})
    with vici(lab, "gw") as charon:
        assert charon.version() == "6.0.1"
        assert charon.version() == "6.0.1"
    assert len(lab.streams) == 1
    assert lab.streams[0].closed


def test_silence_ends_at_the_deadline_and_names_the_call() -> None:
    lab = FakeCharon({"version": [None]})
    charon = vici(lab, "gw", timeout=0.05)
    with pytest.raises(DeadlineExpired, match=r"gw: vici version: no answer within 0\.05 s"):
        charon.version()
    assert lab.streams[0].closed


def test_the_next_call_after_a_deadline_connects_anew() -> None:
    lab = FakeCharon({"version": [None]})
    charon = vici(lab, "gw", timeout=0.05)
    with pytest.raises(DeadlineExpired):
        charon.version()
    lab.answers["version"] = [{"version": "6.0.1"}]
    assert charon.version() == "6.0.1"
    charon.close()


def test_an_expired_call_tells_what_charon_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offnet.observe.vici.GRACE", 0.0)
    said = ("control-log", {"msg": "retransmit 1 of request"})
    charon = vici(FakeCharon({"initiate": [said, None]}), "spoke")
    with pytest.raises(DeadlineExpired, match="last seen: retransmit 1 of request"):
        charon.initiate("net", timeout=0.1)


def test_a_refusal_holds_charons_log() -> None:
    said = ("control-log", {"msg": "received AUTHENTICATION_FAILED notify error"})
    lab = FakeCharon({"initiate": [said, {"success": "no", "errmsg": "establishing CHILD_SA 'net' failed"}]})
    with vici(lab, "spoke") as charon, pytest.raises(CommandRefused, match="failed") as caught:
        charon.initiate("net")
    assert caught.value.log == ("received AUTHENTICATION_FAILED notify error",)


@pytest.mark.parametrize("reply", [b"", bytes([Packet.EVENT_UNKNOWN]), bytes([Packet.CMD_RESPONSE, 3])])
def test_an_answer_that_makes_no_sense_is_an_error(reply: bytes) -> None:
    lab = FakeCharon({}, always=reply)
    with vici(lab, "gw") as charon, pytest.raises(ObserveError, match="gw: vici version"):
        charon.version()


def test_a_daemon_that_goes_is_an_error() -> None:
    with vici(FakeCharon({}), "gw") as charon, pytest.raises(ObserveError, match="Connection closed"):
        charon.version()
