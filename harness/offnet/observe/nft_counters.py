"""Counters of nftables rules that bear a comment, asked of the kernel: nft itself takes ten times longer."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from offnet.observe.errors import ObserveError
from offnet.observe.question import Question

NETLINK_NETFILTER = 12
IPV4 = 2
REQUEST, DUMP = 0x1, 0x300
NEW_RULE, GET_RULE = 10 << 8 | 6, 10 << 8 | 7
RULE_TABLE, RULE_EXPRESSIONS, RULE_USERDATA = 1, 4, 7
EXPRESSION_NAME, EXPRESSION_DATA = 1, 2
COUNTER_PACKETS = 2
COMMENT = 0
TYPE = 0x3FFF  # of an attribute, without its flags

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_FAMILY = struct.Struct("=BBH")


def rule_counters(table: str) -> Question[dict[str, int]]:
    """Packets that were counted by the rules of an IPv4 table, by their comments."""
    name = f"{table}\0".encode()
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(name), RULE_TABLE) + name + bytes(-len(name) % 4)
    size = _HEADER.size + _FAMILY.size + len(attribute)
    request = _HEADER.pack(size, GET_RULE, REQUEST | DUMP, 1, 0) + _FAMILY.pack(IPV4, 0, 0) + attribute
    return Question(
        f"counters of table {table}",
        ("netlink", str(NETLINK_NETFILTER), request.hex()),
        lambda text: parse(table, text),
        learner=f"nft list table ip {table}",
    )


def parse(table: str, text: str) -> dict[str, int]:
    """The kernel's answer; ObserveError where there is no such table, or nothing that counts."""
    data = bytes.fromhex(text)
    found: dict[str, int] = {}
    at = 0
    while at < len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if kind == NEW_RULE:
            rule = dict(_attributes(data[at + _HEADER.size + _FAMILY.size : at + length]))
            found |= {comment: packets for comment in _comments(rule) for packets in _packets(rule)}
        at += length + -length % 4
    if not found:
        raise ObserveError(f"table {table} counts nothing")
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        yield kind & TYPE, data[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4


def _packets(rule: dict[int, bytes]) -> Iterator[int]:
    for _, element in _attributes(rule.get(RULE_EXPRESSIONS, b"")):
        expression = dict(_attributes(element))
        if expression[EXPRESSION_NAME] == b"counter\0":
            counter = dict(_attributes(expression[EXPRESSION_DATA]))
            yield int.from_bytes(counter[COUNTER_PACKETS], "big")


def _comments(rule: dict[int, bytes]) -> Iterator[str]:
    """What nft keeps with a rule: a byte of type, a byte of length, so many bytes."""
    kept = rule.get(RULE_USERDATA, b"")
    while kept:
        kind, length = kept[:2]
        if kind == COMMENT:
            yield kept[2 : 2 + length].rstrip(b"\0").decode()
        kept = kept[2 + length :]
