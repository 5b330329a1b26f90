"""The models of lab.yml: what a person writes, as written. Nothing is derived or allocated here.

Relations between parts (a site names a VPN, prefixes do not overlap) are judged in
:mod:`offnet.intent.rules`; a model judges only what it can see by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
)

from offnet.intent.base import Model
from offnet.intent.certificates import Authority, Rdns
from offnet.intent.circuits import Circuit, CircuitNetwork
from offnet.intent.clouds import Cloud
from offnet.intent.dpd import Dpd
from offnet.intent.front_doors import Door, FrontDoor
from offnet.intent.identities import ANYBODY, Keyring, KeyringEntry, Match, SiteIdentity
from offnet.intent.nats import Nat
from offnet.intent.overlays import Overlay
from offnet.intent.policies import EspTransforms, IkePolicies
from offnet.intent.protection import PePe, Protection
from offnet.intent.provider import CoreLink, Provider, Router
from offnet.intent.remote_access import AaaServer, Client, Group, Pool, ProfileAaa, User
from offnet.intent.scalars import (
    Address,
    HostName,
    Interface,
    LabName,
    Line,
    Name,
    NodeName,
    VpnName,
)
from offnet.intent.sites import (
    CircuitSite,
    Dmvpn,
    DmvpnSite,
    Gre,
    GreSite,
    Ipsec,
    IpsecSite,
    OffNetSite,
    OnNetSite,
    OverlaySite,
    Site,
    SiteEntry,
)
from offnet.intent.vpns import RouteTargets, Vpn
from offnet.network.model import Crypto

__all__ = [
    "ANYBODY",
    "Authority",
    "Circuit",
    "CircuitNetwork",
    "CircuitSite",
    "Cloud",
    "CoreLink",
    "Dmvpn",
    "DmvpnSite",
    "Door",
    "Dpd",
    "EspTransforms",
    "FrontDoor",
    "Gateway",
    "Gre",
    "GreSite",
    "IkePolicies",
    "Ipsec",
    "IpsecSite",
    "Keyring",
    "LabIntent",
    "Match",
    "Nat",
    "OffNetSite",
    "OnNetSite",
    "Overlay",
    "OverlaySite",
    "PePe",
    "Profile",
    "Protection",
    "Provider",
    "RouteTargets",
    "Router",
    "Site",
    "SiteIdentity",
    "Vpn",
]

CryptoChoice = Annotated[Crypto, Field(strict=False)]


class Gateway(Model):
    """An IPsec aggregator: a PE with one Internet-facing address, or one for each of its front doors."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["address", "next_hop"]}, {"required": ["front_doors"]}]}
    )

    address: Interface | None = Field(
        default=None, description="The address that all peers use, with its prefix length."
    )
    next_hop: Address | None = Field(default=None, description="The Internet's router in that subnet.")
    front_doors: dict[VpnName, FrontDoor] = Field(
        default={}, description="Instead of one address: an address for each front door, by its name."
    )
    identity: HostName | None = Field(
        default=None, description="Its name (FQDN) in IKE and in its certificates; needed with authorities."
    )
    authority: Name | None = Field(
        default=None, description="Who certifies it for clients that have no certificates: with IKEv2 only."
    )
    ike_policies: IkePolicies = Field(
        description="Chosen before the profile is known, so they belong to the address."
    )
    dpd: Dpd = Field(default=Dpd(), description="Dead peer detection of all peers.")

    def doors(self) -> dict[str | None, Door]:
        """Every address that peers use, by front door; None is the one of a gateway without front doors."""
        doors: dict[str | None, Door] = {
            name: Door(name, door.address, door.next_hop, door.vlan, door.vrf)
            for name, door in self.front_doors.items()
        }
        if self.address is not None and self.next_hop is not None:
            doors[None] = Door(None, self.address, self.next_hop)
        return doors


def _require_match(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": ["match"]}, {"required": ["incomplete"]}]
    schema["not"] = {"required": ["keyring", "authority"]}


class Profile(Model):
    """Selected by a peer's identity; selects keys, the inside VRF and the protection of traffic."""

    model_config = ConfigDict(json_schema_extra=_require_match)

    # Absent is the rule's to refuse: an incomplete profile is a lesson of its own, not a typing error.
    match: Match = Field(default=Match(), description="Which peers; a profile without a match is incomplete.")
    incomplete: Literal["allowed"] | None = Field(
        default=None,
        description="Says that this profile has no match on purpose: what it should protect is dropped.",
    )
    # Absent is a rule's to judge: peers have keys or certificates, and a remote-access group has its own key.
    keyring: Name | None = Field(default=None, description="Where the peers' keys are.")
    authority: Name | None = Field(
        default=None, description="Who certifies the peers, in place of a keyring: they sign."
    )
    group: Name | None = Field(
        default=None, description="The remote-access group of clients whose certificates name none."
    )
    front_door: VpnName | None = Field(default=None, description="Only peers that come by that front door.")
    vrf: VpnName = Field(description="The VPN that decrypted traffic enters.")
    esp: EspTransforms = Field(description="How traffic is protected.")
    rri: Literal["dynamic", "static", "off"] = Field(
        default="dynamic",
        description="Reverse route injection: the route lives with the SA, stays always, or is not made.",
    )
    aaa: ProfileAaa | None = Field(default=None, description="What is left to an AAA server.")

    def groups(self) -> tuple[str, ...]:
        """The groups that it leads into its VRF: those that peers name, and the one that they are given."""
        return (*self.match.group, *((self.group,) if self.group else ()))


class LabIntent(Model):
    """A lab as a person writes it."""

    name: LabName = Field(description="Name of the lab, as its folder is called.")
    title: Line = Field(description="One line for the list of labs.")
    examples: Line = Field(default="-", description="The chapter's examples that the lab shows.")
    crypto: CryptoChoice = Field(default=Crypto.AS_PRINTED, description="The variant when none is asked for.")
    provider: Provider = Field(description="The provider's network.")
    gateways: dict[NodeName, Gateway] = Field(default={}, description="IPsec aggregators by router name.")
    vpns: dict[VpnName, Vpn] = Field(min_length=1, description="VPNs by name.")
    keyrings: dict[Name, KeyringEntry] = Field(default={}, description="Pre-shared keys by keyring and peer.")
    authorities: dict[Name, Authority] = Field(default={}, description="Certification authorities by name.")
    certificate_maps: dict[Name, Rdns] = Field(
        default={}, description="What certificates must have: whole RDNs; those that are not named are free."
    )
    profiles: dict[Name, Profile] = Field(default={}, description="ISAKMP profiles by name.")
    groups: dict[Name, Group] = Field(default={}, description="Remote-access groups by name.")
    pools: dict[Name, Pool] = Field(default={}, description="Pools of inner addresses by name.")
    aaa: dict[Name, AaaServer] = Field(default={}, description="AAA servers by name.")
    users: dict[Name, User] = Field(default={}, description="Users that the AAA servers know.")
    sites: dict[NodeName, SiteEntry] = Field(min_length=1, description="Customer sites by name.")
    circuits: dict[NodeName, CircuitNetwork] = Field(
        default={}, description="Layer 2 networks behind aggregators, by name."
    )
    nats: dict[NodeName, Nat] = Field(default={}, description="NAT routers by name.")
    clients: dict[NodeName, Client] = Field(default={}, description="Telecommuters by name.")
    overlays: dict[Name, Overlay] = Field(
        default={}, description="Meshes between customers' routers by name."
    )
    clouds: dict[VpnName, Cloud] = Field(default={}, description="DMVPNs by name.")
    internet: NodeName = Field(default="inet", description="Name of the node that plays the Internet.")

    _path: Path = PrivateAttr(default=Path("lab.yml"))
    _text: str = PrivateAttr(default="")

    @property
    def path(self) -> Path:
        """The file that it was read from."""
        return self._path

    @property
    def text(self) -> str:
        """The text that it was read from; empty where it was not read from any."""
        return self._text

    def read_from(self, path: Path, text: str) -> Self:
        """The same intent, which remembers its file and what stood there."""
        self._path = path
        self._text = text
        return self
