"""Front doors of an aggregator: where tunnels come in, one address a door (Examples 9-2, 9-4, 9-24)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.scalars import Address, Interface, VpnName


class FrontDoor(Model):
    """A sub-interface toward the Internet's router, in a VRF of its own that has the door's name."""

    vlan: int = Field(ge=1, le=4094, description="The 802.1Q tag toward the Internet's router.")
    address: Interface = Field(description="The address that the door's peers use, with its prefix length.")
    next_hop: Address = Field(description="The Internet's router in that subnet.")
    vrf: VpnName | None = Field(
        default=None, description="The VPN whose VRF is the door as well (as the book prints it), filtered."
    )


@dataclass(frozen=True, slots=True)
class Door:
    """A front door, or (without name and tag) the one address of an aggregator that has none."""

    name: str | None
    address: IPv4Interface
    next_hop: IPv4Address
    vlan: int | None = None
    vrf: str | None = None
