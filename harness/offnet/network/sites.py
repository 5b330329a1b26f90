"""Customer sites, and how each reaches its VPN."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from offnet.network.routing import EdgeProtocol


@dataclass(frozen=True, slots=True)
class Handover:
    """A PE's interface in a VRF, the neighbour beyond it, and what brings the site's routes from there."""

    interface: str
    neighbor: IPv4Address
    protocol: EdgeProtocol


@dataclass(frozen=True, slots=True)
class GreTunnel:
    """A tunnel interface at each end, with its inside address; MTU in bytes.

    The SA protects GRE between the outer addresses, and with it the routing over the tunnel. The site of
    a ``cloud`` shares the aggregator's end with others: that is in a routing context of its own, which a
    ``handover`` joins to the VRF.
    """

    gateway_interface: str
    gateway_inside: IPv4Interface
    site_interface: str
    site_inside: IPv4Interface
    mtu: int
    routing: EdgeProtocol
    cloud: str | None = None
    handover: Handover | None = None

    @property
    def shared(self) -> bool:
        """Whether the aggregator's end is that of other sites as well."""
        return self.cloud is not None

    @property
    def in_vrf(self) -> Handover:
        """How the VRF reaches the site: by the tunnel itself, or by what joins its context to the VRF."""
        return self.handover or Handover(self.gateway_interface, self.site_inside.ip, self.routing)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """How an off-net site reaches its VPN: which SA at which end, into which VRF.

    ``address`` is the site's outer address; ``gateway_address`` the aggregator's.
    ``gateway_connection``/``site_connection`` name the IKE connection at each end; the
    CHILD_SA has the connection's name at both. Where several sites share the aggregator's
    connection, ``identity`` (as the aggregator sees it) tells them apart, or the ``user`` who has logged
    in. ``reaches`` are the prefixes that a split tunnel is for; without any it is for all. With ``gre``
    the SA has no ``if_id`` (0) and no reverse route is injected: routing brings one while the SA is there.
    ``circuit`` is the aggregator's interface to a site that comes by a circuit, and not by the Internet.
    """

    gateway: str
    gateway_address: IPv4Address
    gateway_connection: str
    site_connection: str
    address: IPv4Address
    identity: str
    profile: str
    vrf: str
    if_id: int
    rri: str
    user: str | None = None
    reaches: tuple[IPv4Network, ...] = ()
    gre: GreTunnel | None = None
    circuit: str | None = None

    @property
    def access(self) -> str:
        """The way into the VPN, for people: by policy, as a user, or by GRE with a routing protocol."""
        if self.user is not None:
            return "user"
        if self.gre is not None:
            return f"{'dmvpn' if self.gre.shared else 'gre'} {self.gre.routing}"
        return "ipsec" if self.circuit is None else "ipsec on a circuit"

    def protected(self, lan: IPv4Network) -> str:
        """What the aggregator's SA protects at the site's end, as charon writes traffic selectors."""
        return f"{self.address}/32[gre]" if self.gre else str(lan)


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a far site reaches its VRF through a layer 2 network, with routing between both ends.

    ``interface`` and ``address`` are the PE's end (a sub-interface with the tag ``vlan`` of its trunk),
    ``far_address`` is the site's.
    """

    network: str
    vlan: int
    interface: str
    address: IPv4Address
    far_address: IPv4Address


@dataclass(frozen=True, slots=True)
class Site:
    """A customer site. ``host`` may exist in other VPNs as well; ``marker`` is unique across all.

    ``pe`` is the PE whose VRF holds the site: at its own interface, by a circuit of a layer 2 network
    (``circuit``), or through IPsec (``tunnel``).
    ``backup`` is the tunnel to another aggregator that it has while the one of ``tunnel`` is dead.
    ``overlay`` is the mesh that hides it from the provider, whose VRF then has its router's circuit only.
    """

    name: str
    vpn: str
    node: str
    pe: str
    lan: IPv4Network
    host: IPv4Address
    marker: IPv4Address
    tunnel: Tunnel | None = None
    circuit: Circuit | None = None
    overlay: str | None = None
    backup: Tunnel | None = None


@dataclass(frozen=True, slots=True)
class Unprotected:
    """An off-net site whose profile is incomplete: it gets no SA, and its traffic is dropped and counted."""

    site: Site
    profile: str
    gateway_address: IPv4Address
    address: IPv4Address
