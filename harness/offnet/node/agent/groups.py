"""Remote-access groups whose key and attributes are downloaded from an AAA server (Example 9-20).

The gateway asks as IOS does: an Access-Request for the group's name, with a password that all groups
share, for outbound service. What comes back becomes a key, a pool and a connection of charon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .config import Aaa, Group, Profile
from .radius import Answer, RadiusError, Request, access_request, answer, status_request

RETRANSMIT = 0.2  # seconds; a lab starts all its nodes at once, and this one waits for the server
PATIENCE = 15.0  # seconds after which a silent server holds nobody up; it is asked on all the same
LONGEST = 4096
EVERYTHING = "0.0.0.0/0"
ADDR_POOL, DNS_SERVERS, ROUTE_SET = "ipsec:addr-pool", "ipsec:dns-servers", "ipsec:route-set"
PREFIX = "prefix "


class Downloads:
    """Questions to the AAA server that wait for an answer; asked again until there is one."""

    def __init__(self, aaa: Aaa) -> None:
        self._aaa = aaa
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((aaa.server, aaa.port))
        self._waiting: dict[int, tuple[Request, Group | None]] = {}
        self._next = self._patience = 0.0

    def fileno(self) -> int:
        """Readable when something has come from the server."""
        return self._socket.fileno()

    def begin(self) -> None:
        """Ask for every group, and whether the server is there."""
        secret, aaa = self._aaa.secret.encode(), self._aaa
        self._waiting = {0: (status_request(0, secret, aaa.nas), None)}
        for number, group in enumerate(aaa.groups, start=1):
            request = access_request(number, secret, group.name, aaa.password, aaa.nas)
            self._waiting[number] = (request, group)
        self._patience = time.monotonic() + PATIENCE
        self._send()

    def pause(self) -> float | None:
        """Seconds until ``ask_again`` is due; None when nothing is waited for."""
        return max(0.0, self._next - time.monotonic()) if self._waiting else None

    def ask_again(self) -> None:
        """Retransmit what has no answer, when it is due."""
        if self._waiting and time.monotonic() >= self._next:
            self._send()

    def settled(self) -> bool:
        """Whether all has been answered, or waiting for it is no longer worth while."""
        return not self._waiting or time.monotonic() >= self._patience

    def answers(self) -> Iterator[tuple[Group, Answer]]:
        """The groups that the server has told of since; what is not authentic is no answer."""
        while True:
            try:
                data = self._socket.recv(LONGEST)
            except OSError:  # nothing more, or nobody there: then it is asked again
                return
            request, group = self._waiting.get(data[1] if len(data) > 1 else -1, (None, None))
            if request is None:
                continue
            with suppress(RadiusError):
                said = answer(data, request, self._aaa.secret.encode())
                del self._waiting[request.identifier]
                if group is not None:
                    yield group, said

    def close(self) -> None:
        """Close the socket; what is loaded stays."""
        self._socket.close()

    def _send(self) -> None:
        self._next = time.monotonic() + RETRANSMIT
        for request, _ in self._waiting.values():
            with suppress(OSError):  # refused by a host whose server is not up yet
                self._socket.send(request.data)


def profile(group: Group, said: Answer) -> Profile:
    """The profile of a group from the server's answer; ValueError tells what is wrong with that."""
    if not said.accepted:
        raise ValueError("the AAA server knows no such group")
    if not said.tunnel_password:
        raise ValueError("the AAA server has no key (Tunnel-Password)")
    pools = [text for name, text in said.pairs if name == ADDR_POOL]
    unknown = [name for name in pools if name not in group.pools]
    if unknown:
        raise ValueError(f"there is no pool {unknown[0]} here")
    servers = [text for name, text in said.pairs if name == DNS_SERVERS]
    split = [text.removeprefix(PREFIX) for name, text in said.pairs if name == ROUTE_SET]
    return Profile(
        group.name,
        shared=_shared(group, said.tunnel_password),
        pools={name: {"addrs": group.pools[name], **({"dns": servers} if servers else {})} for name in pools},
        connections={group.name: _connection(group, pools, split or [EVERYTHING])},
    )


def _shared(group: Group, key: str) -> dict[str, Any]:
    return {"id": f"ike-{group.name}", "type": "IKE", "owners": [group.owner], "data": key}


def _connection(group: Group, pools: list[str], local_ts: list[str]) -> dict[str, Any]:
    own = group.connection
    children = {name: {**child, "local_ts": local_ts} for name, child in own["children"].items()}
    return {**own, "pools": [*own.get("pools", []), *pools], "children": children}
