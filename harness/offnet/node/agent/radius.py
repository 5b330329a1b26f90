"""RADIUS messages of a client that asks for a group's attributes (RFC 2865) or tells of sessions (RFC 2866).

Pure, but for random numbers. Every question bears a Message-Authenticator, and an answer without a right
one is no answer: a Response Authenticator alone can be forged (CVE-2024-3596).
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import md5

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, STATUS_SERVER = 1, 2, 3, 12
ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 4, 5
USER_NAME, USER_PASSWORD, SERVICE_TYPE = 1, 2, 6
VENDOR_SPECIFIC, NAS_IDENTIFIER, TUNNEL_PASSWORD, MESSAGE_AUTHENTICATOR = 26, 32, 69, 80
OUTBOUND_USER = 5  # asks for the configuration of a group; users who log in ask for none (RFC 2865, 5.6)
CISCO, CISCO_AVPAIR = 9, 1
HEADER, DIGEST, LONGEST = 20, 16, 4096
SALT = 2


class RadiusError(Exception):
    """An answer that cannot be what the server sent."""


@dataclass(frozen=True)
class Request:
    """A request as it is sent; ``authenticator`` is what its answer is checked with."""

    identifier: int
    authenticator: bytes
    data: bytes


@dataclass(frozen=True)
class Answer:
    """An answer that is authentic. ``pairs`` are Cisco's attribute-value pairs."""

    identifier: int
    accepted: bool
    tunnel_password: str | None
    pairs: tuple[tuple[str, str], ...]


def access_request(identifier: int, secret: bytes, name: str, password: str, nas: str) -> Request:
    """Asks for what the server knows of a group."""
    authenticator = os.urandom(DIGEST)
    attributes = (
        _attribute(USER_NAME, name.encode())
        + _attribute(USER_PASSWORD, hide(password.encode(), secret, authenticator))
        + _attribute(SERVICE_TYPE, struct.pack("!I", OUTBOUND_USER))
        + _attribute(NAS_IDENTIFIER, nas.encode())
    )
    return _request(ACCESS_REQUEST, identifier, authenticator, attributes, secret)


def status_request(identifier: int, secret: bytes, nas: str) -> Request:
    """Asks whether the server is there (RFC 5997)."""
    attributes = _attribute(NAS_IDENTIFIER, nas.encode())
    return _request(STATUS_SERVER, identifier, os.urandom(DIGEST), attributes, secret)


def accounting_request(identifier: int, secret: bytes, attributes: Iterable[tuple[int, bytes]]) -> Request:
    """Tells the server of a session; the authenticator is a hash of all that is told."""
    body = b"".join(_attribute(kind, value) for kind, value in attributes)
    head = struct.pack("!BBH", ACCOUNTING_REQUEST, identifier, HEADER + len(body))
    authenticator = md5(head + bytes(DIGEST) + body + secret).digest()  # noqa: S324 - RADIUS
    return Request(identifier, authenticator, head + authenticator + body)


def acknowledges(data: bytes, request: Request, secret: bytes) -> bool:
    """Whether the server says that it has what was told."""
    try:
        code, _ = _response(data, request, secret)
    except RadiusError:
        return False
    return code == ACCOUNTING_RESPONSE


def answer(data: bytes, request: Request, secret: bytes) -> Answer:
    """The answer to a request; RadiusError when it is none, or not the server's."""
    code, data = _response(data, request, secret)
    _verify(data, request.authenticator, secret)
    password, pairs = None, []
    for kind, value in attributes_of(data):
        if kind == TUNNEL_PASSWORD:
            password = reveal(value[1:], secret, request.authenticator).decode()
        elif kind == VENDOR_SPECIFIC and value[:5] == struct.pack("!IB", CISCO, CISCO_AVPAIR):
            name, _, text = value[6:].decode().partition("=")
            pairs.append((name, text))
    return Answer(request.identifier, code == ACCESS_ACCEPT, password, tuple(pairs))


def _response(data: bytes, request: Request, secret: bytes) -> tuple[int, bytes]:
    """The code of a response to a request, and the response without what may follow it."""
    if len(data) < HEADER:
        raise RadiusError("too short")
    code, identifier, length = struct.unpack("!BBH", data[:4])
    if not HEADER <= length <= min(len(data), LONGEST) or identifier != request.identifier:
        raise RadiusError("no answer to this request")
    data = data[:length]
    wanted = md5(data[:4] + request.authenticator + data[HEADER:] + secret).digest()  # noqa: S324 - RADIUS
    if not hmac.compare_digest(wanted, data[4:HEADER]):
        raise RadiusError("wrong Response Authenticator: another shared secret?")
    return code, data


def pair(text: str) -> bytes:
    """The value of a Vendor-Specific attribute that is one of Cisco's attribute-value pairs."""
    return struct.pack("!IBB", CISCO, CISCO_AVPAIR, len(text) + 2) + text.encode()


def attributes_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of every attribute of a message."""
    place = HEADER
    while place < len(data):
        length = data[place + 1] if place + 1 < len(data) else 0
        if length < 2 or place + length > len(data):  # noqa: PLR2004 - type and length themselves
            raise RadiusError("an attribute is cut off")
        yield data[place], data[place + 2 : place + length]
        place += length


def hide(text: bytes, secret: bytes, start: bytes) -> bytes:
    """A password as User-Password has it (RFC 2865, 5.2)."""
    padded = text + bytes(-len(text) % DIGEST or (0 if text else DIGEST))
    hidden, last = b"", start
    for place in range(0, len(padded), DIGEST):
        last = _exclusive_or(padded[place : place + DIGEST], md5(secret + last).digest())  # noqa: S324
        hidden += last
    return hidden


def reveal(value: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """The text of a Tunnel-Password after its tag (RFC 2868, 3.5): salt, then length and text, hidden."""
    salt, hidden = value[:SALT], value[SALT:]
    if not hidden or len(hidden) % DIGEST:
        raise RadiusError("Tunnel-Password of a wrong length")
    plain, last = b"", authenticator + salt
    for place in range(0, len(hidden), DIGEST):
        block = hidden[place : place + DIGEST]
        plain += _exclusive_or(block, md5(secret + last).digest())  # noqa: S324
        last = block
    if plain[0] >= len(plain):
        raise RadiusError("Tunnel-Password is longer than its attribute: another shared secret?")
    return plain[1 : 1 + plain[0]]


def _verify(data: bytes, authenticator: bytes, secret: bytes) -> None:
    place = HEADER
    for kind, value in attributes_of(data):
        if kind == MESSAGE_AUTHENTICATOR and len(value) == DIGEST:
            start = place + 2
            text = data[:4] + authenticator + data[HEADER:start] + bytes(DIGEST) + data[start + DIGEST :]
            if hmac.compare_digest(hmac.new(secret, text, md5).digest(), value):
                return
            raise RadiusError("wrong Message-Authenticator")
        place += len(value) + 2
    raise RadiusError("no Message-Authenticator")


def _request(code: int, identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> Request:
    """The Message-Authenticator comes first, where no attribute before it can be guessed at."""
    length = HEADER + 2 + DIGEST + len(attributes)
    head = struct.pack("!BBH", code, identifier, length) + authenticator
    blank = _attribute(MESSAGE_AUTHENTICATOR, bytes(DIGEST))
    proof = hmac.new(secret, head + blank + attributes, md5).digest()
    return Request(identifier, authenticator, head + _attribute(MESSAGE_AUTHENTICATOR, proof) + attributes)


def _attribute(kind: int, value: bytes) -> bytes:
    return bytes((kind, len(value) + 2)) + value


def _exclusive_or(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
