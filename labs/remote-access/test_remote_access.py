"""Examples 9-3 and 9-19 to 9-22: from the group that a telecommuter claims to the SA in its VRF."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest

from offnet.experiments.accounting import access
from offnet.experiments.bench import Bench
from offnet.experiments.logins import clients
from offnet.experiments.logs import CHARON_LOG
from offnet.experiments.presence import POLL
from offnet.experiments.probes import probe
from offnet.network.aaa import GROUP_PASSWORD
from offnet.network.model import Crypto, Site, Tunnel
from offnet.observe import kernel
from offnet.observe.question import ask
from offnet.observe.radius import ACCOUNTING, START
from offnet.observe.vici_model import IkeSa, sas_of
from offnet.pytest_plugin import Tell
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL
from offnet.wait import until

AGENT_LOG = "/var/log/offnet/agent.out"
DEADLINE = 10.0
BEYOND = IPv4Address("10.1.2.1")  # in no split tunnel, and in no site


def telecommuters(bench: Bench) -> list[tuple[Site, Tunnel]]:
    """All clients, each with its tunnel."""
    return [(site, tunnel) for site, tunnel in bench.network.tunnels() if tunnel.user]


def session(bench: Bench, tunnel: Tunnel) -> IkeSa:
    """The one session of a client's user; of two logins at once the gateway keeps the later one."""

    def only() -> IkeSa | None:
        held = [sa for sa in sas_of(tunnel, bench.vici(tunnel.gateway).list_sas()) if sa.current]
        return held[0] if len(held) == 1 else None

    return until(only, what=f"one session of {tunnel.user}", deadline=DEADLINE, interval=POLL)


def log(bench: Bench, node: str, path: str = CHARON_LOG) -> str:
    """The whole log of a daemon."""
    return bench.lab.run(node, ["cat", path]).stdout


# ---- Examples 9-19 and 9-20: group, profile, key -------------------------------------------


def test_9_19_the_address_is_that_of_the_sites(bench: Bench, tell: Tell) -> None:
    """Examples 9-3, 9-19: telecommuters and sites come to one address, and have profiles of their own."""
    tunnels = [tunnel for _, tunnel in bench.network.tunnels()]
    (address,) = {tunnel.gateway_address for tunnel in tunnels}
    of_users = {tunnel.profile for tunnel in tunnels if tunnel.user}
    of_sites = {tunnel.profile for tunnel in tunnels if not tunnel.user}
    assert of_users
    assert of_sites
    assert not of_users & of_sites
    tell(f"{address}: sites by {', '.join(sorted(of_sites))}, users by {', '.join(sorted(of_users))}")


def test_9_20_the_group_selects_the_profile(bench: Bench, tell: Tell) -> None:
    """Example 9-20: the KEY_ID of the client is its group, which selects the profile; or RADIUS does."""
    told = []
    for _, tunnel in telecommuters(bench):
        text = log(bench, tunnel.gateway)
        method = (
            "XAuthInitPSK peer configs matching"
            if bench.network.crypto is Crypto.AS_PRINTED
            else "peer configs"
        )
        asked = rf"looking for {method}.*{re.escape(str(tunnel.address))}\[{tunnel.identity}\]"
        assert re.search(asked, text), f"no message with KEY_ID {tunnel.identity}"
        chosen = rf"""(selected|switching to) peer config ["']{tunnel.gateway_connection}["']"""
        assert re.search(chosen, text)
        connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        assert connection.profile == tunnel.profile
        told.append(f"{tunnel.identity} > {tunnel.profile} > {tunnel.vrf}")
    tell("; ".join(dict.fromkeys(told)))


def test_9_20_aggressive_mode_takes_three_messages(bench: Bench, tell: Tell) -> None:
    """Example 9-19, step 4: the first two Aggressive Mode messages are in clear, the group with them."""
    if bench.network.crypto is not Crypto.AS_PRINTED:
        pytest.skip("IKEv2 has no Aggressive Mode: it never sends an identity in clear")
    site, tunnel = telecommuters(bench)[-1]
    text = log(bench, site.node)
    messages = re.findall(r"(generating|parsed) AGGRESSIVE (request|response) 0 \[ (.*) \]", text)[:3]
    assert [way for way, _, _ in messages] == ["generating", "parsed", "generating"]
    first, second, third = (set(payloads.split()) for _, _, payloads in messages)
    assert {"SA", "KE", "No", "ID"} <= first & second
    assert "HASH" in second & third
    assert "ID" not in third
    tell(f"{tunnel.identity} is in the first message, in clear")


def test_9_20_a_group_is_downloaded_from_radius(bench: Bench, tell: Tell) -> None:
    """Example 9-20: key and attributes of a group come from RADIUS, and are in no file of the gateway."""
    (gateway,) = {tunnel.gateway for _, tunnel in telecommuters(bench)}
    ike = bench.network.node(gateway).ike
    assert ike is not None
    groups = [download.connection.name for download in ike.downloads]
    assert groups
    keys = {
        group.name: group.key for node in bench.network.nodes if node.radius for group in node.radius.groups
    }
    files = bench.lab.run(gateway, ["sh", "-c", "cat /etc/offnet/*.conf /etc/offnet/agent.json"]).stdout
    for group in groups:
        assert keys[group] not in files
        assert f"group {group}: downloaded" in log(bench, gateway, AGENT_LOG)
        assert f"ike-{group}" in bench.vici(gateway).shared()
    tell(f"{', '.join(groups)} from {access(bench.network, gateway).server}")


def test_nobody_logs_in_as_a_group(bench: Bench, tell: Tell) -> None:
    """The password of groups is known to all: RADIUS gives a group to routers only, and to no user."""
    (gateway,) = {tunnel.gateway for _, tunnel in telecommuters(bench)}
    radius = access(bench.network, gateway)
    ike = bench.network.node(gateway).ike
    assert ike is not None
    group = ike.downloads[0].connection.name
    answers = []
    for service in ("Outbound-User", "Framed-User"):
        request = (
            f'User-Name = "{group}", User-Password = "{GROUP_PASSWORD}",'
            f" Service-Type = {service}, Message-Authenticator = 0x00\n"
        )
        server = f"{radius.server}:{radius.authentication_port}"
        argv = ["radclient", "-r", "1", "-t", "2", server, "auth", radius.secret]
        done = bench.lab.run(gateway, argv, input=request.encode(), check=False)
        answers += re.findall(r"Received (Access-\w+)", done.stdout)
    assert answers == ["Access-Accept", "Access-Reject"]
    tell(f"{group}: {', '.join(answers)}")


# ---- Example 9-21: XAUTH and Mode Config, the inside VRF -----------------------------------


def test_9_21_every_session_has_its_inside_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-21: each session is mapped to the VRF of its group's profile (column I-VRF)."""
    told = []
    for _, tunnel in telecommuters(bench):
        found = session(bench, tunnel)
        inside = {
            entry.if_id: entry for entry in ask(bench.lab, tunnel.gateway, kernel.INTERFACES) if entry.if_id
        }
        (child,) = found.current_children
        assert inside[child.if_id].master == tunnel.vrf
        told.append(f"{found.user} {found.remote_host} {tunnel.vrf}")
    tell("; ".join(told))


def test_9_21_mode_config_tells_address_and_name_server(bench: Bench, tell: Tell) -> None:
    """Example 9-21: Mode Config gives an address of the group's pool or the user's own, and a name server."""
    told = []
    for site, tunnel in telecommuters(bench):
        (address,) = session(bench, tunnel).remote_inner
        assert address == str(site.host)
        held = [str(a) for i in ask(bench.lab, site.node, kernel.INTERFACES) for a in i.addresses]
        assert any(entry.split("/")[0] == address for entry in held), held
        resolver = bench.lab.run(site.node, ["cat", "/etc/resolv.conf"]).stdout
        servers = re.findall(r"^nameserver (\S+)", resolver, re.MULTILINE)
        assert len(servers) == 1
        told.append(f"{tunnel.user} {address}, name server {servers[0]}")
    tell("; ".join(told))


def test_the_same_inner_address_in_two_vpns(bench: Bench, tell: Tell) -> None:
    """The same pool in both VPNs gives the same inner address twice; behind one NAT router, too."""
    by_address: dict[IPv4Address, list[Tunnel]] = {}
    for site, tunnel in telecommuters(bench):
        by_address.setdefault(site.host, []).append(tunnel)
    twins = [pair for pair in by_address.values() if len(pair) > 1]
    assert twins
    for one, other in twins:
        assert one.vrf != other.vrf
        assert one.address == other.address, "these two are not behind one NAT router"
        sessions = [session(bench, tunnel) for tunnel in (one, other)]
        assert len({sa.remote_port for sa in sessions}) == len(sessions)
        assert len({child.if_id for sa in sessions for child in sa.current_children}) == len(sessions)
        assert all(child.encapsulation for sa in sessions for child in sa.current_children)
    one, other = twins[0]
    tell(f"{one.user} in {one.vrf} and {other.user} in {other.vrf}, both from {one.address}")


# ---- Example 9-22: IPsec SA, injected route ------------------------------------------------


def test_9_22_a_host_route_is_injected(bench: Bench, tell: Tell) -> None:
    """Example 9-22: the client's address is a host route of the VRF by the IPsec interface."""
    told = []
    for site, tunnel in telecommuters(bench):
        vrf = bench.network.node(tunnel.gateway).default.vrf(tunnel.vrf)
        found = ask(bench.lab, tunnel.gateway, kernel.vrf_routes(vrf.table))
        (route,) = (route for route in found if route.prefix == site.lan)
        assert route.prefix.prefixlen == route.prefix.max_prefixlen
        assert route.protocol == str(REVERSE_ROUTE_PROTOCOL)
        assert [hop.interface for hop in route.hops] == [f"ipsec{tunnel.if_id}"]
        told.append(f"{route.prefix} in {vrf.name}")
    tell("; ".join(told))


def test_split_tunnel_leaves_the_rest_out(bench: Bench, tell: Tell) -> None:
    """A group with a split tunnel has SAs for those prefixes only; the guard drops what is for others."""
    split = [(site, tunnel) for site, tunnel in telecommuters(bench) if tunnel.reaches]
    assert split
    for site, tunnel in split:
        (child,) = session(bench, tunnel).current_children
        assert child.local_ts == tuple(str(prefix) for prefix in tunnel.reaches)
        before = _dropped(bench, site)
        seen = probe(bench.lab, site.node, site.host, (BEYOND,), count=2, length=84, wait_ms=100)
        assert seen.received[BEYOND] == 0
        assert _dropped(bench, site) - before >= seen.sent
        tell(f"{site.name}: {', '.join(child.local_ts)}; 2 of 2 packets to {BEYOND} dropped")


def _dropped(bench: Bench, site: Site) -> int:
    counters = ask(bench.lab, site.node, kernel.NFT_COUNTERS)
    return sum(
        counter.packets for counter in counters if (counter.table, counter.chain) == ("guard", "leaving")
    )


# ---- accounting ----------------------------------------------------------------------------


def test_accounting_of_sites(bench: Bench, tell: Tell) -> None:
    """Example 9-3: sessions of sites are accounted as well; their records name the VPN."""
    ((site, tunnel),) = [(site, tunnel) for site, tunnel in bench.network.tunnels() if tunnel.user is None]
    records = ask(bench.lab, access(bench.network, tunnel.gateway).node, ACCOUNTING)
    found = [record for record in records if record.port == tunnel.gateway_connection]
    assert START in {record.status for record in found}
    assert {record.user for record in found} == {tunnel.identity}
    assert {record.vrf for record in found} == {tunnel.vrf}
    assert {record.vrf for record in records if record not in found} == {""}
    tell(f"{site.name}: {tunnel.identity}, {tunnel.gateway_connection}, {tunnel.vrf}")


def test_every_vpn_with_clients_is_tried(bench: Bench) -> None:
    """Each VPN that has telecommuters has one that the proofs disturb."""
    assert {subject.tunnel.vrf for subject in clients(bench.network)} == {
        tunnel.vrf for _, tunnel in telecommuters(bench)
    }
