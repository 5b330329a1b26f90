from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from offnet.observe.errors import ObserveError
from offnet.observe.fib import parse
from offnet.observe.kernel_model import LOCAL_TABLE, MAIN_TABLE

TEXT = """\
Id 1001:
  +-- 0.0.0.0/4 2 0 2
     |-- 0.0.0.0
        /0 universe UNREACHABLE
     +-- 10.0.64.0/21 2 0 2
        |-- 10.0.67.0
           /24 link UNICAST
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 172.16.193.88
        /31 link UNICAST
        /32 universe UNICAST
Local:
  +-- 0.0.0.0/0 3 0 4
     |-- 10.255.0.1
        /32 host LOCAL
"""


def test_holds_what_each_table_can_forward_to() -> None:
    assert parse(TEXT) == {
        (1001, IPv4Network("10.0.67.0/24")),
        (MAIN_TABLE, IPv4Network("0.0.0.0/0")),
        (MAIN_TABLE, IPv4Network("172.16.193.88/31")),
        (MAIN_TABLE, IPv4Network("172.16.193.88/32")),
    }


def test_the_local_table_has_a_number_too() -> None:
    assert parse("Local:\n  |-- 10.0.0.1\n     /32 link UNICAST\n") == {
        (LOCAL_TABLE, IPv4Network("10.0.0.1/32"))
    }


def test_a_table_of_another_name_is_refused() -> None:
    with pytest.raises(ObserveError, match="unknown table"):
        parse("Other:\n")
