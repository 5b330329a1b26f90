"""Customer sites: on-net behind a PE, or off-net behind the Internet."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from offnet.intent.base import Model
from offnet.intent.circuits import Circuit
from offnet.intent.identities import SiteIdentity
from offnet.intent.overlays import MeshMember
from offnet.intent.scalars import Address, Interface, Name, NodeName, Prefix, VpnName
from offnet.network.routing import EdgeProtocol

# Tags of unions appear in the locations of errors; no key of a YAML file looks like these.
ON_NET, OFF_NET, BY_GRE, BY_DMVPN = "<on-net>", "<off-net>", "<by-gre>", "<by-dmvpn>"
BY_CIRCUIT, OVERLAY = "<by-circuit>", "<overlay>"
# What a site is, by the key that says how it is reached.
KINDS = {
    "pe": ON_NET,
    "ipsec": OFF_NET,
    "gre": BY_GRE,
    "dmvpn": BY_DMVPN,
    "circuit": BY_CIRCUIT,
    "overlay": OVERLAY,
}


class Access(Model):
    """What every way of an off-net site into its VPN has: where it is, whom it reaches, who it says it is."""

    gateway: NodeName = Field(description="The aggregator whose address the site's tunnel ends on.")
    address: Interface = Field(description="The site's own Internet address, with its prefix length.")
    identity: SiteIdentity = Field(
        default=SiteIdentity(), description="Who the site says it is; its address, if nothing is said."
    )


class Ipsec(Access):
    """IPsec in tunnel mode, whose policy is what the site's LAN sends."""

    backup: NodeName | None = Field(
        default=None, description="The aggregator that the site uses while its gateway is dead."
    )
    front_door: VpnName | None = Field(default=None, description="The gateway's front door that it uses.")
    across: Literal["internet", "circuit"] = Field(
        default="internet",
        description="What carries the tunnel: the Internet, or a circuit between the site and the gateway.",
    )
    dynamic: bool = Field(default=False, description="Whether the site may come from any other address, too.")
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


class Gre(Access):
    """GRE in IPsec transport mode: an interface at each end, and routing over it."""

    tunnel: Prefix = Field(
        description="Subnet of the tunnel: its first host is the aggregator, its next the site."
    )
    routing: Annotated[EdgeProtocol, Field(strict=False)] = Field(
        default=EdgeProtocol.OSPF, description="How routes are exchanged: ospf, ebgp, or eigrp one way only."
    )
    mtu: int = Field(
        default=1400, ge=576, le=65535, description="Largest packet through the tunnel, in bytes."
    )
    asn: int | None = Field(
        default=None,
        alias="as",
        ge=1,
        le=4294967294,
        description="The site's AS number, where routing is ebgp.",
    )


class Dmvpn(Access):
    """A spoke of a cloud: one multipoint tunnel interface to the hub and, by shortcuts, to other spokes."""

    cloud: Name = Field(description="The cloud that the site is a spoke of, by its name in clouds.")
    tunnel: Address = Field(description="The site's address in the cloud's tunnel subnet.")
    authority: Name = Field(description="Who certifies the site: the authority of the cloud's profile.")


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
    """A site that only the Internet reaches. ``METHOD`` is the key of its access method in lab.yml."""

    METHOD: ClassVar[str]

    @property
    def access(self) -> Access:
        """How the site reaches its VPN."""
        access: Access = getattr(self, self.METHOD)
        return access

    @property
    def front_door(self) -> str | None:
        """The gateway's front door that the site uses, None where it has one address for all."""
        return None

    @property
    def on_circuit(self) -> bool:
        """Whether a circuit of its own leads the site to the gateway."""
        return False

    @property
    def dynamic(self) -> bool:
        """Whether the site may come from any other address, too."""
        return False

    @property
    def authority(self) -> str | None:
        """Who certifies the site, where its identity is not the subject of its certificate."""
        return None

    @property
    def behind(self) -> str | None:
        """The NAT router before the site."""
        return None

    @property
    def profile(self) -> str | None:
        """The incomplete profile that is given to the site by name."""
        return None

    @property
    def gateways(self) -> tuple[str, ...]:
        """The aggregators that its tunnel may end on, the preferred one first."""
        return (self.access.gateway,)


class IpsecSite(OffNetSite):
    """A site joined to its VPN by IPsec in tunnel mode."""

    METHOD = "ipsec"

    ipsec: Ipsec = Field(description="The tunnel to the aggregator.")

    @property
    def front_door(self) -> str | None:
        """The gateway's front door that the site uses, None where it has one address for all."""
        return self.ipsec.front_door

    @property
    def on_circuit(self) -> bool:
        """Whether a circuit of its own leads the site to the gateway."""
        return self.ipsec.across == "circuit"

    @property
    def dynamic(self) -> bool:
        """Whether the site may come from any other address, too."""
        return self.ipsec.dynamic

    @property
    def authority(self) -> str | None:
        """Who certifies the site, where its identity is not the subject of its certificate."""
        return self.ipsec.authority

    @property
    def behind(self) -> str | None:
        """The NAT router before the site."""
        return self.ipsec.behind

    @property
    def profile(self) -> str | None:
        """The incomplete profile that is given to the site by name."""
        return self.ipsec.profile

    @property
    def gateways(self) -> tuple[str, ...]:
        """The aggregators that its tunnel may end on, the preferred one first."""
        return tuple(name for name in (self.ipsec.gateway, self.ipsec.backup) if name is not None)


class GreSite(OffNetSite):
    """A site joined to its VPN by GRE over IPsec, with routing."""

    METHOD = "gre"

    gre: Gre = Field(description="The tunnel to the aggregator.")


class DmvpnSite(OffNetSite):
    """A site joined to its VPN as a spoke of a DMVPN."""

    METHOD = "dmvpn"

    dmvpn: Dmvpn = Field(description="The site's place in a DMVPN.")

    @property
    def dynamic(self) -> bool:
        """A spoke may come from any address: it proves itself by its certificate."""
        return True

    @property
    def authority(self) -> str | None:
        """Who certifies the site."""
        return self.dmvpn.authority


class CircuitSite(_Site):
    """A site that a circuit of a layer 2 network reaches, behind an aggregator."""

    circuit: Circuit = Field(description="The circuit to the aggregator.")


class OverlaySite(_Site):
    """A site whose router holds a tunnel to every other site of its overlay."""

    overlay: MeshMember = Field(description="The site's place in an overlay.")


MODELS: dict[str, type[Model]] = {
    ON_NET: OnNetSite,
    OFF_NET: IpsecSite,
    BY_GRE: GreSite,
    BY_DMVPN: DmvpnSite,
    BY_CIRCUIT: CircuitSite,
    OVERLAY: OverlaySite,
}


def _kind_of_site(value: object) -> str:
    if isinstance(value, dict):
        # Of several, one is the site's and the others are keys that it does not have.
        return next((kind for key, kind in reversed(KINDS.items()) if key in value), OFF_NET)
    return next((kind for kind, model in MODELS.items() if isinstance(value, model)), OFF_NET)


Site = OnNetSite | IpsecSite | GreSite | DmvpnSite | CircuitSite | OverlaySite
SiteEntry = Annotated[
    Annotated[OnNetSite, Tag(ON_NET)]
    | Annotated[IpsecSite, Tag(OFF_NET)]
    | Annotated[GreSite, Tag(BY_GRE)]
    | Annotated[DmvpnSite, Tag(BY_DMVPN)]
    | Annotated[CircuitSite, Tag(BY_CIRCUIT)]
    | Annotated[OverlaySite, Tag(OVERLAY)],
    Discriminator(_kind_of_site),
]
