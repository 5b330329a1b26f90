"""Certificates that a stranger brings: made in the running lab, by its authorities and by impostors."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject, subject_of
from offnet.network.model import Certificate, Network, Node
from offnet.network.pki import certificate_file, crl_file

TOOL = "/usr/lib/offnet/ca.sh"
PKI = ("env", "STRONGSWAN_CONF=/usr/lib/offnet/pki.conf", "pki")
KEPT = "/var/lib/offnet/stranger.pem"
IMPOSTOR = "rogue-{}"


@dataclass(frozen=True, slots=True)
class Papers:
    """A key that no site has, and by site a certificate for it in the site's name by an impostor."""

    private: str
    public: str
    forged: dict[str, str]


def authority_node(network: Network) -> Node:
    """The node that plays the authorities; LookupError where there is none."""
    return next(node for node in network.nodes if node.authorities is not None)


def signing(network: Network) -> tuple[Subject, ...]:
    """The last off-net site of every VPN that proves itself by a certificate."""
    last = {}
    for site, tunnel in network.tunnels():
        alone = len(network.sites_of(site.vpn)) == 1
        if network.node(site.node).connection(tunnel.site_connection).signs and not (tunnel.user or alone):
            last[site.vpn] = site
    return tuple(subject_of(network, site) for site in last.values())


def certificate_of(network: Network, subject: Subject) -> Certificate:
    """The certificate that a subject shows."""
    held = network.node(subject.site.node).credentials
    assert held is not None  # noqa: S101 - it signs
    return next(
        one
        for one in held.certificates
        if certificate_file(one.authority) == subject.connection.local.certificate
    )


def papers(bench: Bench) -> Papers:
    """Makes the stranger's key, an impostor of every authority that certifies a subject, and forgeries."""
    network, ca = bench.network, authority_node(bench.network)
    assert ca.authorities is not None  # noqa: S101 - it plays them
    key = ca.authorities.key
    made = (*PKI, "--gen", "--type", key.algorithm, "--size", str(key.size), "--outform", "pem")
    private = bench.lab.run(ca.name, made).stdout
    public = bench.lab.run(ca.name, (*PKI, "--pub", "--outform", "pem"), input=private.encode()).stdout
    own = {subject.site.name: certificate_of(network, subject) for subject in signing(network)}
    for authority in dict.fromkeys(certificate.authority for certificate in own.values()):
        bench.lab.run(ca.name, (TOOL, "rogue", authority))
    blank = Papers(private, public, {})
    forged = {
        site: sign(bench, blank, IMPOSTOR.format(certificate.authority), certificate)
        for site, certificate in own.items()
    }
    return Papers(private, public, forged)


def sign(bench: Bench, stranger: Papers, authority: str, wanted: Certificate, *options: str) -> str:
    """A certificate for the stranger's key; ``options`` are those of `pki --issue`."""
    names = ",".join(wanted.names) or "-"
    argv = (TOOL, "sign", authority, names, str(wanted.subject), *options)
    ca = authority_node(bench.network).name
    return bench.lab.run(ca, argv, input=stranger.public.encode()).stdout


def revoke(bench: Bench, gateway: str, authority: str, certificate: str) -> None:
    """Revokes a certificate; the gateway takes the new list from where the authority publishes it."""
    ca = authority_node(bench.network).name
    bench.lab.run(ca, ("tee", KEPT), input=certificate.encode())
    bench.lab.run(ca, (TOOL, "revoke", authority, KEPT))
    published = bench.lab.run(gateway, ("cat", crl_file(authority))).stdout
    bench.vici(gateway).load_crl(published)
