"""Customer sites: on-net behind a PE, or off-net behind the Internet."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from offnet.intent.base import Model
from offnet.intent.identities import SiteIdentity
from offnet.intent.scalars import Address, Interface, Name, NodeName, Prefix, VpnName

# Tags of unions appear in the locations of errors; no key of a YAML file looks like these.
ON_NET, OFF_NET = "<on-net>", "<off-net>"


class Ipsec(Model):
    """How an off-net site reaches its VPN."""

    gateway: NodeName = Field(description="The aggregator whose address the site's tunnel ends on.")
    address: Interface = Field(description="The site's own Internet address, with its prefix length.")
    front_door: VpnName | None = Field(default=None, description="The gateway's front door that it uses.")
    dynamic: bool = Field(default=False, description="Whether the site may come from any other address, too.")
    identity: SiteIdentity = Field(
        default=SiteIdentity(), description="Who the site says it is; its address, if nothing is said."
    )
    behind: NodeName | None = Field(
        default=None, description="The NAT router before the site, whose address is then a private one."
    )
    authority: Name | None = Field(
        default=None,
        description="Who certifies the site, where its identity is not the subject of its certificate.",
    )
    profile: Name | None = Field(
        default=None,
        description="The incomplete profile that should protect the site, and drops its traffic.",
    )


class _Site(Model):
    vpn: VpnName = Field(description="The VPN that the site belongs to.")
    lan: Prefix = Field(description="The site's prefix; sites of other VPNs may use the same.")
    marker: Address | None = Field(
        default=None, description="A host that no other site has, to tell VPNs apart; allocated if absent."
    )


class OnNetSite(_Site):
    """A site behind a PE, by a circuit."""

    pe: NodeName = Field(description="The PE whose VRF holds the circuit.")


class OffNetSite(_Site):
    """A site that only the Internet reaches, joined to its VPN by IPsec."""

    ipsec: Ipsec = Field(description="The tunnel to the aggregator.")


def _kind_of_site(value: object) -> str:
    if isinstance(value, dict):
        return ON_NET if "pe" in value and "ipsec" not in value else OFF_NET
    return ON_NET if isinstance(value, OnNetSite) else OFF_NET


Site = OnNetSite | OffNetSite
SiteEntry = Annotated[
    Annotated[OnNetSite, Tag(ON_NET)] | Annotated[OffNetSite, Tag(OFF_NET)], Discriminator(_kind_of_site)
]
