"""The agent as it is imported outside a node, and an in-memory kernel."""

from __future__ import annotations

import hmac
import struct
from hashlib import md5
from ipaddress import IPv4Network

import pytest

from offnet.node.agent.config import Config, Policy
from offnet.node.agent.decision import Route
from offnet.node.agent.ledger import Changes
from offnet.node.agent.radius import MESSAGE_AUTHENTICATOR, TUNNEL_PASSWORD, VENDOR_SPECIFIC, Request, hide

EAST, NORTH = IPv4Network("10.0.67.0/24"), IPv4Network("10.0.68.0/24")
SHARED = IPv4Network("10.0.70.0/24")


class MemoryKernel:
    """Routes in a set; counts how often each change was asked for."""

    def __init__(self) -> None:
        self.present: set[Route] = set()
        self.changes: list[Changes] = []

    def if_ids(self) -> dict[str, int]:
        return {"ipsec1": 1, "ipsec2": 2}

    def routes(self) -> frozenset[Route]:
        return frozenset(self.present)

    def apply(self, changes: Changes) -> list[str]:
        self.changes.append(changes)
        self.present -= set(changes.remove)
        self.present |= set(changes.add) | set(changes.replace)
        return []


@pytest.fixture
def kernel() -> MemoryKernel:
    return MemoryKernel()


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(
        socket=str(tmp_path_factory.mktemp("run") / "charon.vici"),
        protocol=200,
        policies=(
            Policy("east1", "vpn1", 1001, "ipsec1", (EAST,)),
            Policy("north1", "vpn1", 1001, "ipsec1", (NORTH,)),
            Policy("east2", "vpn2", 1002, "ipsec2", (EAST,)),
            Policy("still2", "vpn2", 1002, "ipsec2", (IPv4Network("10.0.69.0/24"),), static=True),
            Policy("shared1", "vpn1", 1001, "ipsec1", (SHARED,), identity="a.vpn1.example"),
        ),
    )


class RadiusMaker:
    """Makes the messages of a RADIUS server."""

    SECRET = b"radsecret"

    def sealed(
        self, request: Request, code: int, attributes: bytes = b"", secret: bytes | None = None
    ) -> bytes:
        """An answer as a server makes it."""
        key = secret or self.SECRET
        head = struct.pack("!BBH", code, request.identifier, 20 + 18 + len(attributes))
        blank = bytes((MESSAGE_AUTHENTICATOR, 18)) + bytes(16)
        proof = hmac.new(key, head + request.authenticator + blank + attributes, md5).digest()
        body = bytes((MESSAGE_AUTHENTICATOR, 18)) + proof + attributes
        return head + md5(head + request.authenticator + body + key).digest() + body  # noqa: S324

    def tunnel_password(self, text: bytes, request: Request, salt: bytes = b"\x81\x02") -> bytes:
        """The attribute with tag 0, as RFC 2868 hides its text."""
        value = b"\0" + salt + hide(bytes((len(text),)) + text, self.SECRET, request.authenticator + salt)
        return bytes((TUNNEL_PASSWORD, len(value) + 2)) + value

    def pair(self, text: bytes) -> bytes:
        """One of Cisco's attribute-value pairs."""
        inner = struct.pack("!IBB", 9, 1, len(text) + 2) + text
        return bytes((VENDOR_SPECIFIC, len(inner) + 2)) + inner


@pytest.fixture
def server() -> RadiusMaker:
    return RadiusMaker()
