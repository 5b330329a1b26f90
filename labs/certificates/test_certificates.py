"""Examples 9-5 and 9-23: fields of a certificate, or who issued it, decide which VRF a peer is in."""

from __future__ import annotations

import re
from typing import Any

from offnet.experiments.bench import Bench
from offnet.experiments.papers import authority_node
from offnet.network.model import Authority, Crypto, IdentityKind, Site, Tunnel
from offnet.network.pki import CREDENTIALS, authority_file, certificate_file
from offnet.observe.vici_model import sas_of
from offnet.pytest_plugin import Tell

CHARON_LOG = "/var/log/offnet/charon.log"


def of_kind(bench: Bench, kind: IdentityKind) -> list[tuple[Site, Tunnel]]:
    """The sites that show an identity of this kind."""
    found = bench.network.tunnels()
    return [
        (site, tunnel)
        for site, tunnel in found
        if shown(bench, site, tunnel).kind is kind and tunnel.user is None
    ]


def telecommuters(bench: Bench) -> list[tuple[Site, Tunnel]]:
    """The clients whose users log in after their certificates."""
    return [(site, tunnel) for site, tunnel in bench.network.tunnels() if tunnel.user]


def shown(bench: Bench, site: Site, tunnel: Tunnel) -> Any:
    return bench.network.node(site.node).connection(tunnel.site_connection).local.id


def authorities(bench: Bench) -> dict[str, Authority]:
    """The authorities of the lab by name."""
    played = authority_node(bench.network).authorities
    assert played is not None
    return {one.name: one for one in played.authorities}


def issuer(bench: Bench, tunnel: Tunnel) -> Authority:
    """The authority that the aggregator wants to have certified a site."""
    connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
    found = authorities(bench).values()
    return next(one for one in found if authority_file(one.name) == connection.remote.authority)


def printed(bench: Bench, node: str, file: str, *options: str) -> str:
    """A certificate or list, as `pki --print` shows it."""
    return bench.lab.run(node, ["pki", "--print", *options, "--in", file]).stdout


def gateways(bench: Bench) -> list[str]:
    return sorted({tunnel.gateway for _, tunnel in bench.network.tunnels()})


# ---- Examples 9-5 and 9-23: match certificate ------------------------------------------------


def test_9_5_map_names_some_fields_and_leaves_the_others_free(bench: Bench, tell: Tell) -> None:
    """Example 9-5: the map names O and OU; country and common name of the peer are its own affair."""
    ((site, tunnel),) = of_kind(bench, IdentityKind.DN)
    connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
    wanted = connection.remote.id.text.split(", ")
    subject = shown(bench, site, tunnel).text.split(", ")
    assert set(wanted) < set(subject)
    held = [
        sa for sa in bench.vici(tunnel.gateway).list_sas() if sa.current and sa.remote_id == tunnel.identity
    ]
    assert [sa.name for sa in held] == [connection.name]
    tell(f"{' and '.join(wanted)} of {tunnel.identity}: profile {tunnel.profile}, VRF {tunnel.vrf}")


def test_9_23_the_subject_in_the_certificate_is_the_identity(bench: Bench, tell: Tell) -> None:
    """Example 9-23: the aggregator matches what the certificate says, and its authority signed that."""
    ((site, tunnel),) = of_kind(bench, IdentityKind.DN)
    authority = issuer(bench, tunnel)
    text = printed(bench, site.node, certificate_file(authority.name))
    assert f'subject:  "{tunnel.identity}"' in text
    assert f'issuer:   "{authority.subject}"' in text
    verify = ["pki", "--verify", "--in", certificate_file(authority.name), "--cacert"]
    assert bench.lab.run(site.node, [*verify, authority_file(authority.name)]).code == 0
    tell(f"{tunnel.identity}, issued by {authority.subject}")


def test_9_23_both_versions_of_ike_take_the_same_map(bench: Bench, tell: Tell) -> None:
    """Example 9-23: RSA signatures in Main Mode; in the other variant ECDSA with IKEv2, by the same map."""
    told = []
    for _, tunnel in (*of_kind(bench, IdentityKind.DN), *of_kind(bench, IdentityKind.FQDN)):
        log = bench.lab.run(tunnel.gateway, ["grep", "-F", f"of '{tunnel.identity}' with", CHARON_LOG]).stdout
        methods = set(re.findall(r"with (\S+) successful", log))
        wanted = "RSA" if bench.network.crypto is Crypto.AS_PRINTED else "ECDSA"
        assert methods
        assert all(method.startswith(wanted) for method in methods), methods
        (sa,) = (
            sa for sa in sas_of(tunnel, bench.vici(tunnel.gateway).list_sas()) if sa.current and sa.children
        )
        told.append(f"IKEv{sa.version} {'/'.join(sorted(methods))} > {sa.name}")
    tell("; ".join(told))


def test_9_23_a_telecommuter_is_given_the_group_that_its_certificate_does_not_name(
    bench: Bench, tell: Tell
) -> None:
    """Example 9-23: the certificate selects the profile, the profile the group, XAUTH (or EAP) the user."""
    told = []
    for site, tunnel in telecommuters(bench):
        connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        assert not connection.aggressive
        assert connection.remote_xauth is not None
        group = connection.name
        assert connection.remote_xauth.groups == (group,)
        assert group not in shown(bench, site, tunnel).text
        log = bench.lab.run(tunnel.gateway, ["cat", CHARON_LOG]).stdout
        signed = (
            rf"\|(\d+)> authentication of '{re.escape(tunnel.identity)}' with (?:RSA|ECDSA)\S* successful"
        )
        member = rf"\|(\d+)> received group membership '{group}' from RADIUS"
        assert set(re.findall(signed, log)) & set(re.findall(member, log)), "not in one negotiation"
        told.append(f"{tunnel.identity} > {connection.profile} > {group} > {tunnel.user}, {site.host}")
    assert told
    tell("; ".join(told))


# ---- one authority a VPN -----------------------------------------------------------------------


def test_a_name_is_selected_by_its_certificate_alone(bench: Bench, tell: Tell) -> None:
    """A peer that shows an FQDN is in the VPN whose authority certified it, whatever it is called."""
    told = []
    for site, tunnel in of_kind(bench, IdentityKind.FQDN):
        connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        assert connection.remote.id.kind is IdentityKind.ANY, "the name has a part in it"
        (sa,) = (sa for sa in sas_of(tunnel, bench.vici(tunnel.gateway).list_sas()) if sa.current)
        assert sa.remote_id == shown(bench, site, tunnel).text
        told.append(f"{tunnel.identity} by {issuer(bench, tunnel).name} > VRF {tunnel.vrf}")
    assert len(told) > 1
    tell("; ".join(told))


def test_the_aggregator_switches_profiles_after_authentication(bench: Bench, tell: Tell) -> None:
    """Profiles that take everybody are tried in turn, until one wants the peer's own authority."""
    named = of_kind(bench, IdentityKind.FQDN)
    order = [c.name for c in bench.network.node(named[0][1].gateway).ike.connections]  # type: ignore[union-attr]
    _, last = max(named, key=lambda one: order.index(one[1].gateway_connection))
    _, first = min(named, key=lambda one: order.index(one[1].gateway_connection))
    log = bench.lab.run(last.gateway, ["cat", CHARON_LOG]).stdout
    refused = f"peer not authenticated by CA '{issuer(bench, first).subject}'"
    switched = f"switching to peer config '{last.gateway_connection}'"
    numbers = [set(re.findall(rf"<[^<>|]*\|(\d+)> .*{re.escape(text)}", log)) for text in (refused, switched)]
    begun = set(re.findall(rf"<(?:[^<>|]*\|)?(\d+)> {re.escape(str(last.address))} is initiating", log))
    assert begun & numbers[0] & numbers[1], "no negotiation of this peer was switched"
    tell(f"{last.identity}: {first.gateway_connection} refuses, {last.gateway_connection} takes it")


def test_the_aggregator_shows_each_peer_a_certificate_that_it_can_verify(bench: Bench, tell: Tell) -> None:
    """One key, certified by every authority: each peer gets the certificate of the one that it trusts."""
    told = []
    for site, tunnel in bench.network.tunnels():
        log = bench.lab.run(site.node, ["cat", CHARON_LOG]).stdout
        used = re.findall(r'using trusted ca certificate "([^"]+)"', log)
        assert set(used) == {str(issuer(bench, tunnel).subject)}
        told.append(f"{site.name} trusts {issuer(bench, tunnel).name}")
    for gateway in gateways(bench):
        keys = {
            re.findall(r"subjkey: +(\S+)", printed(bench, gateway, certificate_file(name)))[0]
            for name in authorities(bench)
        }
        assert len(keys) == 1
    tell("; ".join(told))


# ---- keys, and what is published -----------------------------------------------------------------


def test_private_keys_are_where_they_were_made_and_readable_by_root_alone(bench: Bench, tell: Tell) -> None:
    """Each private key is in one node, mode 0600; what nodes share with their authority holds none."""
    holders = [node.name for node in bench.network.nodes if node.credentials]
    ca = authority_node(bench.network).name
    for node in holders:
        modes = bench.lab.run(node, f"stat -c '%a %U' {CREDENTIALS}/private/*").stdout.splitlines()
        assert modes == ["600 root"], f"{node}: {modes}"
    own = bench.lab.run(ca, "stat -c '%a %U' /var/lib/offnet/ca/*.key").stdout.splitlines()
    assert set(own) == {"600 root"}
    shared = bench.lab.run(ca, "grep -rl PRIVATE /srv/offnet", check=False).stdout
    assert shared == ""
    tell(f"{len(holders)} keys of nodes, {len(own)} of authorities")


def test_each_holder_has_the_list_of_what_its_authorities_revoked(bench: Bench, tell: Tell) -> None:
    """The lists are there from the start, signed by their authorities, and the aggregator asks them."""
    told = []
    for gateway in gateways(bench):
        log = bench.lab.run(gateway, ["cat", CHARON_LOG]).stdout
        for name, authority in authorities(bench).items():
            text = printed(bench, gateway, f"{CREDENTIALS}/x509crl/{name}.crl", "--type", "crl")
            assert f'issuer:   "{authority.subject}"' in text
            assert f'crl correctly signed by "{authority.subject}"' in log
            told.append(name)
    tell(", ".join(told))
