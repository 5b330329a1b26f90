"""What the AAA server has written down: accounting records, as FreeRADIUS's module ``detail`` has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.observe.question import Question

ACCOUNTING_LOG = "/var/log/offnet/accounting.log"
VRF_ID = "vrf-id="
START, INTERIM, STOP = "Start", "Interim-Update", "Stop"

_PAIR = re.compile(r"^\t(\S+) = (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AccountingRecord:
    """One Accounting-Request (RFC 2866). Input is what came from the user; octets of inner packets.

    ``port`` is charon's connection (NAS-Port-Id), ``group`` the class that authentication returned, ``vrf``
    the VPN of a site's session.
    """

    status: str
    user: str
    session: str
    port: str
    group: str
    address: IPv4Address | None
    input_octets: int
    output_octets: int
    input_packets: int
    output_packets: int
    cause: str
    vrf: str = ""


def parse_detail(text: str) -> tuple[AccountingRecord, ...]:
    """The records in a detail file; one that is not complete yet is left out."""
    return tuple(_record(dict(_PAIR.findall(entry))) for entry in text.split("\n\n")[:-1])


def _record(pairs: dict[str, str]) -> AccountingRecord:
    address = pairs.get("Framed-IP-Address")
    return AccountingRecord(
        status=pairs.get("Acct-Status-Type", ""),
        user=_text(pairs, "User-Name"),
        session=_text(pairs, "Acct-Session-Id"),
        port=_text(pairs, "NAS-Port-Id"),
        group=_octets(pairs.get("Class", "")),
        address=IPv4Address(address) if address else None,
        input_octets=int(pairs.get("Acct-Input-Octets", "0")),
        output_octets=int(pairs.get("Acct-Output-Octets", "0")),
        input_packets=int(pairs.get("Acct-Input-Packets", "0")),
        output_packets=int(pairs.get("Acct-Output-Packets", "0")),
        cause=pairs.get("Acct-Terminate-Cause", ""),
        vrf=_text(pairs, "Cisco-AVPair").removeprefix(VRF_ID),
    )


def _text(pairs: dict[str, str], key: str) -> str:
    return pairs.get(key, "").strip('"')


def _octets(value: str) -> str:
    """A value that is no text is written in hexadecimal digits."""
    return bytes.fromhex(value[2:]).decode(errors="replace") if value.startswith("0x") else value.strip('"')


ACCOUNTING: Question[tuple[AccountingRecord, ...]] = Question(
    "accounting", ("cat", ACCOUNTING_LOG), parse_detail
)
