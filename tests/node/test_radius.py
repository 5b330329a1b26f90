"""RADIUS messages, against what FreeRADIUS 3.2.7 and radclient sent to each other."""

from __future__ import annotations

import hmac
import struct
from hashlib import md5
from typing import Protocol

import pytest

from offnet.node.agent.radius import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    MESSAGE_AUTHENTICATOR,
    SERVICE_TYPE,
    STATUS_SERVER,
    USER_NAME,
    USER_PASSWORD,
    RadiusError,
    Request,
    access_request,
    answer,
    attributes_of,
    hide,
    reveal,
    status_request,
)


class RadiusMaker(Protocol):
    """What makes a server's messages (conftest.py)."""

    SECRET: bytes

    def sealed(
        self, request: Request, code: int, attributes: bytes = b"", secret: bytes | None = None
    ) -> bytes: ...

    def tunnel_password(self, text: bytes, request: Request, salt: bytes = b"") -> bytes: ...

    def pair(self, text: bytes) -> bytes: ...


@pytest.fixture
def request_(server: RadiusMaker) -> Request:
    return access_request(7, server.SECRET, "vpn2group", "cisco", "vpn-gw1-east")


def test_a_request_asks_for_outbound_service_and_proves_itself(
    request_: Request, server: RadiusMaker
) -> None:
    found = dict(attributes_of(request_.data))
    assert found[USER_NAME] == b"vpn2group"
    assert found[SERVICE_TYPE] == struct.pack("!I", 5)
    assert found[USER_PASSWORD] == hide(b"cisco", server.SECRET, request_.authenticator)
    assert next(iter(found)) == MESSAGE_AUTHENTICATOR
    place = request_.data.index(found[MESSAGE_AUTHENTICATOR])
    blank = request_.data[:place] + bytes(16) + request_.data[place + 16 :]
    assert found[MESSAGE_AUTHENTICATOR] == hmac.new(server.SECRET, blank, md5).digest()
    assert struct.unpack("!H", request_.data[2:4]) == (len(request_.data),)


def test_a_status_request_has_its_code(server: RadiusMaker) -> None:
    assert status_request(0, server.SECRET, "gw").data[0] == STATUS_SERVER


def test_no_two_requests_have_the_same_authenticator(server: RadiusMaker) -> None:
    one, other = (access_request(1, server.SECRET, "g", "cisco", "gw") for _ in range(2))
    assert one.authenticator != other.authenticator


@pytest.mark.parametrize("text", [b"k", b"vpn2grouppsk", b"exactly15bytes.", b"a" * 64])
def test_what_is_hidden_is_revealed(text: bytes, request_: Request, server: RadiusMaker) -> None:
    data = server.sealed(request_, ACCESS_ACCEPT, server.tunnel_password(text, request_))
    assert answer(data, request_, server.SECRET).tunnel_password == text.decode()


def test_pairs_of_cisco(request_: Request, server: RadiusMaker) -> None:
    attributes = server.pair(b"ipsec:addr-pool=vpn2pool") + server.pair(b"ipsec:route-set=prefix 10.1.1.0/24")
    said = answer(server.sealed(request_, ACCESS_ACCEPT, attributes), request_, server.SECRET)
    assert said.accepted
    assert said.pairs == (("ipsec:addr-pool", "vpn2pool"), ("ipsec:route-set", "prefix 10.1.1.0/24"))


def test_a_rejection_is_an_answer(request_: Request, server: RadiusMaker) -> None:
    assert not answer(server.sealed(request_, ACCESS_REJECT), request_, server.SECRET).accepted


def test_another_secret_is_told(request_: Request, server: RadiusMaker) -> None:
    with pytest.raises(RadiusError, match="another shared secret"):
        answer(server.sealed(request_, ACCESS_ACCEPT, secret=b"other"), request_, server.SECRET)


def test_an_answer_to_another_request_is_none(request_: Request, server: RadiusMaker) -> None:
    other = access_request(7, server.SECRET, "vpn2group", "cisco", "vpn-gw1-east")
    with pytest.raises(RadiusError, match="Response Authenticator"):
        answer(server.sealed(other, ACCESS_ACCEPT), request_, server.SECRET)


def test_without_message_authenticator_nothing_is_believed(request_: Request, server: RadiusMaker) -> None:
    head = struct.pack("!BBH", ACCESS_ACCEPT, 7, 20)
    data = head + md5(head + request_.authenticator + server.SECRET).digest()  # noqa: S324
    with pytest.raises(RadiusError, match="no Message-Authenticator"):
        answer(data, request_, server.SECRET)


@pytest.mark.parametrize("cut", [0, 3, 19, 25])
def test_a_message_that_is_cut_off_is_none(cut: int, request_: Request, server: RadiusMaker) -> None:
    with pytest.raises(RadiusError):
        answer(server.sealed(request_, ACCESS_ACCEPT)[:cut], request_, server.SECRET)


def test_attributes_that_overrun_are_refused() -> None:
    with pytest.raises(RadiusError, match="cut off"):
        list(attributes_of(bytes(20) + b"\x01\x09abc"))


@pytest.mark.parametrize("value", [b"\x81\x02", b"\x81\x02" + bytes(15)])
def test_a_tunnel_password_of_a_wrong_length_is_refused(value: bytes, server: RadiusMaker) -> None:
    with pytest.raises(RadiusError, match="length"):
        reveal(value, server.SECRET, bytes(16))


def test_a_tunnel_password_hidden_with_another_secret_is_refused(server: RadiusMaker) -> None:
    hidden = hide(b"\x04text", b"other", bytes(16) + b"\x81\x02")
    with pytest.raises(RadiusError, match="longer than its attribute"):
        reveal(b"\x81\x02" + hidden, server.SECRET, bytes(16))
