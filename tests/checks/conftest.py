"""What a healthy lab would show, made from its network: tests change one thing and judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from offnet import intent, resources
from offnet.checks.claim import Claim
from offnet.checks.proposals import KEYWORDS
from offnet.design import design
from offnet.experiments.state import Routes, Sas
from offnet.experiments.subjects import Subject, learned, subjects
from offnet.network.model import Crypto, IkeConnection, Network, Node, Role, Site, Tunnel
from offnet.observe.frr_model import BgpRoute
from offnet.observe.kernel_model import MAIN_TABLE, Hop, KernelRoute, XfrmState
from offnet.observe.vici_model import ChildSaState, IkeSa
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL

FIRST_SPI = 0xC0000000
LDP_LABEL, FIRST_VPN_LABEL = 16, 100
CHARON_NAMES = {keyword: name for name, keyword in KEYWORDS.items()}

Find = Callable[..., Claim[Any]]


@pytest.fixture(params=list(Crypto))
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "single-ip"), request.param)


@pytest.fixture
def static(network: Network) -> Network:
    """The same with ``rri: static`` in its first VPN, and ``rri: off`` in the second."""
    loaded = intent.load(resources.labs() / "single-ip")
    first, second = loaded.profiles
    profiles = {
        first: loaded.profiles[first].model_copy(update={"rri": "static"}),
        second: loaded.profiles[second].model_copy(update={"rri": "off"}),
    }
    return design(loaded.model_copy(update={"profiles": profiles}), network.crypto)


@pytest.fixture
def subject(network: Network) -> Subject:
    return subjects(network)[0]


@pytest.fixture
def site(network: Network) -> tuple[Site, Tunnel]:
    """The first off-net site."""
    return next(network.tunnels())


@pytest.fixture
def find() -> Find:
    """The one claim whose name has all of these texts."""

    def find(claims: Iterable[Claim[Any]], *texts: str) -> Claim[Any]:
        (found,) = [claim for claim in claims if all(text in claim.name for text in texts)]
        return found

    return find


# ---- SAs -------------------------------------------------------------------------------------


@pytest.fixture
def sas(network: Network) -> Sas:
    """One IKE_SA with one CHILD_SA for each tunnel, the same at both ends."""
    ike: dict[str, tuple[IkeSa, ...]] = {node.name: () for node in network.nodes if node.ike}
    states: dict[str, tuple[XfrmState, ...]] = dict.fromkeys(ike, ())
    for number, (site, tunnel) in enumerate(network.tunnels()):
        inward, outward = FIRST_SPI + 2 * number, FIRST_SPI + 2 * number + 1
        at_gateway = network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        at_site = network.node(site.node).connection(tunnel.site_connection)
        ike[tunnel.gateway] += (ike_sa(at_gateway, child_sa(at_gateway, inward, outward)),)
        ike[site.node] += (ike_sa(at_site, child_sa(at_site, outward, inward)),)
        states[tunnel.gateway] += xfrm_pair(tunnel, inward, outward)
    return Sas(ike, states)


def ike_sa(connection: IkeConnection, child: ChildSaState) -> IkeSa:
    encryption, integrity, prf, group = transforms(connection.proposals[0])
    return IkeSa(
        name=connection.name,
        unique_id=1,
        version=connection.version,
        state="ESTABLISHED",
        initiator=False,
        local_host=connection.local_addresses[0],
        local_port=500,
        local_id=connection.local.id.text,
        remote_host=connection.remote_addresses[0],
        remote_port=500,
        remote_id=connection.remote.id.text,
        initiator_spi=1,
        responder_spi=2,
        encryption=encryption,
        integrity=integrity,
        prf=prf,
        dh_group=group,
        established_seconds=1,
        children=(child,),
    )


def child_sa(connection: IkeConnection, spi_in: int, spi_out: int) -> ChildSaState:
    own = connection.children[0]
    encryption, integrity, _, _ = transforms(own.esp_proposals[0])
    return ChildSaState(
        name=own.name,
        unique_id=1,
        reqid=1,
        state="INSTALLED",
        mode=own.mode.upper(),
        protocol="ESP",
        spi_in=spi_in,
        spi_out=spi_out,
        if_id=own.if_id or 0,
        encapsulation=False,
        encryption=encryption,
        integrity=integrity,
        dh_group="",
        local_ts=selectors(own.local_ts, connection.local_addresses[0]),
        remote_ts=selectors(own.remote_ts, connection.remote_addresses[0]),
        packets_in=0,
        packets_out=0,
        bytes_in=0,
        bytes_out=0,
        installed_seconds=1,
    )


def selectors(configured: tuple[str, ...], address: str) -> tuple[str, ...]:
    """Traffic selectors as charon shows them: ``dynamic`` is the address of that end."""
    return tuple(text.replace("dynamic", f"{address}/32") for text in configured)


def transforms(proposal: str) -> tuple[str, str, str, str]:
    """A proposal's encryption, integrity, PRF and group, as charon names them; the PRF may be implied."""
    names = [CHARON_NAMES[word] for word in proposal.split("-")]
    encryption = names[0]
    integrity = next((name for name in names if name.startswith("HMAC")), "")
    prf = next((name for name in names if name.startswith("PRF")), "PRF_HMAC_SHA1" if integrity else "")
    group = next((name for name in names if name.startswith(("MODP", "ECP"))), "")
    return encryption, integrity, prf, group


def xfrm_pair(tunnel: Tunnel, inward: int, outward: int) -> tuple[XfrmState, XfrmState]:
    into = XfrmState(
        source=tunnel.address,
        destination=tunnel.gateway_address,
        protocol="esp",
        spi=inward,
        reqid=1,
        mode="tunnel",
        if_id=tunnel.if_id,
        direction="in",
        algorithms=(),
        encapsulation=False,
        bytes=0,
        packets=0,
        replay_errors=0,
        auth_failures=0,
    )
    out = replace(
        into, source=tunnel.gateway_address, destination=tunnel.address, spi=outward, direction="out"
    )
    return into, out


# ---- routes ----------------------------------------------------------------------------------


@pytest.fixture
def routes(network: Network) -> Routes:
    """Every site's route in its PE's VRF, as VPNv4 route at all PEs, and with labels in their VRFs."""
    pes = network.role(Role.PE)
    kernel: dict[str, tuple[KernelRoute, ...]] = {router.name: () for router in network.role(Role.P)}
    kernel |= {site.node: site_routes(network, site) for site, tunnel in network.tunnels() if tunnel.gre}
    return Routes(
        kernel=kernel
        | {pe.name: tuple(vrf_route(network, pe, site) for site in network.sites) for pe in pes},
        vpn={pe.name: tuple(vpn_route(network, site) for site in network.sites) for pe in pes},
        labels={pe.name: () for pe in pes},
    )


def vpn_label(network: Network, site: Site) -> int:
    return FIRST_VPN_LABEL + [vpn.name for vpn in network.vpns].index(site.vpn)


def vrf_route(network: Network, pe: Node, site: Site) -> KernelRoute:
    table = pe.default.vrf(site.vpn).table
    if pe.name != site.pe:
        hop = Hop(via=None, interface="core", labels=(LDP_LABEL, vpn_label(network, site)))
        return KernelRoute(table, site.lan, "unicast", "bgp", 20, (hop,))
    if site.tunnel is None:
        return KernelRoute(table, site.lan, "unicast", "kernel", 0, (Hop(None, site.node, ()),))
    if site.tunnel.gre:
        gre = site.tunnel.gre
        hop = Hop(gre.site_inside.ip, gre.gateway_interface, ())
        return KernelRoute(table, site.lan, "unicast", gre.routing.kernel_name, 20, (hop,))
    hop = Hop(None, f"ipsec{site.tunnel.if_id}", ())
    return KernelRoute(table, site.lan, "unicast", str(REVERSE_ROUTE_PROTOCOL), 0, (hop,))


def site_routes(network: Network, site: Site) -> tuple[KernelRoute, ...]:
    """What routing brings to a site's own router."""
    assert site.tunnel is not None
    gre = site.tunnel.gre
    assert gre is not None
    hop = Hop(gre.gateway_inside.ip, gre.site_interface, ())
    protocol = gre.routing.kernel_name
    others = learned(network, site)
    return tuple(KernelRoute(MAIN_TABLE, other.lan, "unicast", protocol, 20, (hop,)) for other in others)


def vpn_route(network: Network, site: Site) -> BgpRoute:
    vpn = network.vpn(site.vpn)
    return BgpRoute(
        rd=vpn.rd,
        prefix=IPv4Network(site.lan),
        next_hop=network.node(site.pe).loopback,
        label=vpn_label(network, site),
        route_targets=vpn.rt_export,
        origin="incomplete",
        as_path="",
        local_preference=100,
        med=0,
        best=True,
        valid=True,
        local=False,
        peer=None,
    )
