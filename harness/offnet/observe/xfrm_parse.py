"""The text of ``ip -s xfrm`` into types: iproute2 has no JSON for these two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from offnet.observe.errors import ObserveError
from offnet.observe.kernel_model import XfrmPolicy, XfrmState


def blocks(text: str) -> Iterator[str]:
    """The entries of a listing: each begins in the first column, its details are indented."""
    for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if block.strip():
            yield block


def xfrm_states(text: str) -> tuple[XfrmState, ...]:
    """The SADB in ``ip -s xfrm state list nokeys``; IPv6 entries are left out."""
    return tuple(_state(block) for block in blocks(text) if ":" not in block.partition("\n")[0])


def xfrm_policies(text: str) -> tuple[XfrmPolicy, ...]:
    """The SPD in ``ip -s xfrm policy list nosock``; IPv6 entries are left out."""
    return tuple(_policy(block) for block in blocks(text) if ":" not in block.partition("\n")[0])


def _state(block: str) -> XfrmState:
    source, destination = _match(r"src (\S+) dst (\S+)", block).groups()
    protocol, spi, reqid, mode = _match(
        r"proto (\S+) spi (0x[0-9a-f]+)\S* reqid (\d+)\S* mode (\S+)", block
    ).groups()
    octets, packets = _match(r"lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)", block).groups()
    replay, failed = _match(r"stats:\s+replay-window \d+ replay (\d+) failed (\d+)", block).groups()
    return XfrmState(
        source=IPv4Address(source),
        destination=IPv4Address(destination),
        protocol=protocol,
        spi=int(spi, 16),
        reqid=int(reqid),
        mode=mode,
        if_id=_if_id(block),
        direction=_optional(r"^\s+dir (\S+)", block),
        algorithms=tuple(re.findall(r"^\s+(?:auth-trunc|auth|enc|aead|comp) (\S+)", block, re.MULTILINE)),
        encapsulation=bool(re.search(r"^\s+encap type", block, re.MULTILINE)),
        bytes=int(octets),
        packets=int(packets),
        replay_errors=int(replay),
        auth_failures=int(failed),
    )


def _policy(block: str) -> XfrmPolicy:
    source, destination = _match(r"src (\S+) dst (\S+)", block).groups()
    direction, action, priority = _match(
        r"^\s+dir (\S+) action (\S+) index \d+ priority (\d+)", block
    ).groups()
    template = re.search(
        r"tmpl src (\S+) dst (\S+)\s+proto \S+ .*?reqid (\d+)\S* mode (\S+)", block, re.DOTALL
    )
    return XfrmPolicy(
        source=IPv4Network(source),
        destination=IPv4Network(destination),
        direction=direction,
        action=action,
        priority=int(priority),
        if_id=_if_id(block),
        protocol=_optional(r"src \S+ dst \S+ (?:uid \d+ )?proto (\S+)", block.partition("\n")[0]),
        template_source=IPv4Address(template[1]) if template else None,
        template_destination=IPv4Address(template[2]) if template else None,
        reqid=int(template[3]) if template else 0,
        mode=template[4] if template else "",
    )


def xfrm_statistics(text: str) -> dict[str, int]:
    """The error counters in /proc/net/xfrm_stat by name."""
    return {name: int(value) for name, value in (line.split() for line in text.splitlines() if line.strip())}


def _match(pattern: str, block: str) -> re.Match[str]:
    found = re.search(pattern, block, re.MULTILINE)
    if found is None:
        raise ObserveError(f"no {pattern!r} in {block[:200]!r}")
    return found


def _optional(pattern: str, block: str) -> str:
    found = re.search(pattern, block, re.MULTILINE)
    return found[1] if found else ""


def _if_id(block: str) -> int:
    return int(_optional(r"^\s+if_id (0x[0-9a-f]+)", block) or "0", 16)
