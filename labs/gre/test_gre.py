"""What Example 9-25 shows beyond the derived proofs: routing both ways, the MTU, GRE never in clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Interface

import pytest

from offnet.experiments.asking import ask_for_sa
from offnet.experiments.bench import Bench, gather
from offnet.experiments.closed import KILL
from offnet.experiments.convergence import converge
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import learned, subject_of
from offnet.experiments.wire import wire_capture
from offnet.network.model import EdgeProtocol, GreTunnel, Role, Site, Tunnel
from offnet.observe import kernel
from offnet.observe.errors import CommandRefused, ObserveError
from offnet.observe.kernel_model import MAIN_TABLE
from offnet.observe.packet import Kind
from offnet.observe.question import ask
from offnet.observe.vici_model import IkeSa
from offnet.pytest_plugin import Tell
from offnet.wait import until

DEADLINE = 10.0
IP_AND_ICMP = 28


def gre_sites(bench: Bench) -> list[tuple[Site, Tunnel, GreTunnel]]:
    """Every site with a GRE tunnel."""
    return [(site, tunnel, tunnel.gre) for site, tunnel in bench.network.tunnels() if tunnel.gre]


def by_routing(bench: Bench, routing: EdgeProtocol) -> tuple[Site, Tunnel]:
    """The site whose tunnel has this routing."""
    ((site, tunnel),) = ((site, tunnel) for site, tunnel, gre in gre_sites(bench) if gre.routing is routing)
    return site, tunnel


def on_net(bench: Bench, site: Site) -> Site:
    """The site of the same VPN behind the remote PE."""
    (found,) = (other for other in bench.network.sites_of(site.vpn) if other.tunnel is None)
    return found


def pe_tables(bench: Bench, vpn: str) -> tuple[tuple[str, int], ...]:
    """The VRF's table on every PE."""
    return tuple((pe.name, pe.default.vrf(vpn).table) for pe in bench.network.role(Role.PE))


def current(bench: Bench, tunnel: Tunnel) -> list[IkeSa]:
    """The aggregator's IKE_SAs of a tunnel that are up; replaced ones may linger."""
    return [sa for sa in bench.vici(tunnel.gateway).list_sas(tunnel.gateway_connection) if sa.current]


@contextmanager
def link_down(bench: Bench, node: str, interface: str) -> Iterator[None]:
    """An interface that is down meanwhile."""
    bench.lab.run(node, ["ip", "link", "set", "dev", interface, "down"])
    try:
        yield
    finally:
        bench.lab.run(node, ["ip", "link", "set", "dev", interface, "up"])


def times(took: dict[str, float]) -> str:
    """Seconds by node, for the report."""
    return ", ".join(f"{node} {seconds * 1000:.0f} ms" for node, seconds in took.items())


# ---- routing, both ways --------------------------------------------------------------------


@pytest.mark.parametrize("routing", [EdgeProtocol.OSPF, EdgeProtocol.EBGP])
def test_9_25_a_prefix_of_the_site_comes_and_goes_by_routing(
    bench: Bench, tell: Tell, routing: EdgeProtocol
) -> None:
    """Example 9-25: the site's LAN goes from every PE with its interface, and comes back; the SA stays."""
    site, tunnel = by_routing(bench, routing)
    tables = pe_tables(bench, site.vpn)
    (before,) = current(bench, tunnel)
    with link_down(bench, site.node, "lan"):
        gone = await_presence(bench.lab, tables, site.lan, wanted=False, seconds=DEADLINE)
    back = await_presence(bench.lab, tables, site.lan, wanted=True, seconds=DEADLINE)
    (after,) = current(bench, tunnel)
    assert after.unique_id == before.unique_id
    tell(f"by {routing}: gone from {times(gone)}; back in {times(back)}")


@pytest.mark.parametrize("routing", [EdgeProtocol.OSPF, EdgeProtocol.EBGP])
def test_9_25_a_prefix_of_mp_bgp_comes_and_goes_at_the_site(
    bench: Bench, tell: Tell, routing: EdgeProtocol
) -> None:
    """Example 9-25: what MP-BGP knows is redistributed to the site, and withdrawn from it."""
    site, _ = by_routing(bench, routing)
    remote = on_net(bench, site)
    assert remote in learned(bench.network, site)
    here = ((site.node, MAIN_TABLE),)
    with link_down(bench, remote.pe, remote.node):
        gone = await_presence(bench.lab, here, remote.lan, wanted=False, seconds=DEADLINE)
    back = await_presence(bench.lab, here, remote.lan, wanted=True, seconds=DEADLINE)
    tell(f"{remote.lan} by {routing}: gone from {times(gone)}; back in {times(back)}")


# ---- the MTU ---------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", [EdgeProtocol.OSPF, EdgeProtocol.EBGP])
def test_df_packets_of_the_mtu_pass_and_larger_ones_are_answered(
    bench: Bench, tell: Tell, routing: EdgeProtocol
) -> None:
    """Packets with DF pass up to the MTU of the tunnel, both ways; the sender of a larger one is told."""
    site, tunnel = by_routing(bench, routing)
    assert tunnel.gre is not None
    mtu, remote = tunnel.gre.mtu, on_net(bench, site)
    for source, target in ((site, remote), (remote, site)):
        assert "1 received" in ping(bench, source, target, mtu)
        # Sent by the site itself it does not even leave; from afar it is the aggregator that answers.
        larger = ping(bench, source, target, mtu + 1)
        assert ("Message too long" if source is site else f"Frag needed and DF set (mtu = {mtu})") in larger
    tell(f"{mtu} bytes pass, {mtu + 1} are answered with the MTU")


def ping(bench: Bench, source: Site, target: Site, length: int) -> str:
    """One echo request of this length, which no router may fragment."""
    argv = ["ping", "-M", "do", "-c", "1", "-W", "2", "-s", str(length - IP_AND_ICMP)]
    argv += ["-I", str(source.host), str(target.host)]
    done = bench.lab.run(source.node, argv, timeout=10, check=False)
    return f"{done.stdout}{done.stderr}"


# ---- fail closed -----------------------------------------------------------------------------


def test_gre_from_the_internet_without_an_sa_is_dropped(bench: Bench, tell: Tell) -> None:
    """GRE that comes in clear, with the addresses of a site, does not enter the VRF."""
    _, tunnel, _ = gre_sites(bench)[0]
    before = guarded(bench, tunnel.gateway, "gre-entering")
    with impostor(bench, tunnel) as inside:
        bench.lab.run(
            bench.network.capture_point,
            ["ping", "-q", "-c", "2", "-i", "0.2", "-W", "1", "-I", "impostor", inside],
            timeout=10,
            check=False,
        )
        until(
            lambda: guarded(bench, tunnel.gateway, "gre-entering") >= before + 2,
            what=f"{tunnel.gateway} drops GRE in clear",
            deadline=DEADLINE,
        )
    dropped = guarded(bench, tunnel.gateway, "gre-entering") - before
    tell(f"{dropped} packets of GRE in clear dropped by {tunnel.gateway}")


@contextmanager
def impostor(bench: Bench, tunnel: Tunnel) -> Iterator[str]:
    """A tunnel of the Internet's router that pretends to be the site; gives the address to ping."""
    assert tunnel.gre is not None
    lab, inet = bench.lab, bench.network.capture_point
    fake: IPv4Interface = tunnel.gre.site_inside
    ends = ["local", str(tunnel.address), "remote", str(tunnel.gateway_address)]
    lab.run(inet, ["ip", "address", "add", f"{tunnel.address}/32", "dev", "lo"])
    lab.run(inet, ["ip", "link", "add", "impostor", "type", "gre", *ends, "ttl", "64"])
    try:
        lab.run(inet, ["ip", "address", "add", str(fake), "dev", "impostor"])
        lab.run(inet, ["ip", "link", "set", "dev", "impostor", "up"])
        yield str(tunnel.gre.gateway_inside.ip)
    finally:
        lab.run(inet, ["ip", "link", "del", "impostor"])
        lab.run(inet, ["ip", "address", "del", f"{tunnel.address}/32", "dev", "lo"])


def test_gre_of_an_aggregator_without_any_sa_is_dropped(bench: Bench, tell: Tell) -> None:
    """Without charon, SADB and SPD the aggregator's routing goes on, and none of its GRE leaves in clear."""
    (gateway,) = {tunnel.gateway for _, tunnel, _ in gre_sites(bench)}
    capture, before = bench.once(wire_capture), guarded(bench, gateway, "gre-leaving")
    already = len(capture.fence())
    supervisor = bench.lab.run(gateway, ["sh", "-c", KILL]).stdout.strip()
    try:
        until(
            lambda: guarded(bench, gateway, "gre-leaving") > before,
            what=f"routing of {gateway} sends into a tunnel without SA",
            deadline=DEADLINE,
        )
        seen = capture.fence()[already:]
    finally:
        bench.lab.run(gateway, ["kill", "-CONT", supervisor])
    assert not [packet for packet in seen if packet.kind is Kind.GRE]
    dropped = guarded(bench, gateway, "gre-leaving") - before
    renew(bench, gateway)
    converge(bench.network, bench.lab)
    tell(f"{dropped} packets of GRE dropped by {gateway}, none on the wire; all routes are back")


def renew(bench: Bench, gateway: str) -> None:
    """The sites hold SAs that their aggregator has lost: they are ended, and asked for anew."""
    bench.forget_vici(gateway)

    def answers() -> bool:
        try:
            return bool(bench.vici(gateway).list_conns())
        except ObserveError:  # not up yet
            return False

    until(answers, what=f"{gateway} holds its connections again", deadline=DEADLINE)
    names = {site.name: tunnel.site_connection for site, tunnel in bench.network.tunnels()}

    def again(name: str) -> None:
        spoke, subject = bench.vici(name), subject_of(bench.network, bench.network.site(name))
        with suppress(CommandRefused):  # nobody answers that it is gone
            spoke.terminate(ike=names[name], force=True, timeout=2)
        ask_for_sa(spoke, subject, timeout=DEADLINE)

    gather(names, again)


def guarded(bench: Bench, node: str, name: str) -> int:
    """Packets that a node's guard has dropped."""
    counters = ask(bench.lab, node, kernel.NFT_COUNTERS)
    (packets,) = (counter.packets for counter in counters if counter.name == name)
    return packets
