"""VPNs are told apart by their route distinguishers and numbers."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.salvage import Scope


def distinct_rd(scope: Scope) -> Iterator[Finding]:
    """The RD alone separates equal prefixes of two VPNs in VPNv4."""
    owner: dict[str, str] = {}
    for name, vpn in scope.intent.vpns.items():
        other = owner.setdefault(vpn.rd, name)
        if other != name:
            yield Finding(
                ("vpns", name, "rd"), f"an RD other than that of {other}", see=("vpns", other, "rd")
            )


def distinct_id(scope: Scope) -> Iterator[Finding]:
    """Tables and interface IDs are made from the number."""
    owner: dict[int, str] = {}
    for name, vpn in scope.intent.vpns.items():
        if vpn.id is None:
            continue
        other = owner.setdefault(vpn.id, name)
        if other != name:
            yield Finding(
                ("vpns", name, "id"), f"a number other than that of {other}", see=("vpns", other, "id")
            )
