"""What becomes of an AAA server's answer, and how a silent server is asked again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Protocol

import pytest

from offnet.node.agent.config import Aaa, Group
from offnet.node.agent.groups import Downloads, profile
from offnet.node.agent.radius import ACCESS_ACCEPT, Answer, Request
from offnet.wait import until


class RadiusMaker(Protocol):
    """What makes a server's messages (conftest.py)."""

    SECRET: bytes

    def sealed(
        self, request: Request, code: int, attributes: bytes = b"", secret: bytes | None = None
    ) -> bytes: ...

    def tunnel_password(self, text: bytes, request: Request, salt: bytes = b"") -> bytes: ...

    def pair(self, text: bytes) -> bytes: ...


KEY = "vpn2grouppsk"
GROUP = Group(
    "vpn2group",
    "keyid:vpn2group",
    {"version": "1", "pools": ["radius"], "children": {"vpn2group": {"remote_ts": ["dynamic"]}}},
    {"vpn2pool": "10.3.0.10-10.3.0.250"},
)


def accepted(*pairs: tuple[str, str], password: str | None = KEY) -> Answer:
    return Answer(1, accepted=True, tunnel_password=password, pairs=pairs)


def test_all_that_the_server_tells() -> None:
    told = profile(
        GROUP,
        accepted(
            ("ipsec:addr-pool", "vpn2pool"),
            ("ipsec:dns-servers", "10.1.1.10"),
            ("ipsec:route-set", "prefix 10.1.1.0/24"),
        ),
    )
    assert told.shared == {"id": "ike-vpn2group", "type": "IKE", "owners": ["keyid:vpn2group"], "data": KEY}
    assert told.pools == {"vpn2pool": {"addrs": "10.3.0.10-10.3.0.250", "dns": ["10.1.1.10"]}}
    connection = told.connections["vpn2group"]
    assert connection["pools"] == ["radius", "vpn2pool"]
    assert connection["children"]["vpn2group"] == {"remote_ts": ["dynamic"], "local_ts": ["10.1.1.0/24"]}


def test_without_a_split_clients_reach_everything() -> None:
    connection = profile(GROUP, accepted()).connections["vpn2group"]
    assert connection["pools"] == ["radius"]
    assert connection["children"]["vpn2group"]["local_ts"] == ["0.0.0.0/0"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Answer(1, accepted=False, tunnel_password=None, pairs=()), "knows no such group"),
        (accepted(password=None), "no key"),
        (accepted(("ipsec:addr-pool", "elsewhere")), "no pool elsewhere"),
    ],
)
def test_answers_that_make_no_group(said: Answer, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        profile(GROUP, said)


@pytest.fixture
def aaa() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(5)
        yield bound


@pytest.fixture
def downloads(aaa: socket.socket, server: RadiusMaker) -> Iterator[Downloads]:
    config = Aaa("127.0.0.1", aaa.getsockname()[1], server.SECRET.decode(), "gw", "cisco", (GROUP,))
    with closing(Downloads(config)) as made:
        yield made


def received(aaa: socket.socket) -> tuple[Request, tuple[str, int]]:
    data, address = aaa.recvfrom(4096)
    return Request(data[1], data[4:20], data), address


def test_each_answer_is_taken_once(aaa: socket.socket, server: RadiusMaker, downloads: Downloads) -> None:
    assert downloads.pause() is None
    downloads.begin()
    assert not downloads.settled()
    for _ in range(2):
        request, address = received(aaa)
        attributes = server.tunnel_password(b"key", request) + server.pair(b"ipsec:addr-pool=vpn2pool")
        aaa.sendto(server.sealed(request, ACCESS_ACCEPT, attributes), address)
        aaa.sendto(server.sealed(request, ACCESS_ACCEPT, attributes), address)
    found: list[tuple[Group, Answer]] = []

    def settled() -> bool:
        found.extend(downloads.answers())
        return downloads.settled()

    until(settled, what="both answers", deadline=5)
    found.extend(downloads.answers())
    assert [(group.name, said.tunnel_password) for group, said in found] == [("vpn2group", "key")]
    assert downloads.pause() is None


def test_a_forged_answer_is_waited_on(aaa: socket.socket, server: RadiusMaker, downloads: Downloads) -> None:
    downloads.begin()
    request, address = received(aaa)
    aaa.sendto(server.sealed(request, ACCESS_ACCEPT, secret=b"forged"), address)
    aaa.sendto(b"", address)
    assert list(downloads.answers()) == []
    assert not downloads.settled()


def test_silence_is_asked_again(
    aaa: socket.socket, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offnet.node.agent.groups.RETRANSMIT", 0.0)
    monkeypatch.setattr("offnet.node.agent.groups.PATIENCE", 0.0)
    downloads.begin()
    first = [received(aaa)[0].data for _ in range(2)]
    assert downloads.settled(), "nobody is held up by a silent server"
    assert downloads.pause() == 0.0
    downloads.ask_again()
    assert [received(aaa)[0].data for _ in range(2)] == first
