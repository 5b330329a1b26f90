"""A gateway that is none: it shows a certificate in the gateway's name that an impostor has made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.logins import Mistrust, clients, come_back, log_out, said, sessions
from offnet.experiments.logs import mark
from offnet.experiments.papers import IMPOSTOR, TOOL, authority_node, papers, sign
from offnet.experiments.refusal import NO_ISSUER
from offnet.experiments.subjects import Subject
from offnet.network.model import Certificate, Network
from offnet.network.pki import certificate_file
from offnet.observe.errors import CommandRefused

NAME = "offnet-rogue"
FILE = "/run/offnet/rogue-{}.pem"


def checking(network: Network) -> tuple[Subject, ...]:
    """A client of every VPN that has no certificate, and checks that of its gateway."""
    return tuple(one for one in clients(network) if one.connection.certified and not one.connection.signs)


def shown_by_gateway(network: Network, subject: Subject) -> Certificate:
    """The certificate that the gateway shows to a client."""
    gateway = network.node(subject.tunnel.gateway)
    file = gateway.connection(subject.tunnel.gateway_connection).local.certificate
    held = gateway.credentials.certificates if gateway.credentials else ()
    return next(one for one in held if certificate_file(one.authority) == file)


def rogue_gateways(bench: Bench) -> dict[str, Mistrust]:
    """One client of every VPN comes to a gateway whose certificate an impostor of its authority issued."""
    by_name = {subject.site.name: subject for subject in checking(bench.network)}
    bench.once(papers)
    certificates = {name: shown_by_gateway(bench.network, one) for name, one in by_name.items()}
    ca = authority_node(bench.network).name
    for authority in dict.fromkeys(one.authority for one in certificates.values()):
        bench.lab.run(ca, (TOOL, "rogue", authority))
    with ExitStack() as stack:
        for gateway in {subject.tunnel.gateway for subject in by_name.values()}:
            stack.enter_context(_stranger_key(bench, gateway))
        return gather(by_name, lambda name: _meet(bench, by_name[name], certificates[name]))


@contextmanager
def _stranger_key(bench: Bench, gateway: str) -> Iterator[None]:
    charon = bench.vici(gateway)
    key = charon.load_key(bench.once(papers).private)
    try:
        yield
    finally:
        charon.unload_key(key)


def _meet(bench: Bench, subject: Subject, certificate: Certificate) -> Mistrust:
    node, own = subject.site.node, subject.connection
    log_out(bench, subject)
    with _rogue(bench, subject, certificate):
        start = mark(bench.lab, node)
        with suppress(CommandRefused, DeadlineExpired):
            bench.vici(node).initiate(own.children[0].name, own.name, timeout=2)
        reason = said(bench, subject, start, NO_ISSUER)
        left = tuple(f"{sa.name} of {sa.user}" for sa in sessions(bench, subject))
        with suppress(CommandRefused):
            bench.vici(node).terminate(ike=own.name, force=True, timeout=2)
    return Mistrust(reason, left, come_back(bench, subject))


@contextmanager
def _rogue(bench: Bench, subject: Subject, certificate: Certificate) -> Iterator[None]:
    """The gateway as it would be with a key that nobody has certified, for this client alone.

    charon prefers a connection for the client's own address and group to those for everybody.
    """
    stranger, tunnel, name = bench.once(papers), subject.tunnel, f"{NAME}-{subject.site.name}"
    forged = sign(bench, stranger, IMPOSTOR.format(certificate.authority), certificate)
    file = FILE.format(subject.site.name)
    bench.lab.run(tunnel.gateway, ("tee", file), input=forged.encode())
    true = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
    false = replace(
        true,
        name=name,
        remote_addresses=(str(tunnel.address),),
        local=replace(true.local, certificate=file),
        remote=replace(true.remote, id=subject.connection.local.id),
    )
    gateway = bench.vici(tunnel.gateway, subject.site.node)
    gateway.load_conn(false)
    try:
        yield
    finally:
        gateway.unload_conn(name)
