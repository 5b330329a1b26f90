"""Everything that a lab's names are given: addresses inside LANs, subnets of core links, VRF numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from offnet.design.allocate import collisions, slot
from offnet.design.lan import Lan, lans, markers_that_meet
from offnet.intent.finding import Finding
from offnet.intent.loader import refuse
from offnet.intent.models import LabIntent
from offnet.network.model import Vrf

# Tables below 1000 are left to Linux (253 to 255 are its own). An id that lab.yml does not set
# is hashed into a space where two of 200 VPNs meet once in 50,000 labs.
TABLE_OFFSET = 1000
FIRST_HASHED_ID = 1 << 16
HASHED_IDS = (1 << 30) - FIRST_HASHED_ID

Ends = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Numbers:
    """LANs by site, /31 subnets by the two ends of a core link, VRFs by VPN."""

    lans: dict[str, Lan]
    subnets: dict[Ends, IPv4Network]
    vrfs: dict[str, Vrf]


def number(intent: LabIntent) -> Numbers:
    """The numbers of a lab; every two names that meet in one slot are a problem of one LabError."""
    numbers = Numbers(lans(intent), link_subnets(intent), vrfs_of(intent))
    refuse(
        intent,
        (
            *markers_that_meet(numbers.lans),
            *_subnets_that_meet(numbers.subnets),
            *_ids_that_meet(numbers.vrfs),
        ),
    )
    return numbers


def _meetings(numbers: Numbers) -> Iterator[Finding]:
    yield from markers_that_meet(numbers.lans)
    yield from _subnets_that_meet(numbers.subnets)
    yield from _ids_that_meet(numbers.vrfs)


def link_subnets(intent: LabIntent) -> dict[Ends, IPv4Network]:
    """The /31 of every core link: as written, or by a hash of its two names from the pool."""
    pool = intent.provider.link_pool
    return {link.between: link.subnet or _hashed(pool, link.between) for link in intent.provider.links}


def _hashed(pool: IPv4Network, ends: Ends) -> IPv4Network:
    number = slot("--".join(sorted(ends)), pool.num_addresses // 2)
    return IPv4Network((int(pool.network_address) + 2 * number, 31))


def _subnets_that_meet(subnets: dict[Ends, IPv4Network]) -> Iterator[Finding]:
    by_label = {"--".join(ends): subnet for ends, subnet in subnets.items()}
    place = {label: index for index, label in enumerate(by_label)}
    for one, other in collisions(by_label.items()):
        expected = f"a subnet of its own, {other} has this one: set `subnet` of one of the two links"
        yield Finding(("provider", "links", place[one], "subnet"), expected, str(by_label[one]))


def vrfs_of(intent: LabIntent) -> dict[str, Vrf]:
    """The VRF of every VPN. Its number is also the XFRM if_id and, from 1000 on, the table."""
    vrfs = {}
    for name, vpn in intent.vpns.items():
        number = vpn.id or FIRST_HASHED_ID + slot(name, HASHED_IDS)
        vrfs[name] = Vrf(name, TABLE_OFFSET + number, number, vpn.rd, vpn.rt.import_, vpn.rt.export)
    return vrfs


def _ids_that_meet(vrfs: dict[str, Vrf]) -> Iterator[Finding]:
    for one, other in collisions((name, vrf.if_id) for name, vrf in vrfs.items()):
        expected = f"a number of its own, {other} has this one: set `id` of one of the two VPNs"
        yield Finding(("vpns", one, "id"), expected, str(vrfs[one].if_id))
