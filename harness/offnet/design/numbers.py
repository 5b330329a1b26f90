"""Everything that a lab's names are given: addresses inside LANs, subnets of core links, VRF numbers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from offnet.design.allocate import collisions, slot
from offnet.design.lan import Lan, lan_problems, lans
from offnet.design.problems import problem, refuse
from offnet.errors import Problem
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
        lan_problems(intent, numbers.lans)
        + _link_problems(intent, numbers.subnets)
        + _vrf_problems(intent, numbers.vrfs)
    )
    return numbers


def link_subnets(intent: LabIntent) -> dict[Ends, IPv4Network]:
    """The /31 of every core link: as written, or by a hash of its two names from the pool."""
    pool = intent.provider.link_pool
    return {link.between: link.subnet or _hashed(pool, link.between) for link in intent.provider.links}


def _hashed(pool: IPv4Network, ends: Ends) -> IPv4Network:
    number = slot("--".join(sorted(ends)), pool.num_addresses // 2)
    return IPv4Network((int(pool.network_address) + 2 * number, 31))


def _link_problems(intent: LabIntent, subnets: dict[Ends, IPv4Network]) -> tuple[Problem, ...]:
    by_label = {"--".join(ends): subnet for ends, subnet in subnets.items()}
    place = {label: index for index, label in enumerate(by_label)}
    return tuple(
        problem(
            intent,
            f"provider.links[{place[one]}].subnet",
            str(by_label[one]),
            f"a subnet of its own, {other} has this one: set `subnet` of one of the two links",
        )
        for one, other in collisions(by_label.items())
    )


def vrfs_of(intent: LabIntent) -> dict[str, Vrf]:
    """The VRF of every VPN. Its number is also the XFRM if_id and, from 1000 on, the table."""
    vrfs = {}
    for name, vpn in intent.vpns.items():
        number = vpn.id or FIRST_HASHED_ID + slot(name, HASHED_IDS)
        vrfs[name] = Vrf(name, TABLE_OFFSET + number, number, vpn.rd, vpn.rt.import_, vpn.rt.export)
    return vrfs


def _vrf_problems(intent: LabIntent, vrfs: dict[str, Vrf]) -> tuple[Problem, ...]:
    return tuple(
        problem(
            intent,
            f"vpns.{one}.id",
            str(vrfs[one].if_id),
            f"a number of its own, {other} has this one: set `id` of one of the two VPNs",
        )
        for one, other in collisions((name, vrf.if_id) for name, vrf in vrfs.items())
    )
