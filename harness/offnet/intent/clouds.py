"""DMVPNs in lab.yml: the hub of a cloud, which its spokes find by themselves (Example 9-26)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.scalars import Address, Key, Name, NodeName, Prefix, VpnName

MULTIPOINT = "point-to-multipoint"


class Cloud(Model):
    """A multipoint GRE tunnel of an aggregator with NHRP on it, in IPsec transport mode."""

    vpn: VpnName = Field(description="The VPN whose VRF it leads into.")
    gateway: NodeName = Field(description="The aggregator that is its hub.")
    profile: Name = Field(
        description="The profile of its spokes: certificates of one authority, and any identity."
    )
    source: Address | None = Field(
        default=None,
        description="A loopback address of the hub that the tunnel begins at; the gateway's, if absent.",
    )
    key: int = Field(ge=0, le=4294967295, description="The GRE key (RFC 2890) that all its packets bear.")
    tunnel: Prefix = Field(description="Subnet of the tunnel, its first host is the hub; others may use it.")
    link: Prefix = Field(description="A /30 or /31 between the VRF and the hub's routing context.")
    asn: int = Field(alias="as", ge=1, le=4294967294, description="AS number of the hub's routing context.")
    authentication: Annotated[Key, Field(max_length=8)] = Field(
        description="The NHRP password, of eight characters at most; it is sent in clear inside the SA."
    )
    network_id: int = Field(ge=1, le=4294967295, description="NHRP network ID, local to each router.")
    holdtime: int = Field(
        default=600, ge=3, le=65000, description="Seconds that a registration holds; renewed after a third."
    )
    mtu: int = Field(default=1400, ge=576, le=65535, description="Largest packet through it, in bytes.")
    ospf_network: Literal["point-to-multipoint", "point-to-point", "broadcast", "non-broadcast"] = Field(
        default="point-to-multipoint", description="How OSPF sees the tunnel; the other types cannot work."
    )
    shortcuts: bool = Field(
        default=False, description="Whether spokes find the direct way to each other (phase 3)."
    )
