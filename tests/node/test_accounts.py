"""Records on their way to the AAA server: told once it hears, and told again until it says so."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from hashlib import md5
from typing import Any

import pytest

from offnet.node.agent import accounts as module
from offnet.node.agent.accounts import Accounts
from offnet.node.agent.config import Accounting
from offnet.node.agent.radius import (
    ACCOUNTING_RESPONSE,
    USER_NAME,
    VENDOR_SPECIFIC,
    accounting_request,
    acknowledges,
    attributes_of,
    pair,
)
from offnet.node.agent.sas import Change, Counts, Sa

SECRET = b"radsecret"
SITE = Sa(1, "east", 1, ("10.0.67.0/24",), "198.51.100.2")


class Server:
    """A server that hears, and acknowledges when it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.port: int = self.socket.getsockname()[1]

    def hear(self) -> tuple[bytes, dict[int, bytes], Any]:
        data, peer = self.socket.recvfrom(4096)
        return data, dict(attributes_of(data)), peer

    def acknowledge(self, data: bytes, peer: Any) -> None:
        self.socket.sendto(response(data), peer)


def response(data: bytes, secret: bytes = SECRET) -> bytes:
    head = struct.pack("!BBH", ACCOUNTING_RESPONSE, data[1], 20)
    return head + md5(head + data[4:20] + secret).digest()  # noqa: S324 - RADIUS


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.socket.close()


@pytest.fixture
def accounts(server: Server) -> Iterator[Accounts]:
    yield from accounts_of(server, interim=3600)


def accounts_of(server: Server, interim: int) -> Iterator[Accounts]:
    told = Accounting("127.0.0.1", server.port, "radsecret", "vpn-gw1-east", interim, {"east": "vpn1"})
    with closing(Accounts(told)) as one:
        yield one


def number(found: dict[int, bytes], kind: int) -> int:
    (value,) = struct.unpack("!I", found[kind])
    return int(value)


def test_a_request_is_signed_with_the_secret() -> None:
    request = accounting_request(7, SECRET, [(USER_NAME, b"198.51.100.2")])
    data = request.data
    assert data[4:20] == md5(data[:4] + bytes(16) + data[20:] + SECRET).digest()  # noqa: S324 - RADIUS
    assert acknowledges(response(data), request, SECRET)
    assert not acknowledges(response(data, b"other"), request, SECRET)
    assert not acknowledges(b"", request, SECRET)


def test_start_and_stop_name_the_site_and_its_vrf(accounts: Accounts, server: Server) -> None:
    accounts.follow(Change(came=(SITE,)))
    _, start, _ = server.hear()
    assert number(start, module.STATUS) == 1
    assert (start[USER_NAME], start[module.PORT]) == (b"198.51.100.2", b"east")
    assert start[VENDOR_SPECIFIC] == pair("vrf-id=vpn1")
    carried = Counts(5 << 32 | 700, 600, 5, 4)
    accounts.follow(Change(gone=(Sa(1, "east", 1, (), "198.51.100.2", carried),)))
    _, stop, _ = server.hear()
    assert number(stop, module.STATUS) == 2
    assert stop[module.SESSION] == start[module.SESSION]
    assert (number(stop, module.INPUT_OCTETS), number(stop, module.INPUT_GIGAWORDS)) == (700, 5)
    assert (number(stop, module.OUTPUT_OCTETS), number(stop, module.OUTPUT_PACKETS)) == (600, 4)


def test_what_is_not_acknowledged_is_told_again(
    accounts: Accounts, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRANSMIT", 0.0)
    accounts.follow(Change(came=(SITE,)))
    first, _, peer = server.hear()
    assert accounts.pause() == 0
    accounts.work(Mute(), [])
    again, _, _ = server.hear()
    assert again == first
    server.acknowledge(again, peer)
    (heard,) = accounts.filenos()
    accounts.work(Mute(), [heard])
    assert accounts.pause() > 1, "nothing is waited for but the next interim record"


def test_after_many_tries_a_record_is_given_up(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "RETRANSMIT", 0.0)
    monkeypatch.setattr(module, "TRIES", 2)
    accounts.follow(Change(came=(SITE,)))
    for _ in range(2):
        accounts.work(Mute(), [])
    assert accounts.pause() > 1
    assert "does not acknowledge" in "".join(capsys.readouterr())


@pytest.fixture
def restless(server: Server) -> Iterator[Accounts]:
    """One that tells without a pause how far sessions are."""
    yield from accounts_of(server, interim=0)


def test_only_the_latest_interim_record_waits(server: Server, restless: Accounts) -> None:
    restless.follow(Change(came=(SITE,)))
    server.hear()
    for packets in (1, 2):
        restless.work(Mute({1: Counts(100 * packets, 0, packets, 0)}), [])
        _, interim, _ = server.hear()
        assert number(interim, module.INPUT_PACKETS) == packets
    assert len(restless._waiting) == 2, "a start and one interim record"


class Mute:
    """A charon that is asked for counters only."""

    def __init__(self, counts: dict[int, Counts] | None = None) -> None:
        self._counts = counts or {}

    def counts(self) -> dict[int, Counts]:
        return self._counts
