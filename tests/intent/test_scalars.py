"""The scalar types of lab.yml, by example and by property."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from offnet.intent.scalars import Address, Interface, Key, NodeName, NumberPair, Prefix, VpnName


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", ["a", "pe2", "vpn-gw1-east", "a" * 63])
def test_names(name: str) -> None:
    assert accepts(NodeName, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "1a",
        "a-",
        "-a",
        "a_b",
        "a.b",
        "..",
        "a/b",
        "a b",
        "a\n",
        "é",
        "a" * 64,
        "lo",
        "wan",
        "ipsec3",
    ],
)
def test_names_refused(name: str) -> None:
    assert not accepts(NodeName, name)


@given(st.text(min_size=1))
def test_an_accepted_name_is_safe_in_a_path_and_a_shell(name: str) -> None:
    if accepts(NodeName, name):
        assert name.isascii()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert not name.startswith("-")


def test_vpn_names_fit_an_interface() -> None:
    assert accepts(VpnName, "a" * 15)
    assert not accepts(VpnName, "a" * 16)


@pytest.mark.parametrize(
    "pair", ["200:1", "0:4294967295", "65535:4294967295", "65536:65535", "4294967295:0", "192.0.2.1:65535"]
)
def test_number_pairs(pair: str) -> None:
    assert accepts(NumberPair, pair)


@pytest.mark.parametrize(
    "pair",
    [
        "200",
        "200:",
        ":1",
        "200:4294967296",
        "65536:65536",
        "4294967296:1",
        "192.0.2.1:65536",
        "300.0.2.1:1",
        "01:1",
    ],
)
def test_number_pairs_refused(pair: str) -> None:
    assert not accepts(NumberPair, pair)


@pytest.mark.parametrize(
    "value", [3221225985, b"\xc0\0\2\1", "192.0.2.01", "192.0.2", "192.0.2.1/32", "::1", ""]
)
def test_addresses_refused(value: object) -> None:
    assert not accepts(Address, value)


@pytest.mark.parametrize(
    "value", ["10.1.1.0", "10.1.1.1/24", "10.1.1.0/255.255.255.0", "10.1.1.0/33", ["10.1.1.0", 24]]
)
def test_prefixes_refused(value: object) -> None:
    assert not accepts(Prefix, value)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_prefixes_and_interfaces_round_trip(address: object, length: int) -> None:
    interface = IPv4Interface(f"{address}/{length}")
    assert TypeAdapter(Interface).validate_python(str(interface)) == interface
    network = TypeAdapter(Prefix).validate_python(str(interface.network))
    assert isinstance(network, IPv4Network)
    assert network == interface.network


@pytest.mark.parametrize(
    "key", ["", 'a"b', "a'b", "a b", "a{", "a}", "a\\", "a#", "a$b", "a\nb", "é", "0x12", "0sQQ==", "a" * 65]
)
def test_keys_refused(key: str) -> None:
    assert not accepts(Key, key)


def test_keys_of_the_book() -> None:
    assert accepts(Key, "vpn1aes")
    assert accepts(Key, "vpn2ikev2")
