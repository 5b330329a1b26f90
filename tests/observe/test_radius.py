"""Reading FreeRADIUS's accounting records."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from offnet.observe.radius import INTERIM, START, STOP, AccountingRecord, parse_detail

TEXT = (Path(__file__).parent / "recorded" / "aaa" / "accounting.txt").read_text(encoding="utf-8")


@pytest.fixture
def records() -> tuple[AccountingRecord, ...]:
    return parse_detail(TEXT)


def test_every_record_is_read(records: tuple[AccountingRecord, ...]) -> None:
    assert [record.status for record in records] == [START, INTERIM, STOP]


def test_who_and_where(records: tuple[AccountingRecord, ...]) -> None:
    for record in records:
        assert (record.user, record.port, record.group) == ("bob", "vpn2group", "vpn2group")
        assert record.address == IPv4Address("10.3.0.10")
    assert records[1].session == records[2].session != records[0].session


def test_counters(records: tuple[AccountingRecord, ...]) -> None:
    start, interim, stop = records
    assert (start.input_octets, start.output_packets, start.cause) == (0, 0, "")
    for record in (interim, stop):
        assert (record.input_octets, record.input_packets) == (700, 5)
        assert (record.output_octets, record.output_packets) == (700, 5)
    assert stop.cause == "User-Request"


def test_a_record_that_is_being_written_is_left_out() -> None:
    assert len(parse_detail(TEXT[: TEXT.rindex("\tAcct-Terminate-Cause")])) == 2
    assert parse_detail("") == ()
