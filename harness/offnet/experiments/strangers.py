"""Strangers with certificates, each wrong in one way, at the address of a site that has a right one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from offnet.design.identities import fits
from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.forgery import OWN_CREDENTIALS
from offnet.experiments.logs import mark
from offnet.experiments.papers import (
    IMPOSTOR,
    Papers,
    authority_node,
    certificate_of,
    papers,
    revoke,
    sign,
    signing,
)
from offnet.experiments.refusal import NO_ISSUER, UNKNOWN_IDENTITY, reason_told, told_of
from offnet.experiments.subjects import Subject
from offnet.network.model import (
    Authority,
    AuthRound,
    Certificate,
    DistinguishedName,
    Identity,
    IdentityKind,
    IkeConnection,
    Network,
)
from offnet.network.pki import authority_file
from offnet.observe.errors import CommandRefused

NAME = "offnet-stranger"
FILE = "/run/offnet/stranger.pem"
REVOKED = r"certificate was revoked on"
EXPIRED = ("--dateform", "%Y", "--not-before", "2001", "--not-after", "2002")
NOT_VALID = r"subject certificate invalid \(valid from .* 2001 to .* 2002\)"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who comes: what it claims to be, the certificate that it shows, what the aggregator says to that.

    ``own`` is a certificate that it shows to nobody, for its own charon to believe what it claims.
    ``may`` are the connections that may take it: of another profile, whose authority certified it.
    The positive control must get an SA there, so that refusals are not mere deafness.
    """

    what: str
    identity: Identity
    certificate: Certificate
    told: str
    options: tuple[str, ...] = ()
    revoked: bool = False
    may: tuple[str, ...] = ()
    control: bool = False
    own: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """What came of one stranger: the line that says why, the connections that gave it an SA."""

    reason: str
    sas: tuple[str, ...]


def strangers(network: Network, subject: Subject) -> tuple[Stranger, ...]:
    """All strangers that come in the place of a site."""
    fields = _by_subject if subject.connection.local.id.kind is IdentityKind.DN else _by_name
    return tuple(_Cast(network, subject).all(fields))


class _Cast:
    """Makes strangers for one site: each has a name of its own, that nobody has had before."""

    def __init__(self, network: Network, subject: Subject) -> None:
        self.network = network
        self.gateway = network.node(subject.tunnel.gateway)
        self.own = certificate_of(network, subject)
        self.connection = self.gateway.connection(subject.tunnel.gateway_connection)
        self.site = subject.connection.local.id
        ca = authority_node(network).authorities
        self.authorities = ca.authorities if ca else ()

    def all(self, kinds: Callable[[_Cast], Iterator[Stranger]]) -> Iterator[Stranger]:
        """The control, those that are special for the site's kind of identity, then those for all kinds."""
        control = self.stranger("control", "control: a certificate that fits", _established(self.connection))
        yield replace(control, may=(self.connection.name,), control=True)
        yield from kinds(self)
        impostor = self.stranger("impostor", "certificate by an impostor of its authority", NO_ISSUER)
        false = replace(impostor.certificate, authority=IMPOSTOR.format(self.own.authority))
        yield replace(impostor, certificate=false)
        for other in self.authorities:
            if other.name != self.own.authority:
                yield self.of_another(other)
        yield replace(self.stranger("revoked", "revoked certificate", REVOKED), revoked=True)
        yield replace(self.stranger("expired", "expired certificate", NOT_VALID), options=EXPIRED)

    def stranger(self, key: str, what: str, told: str) -> Stranger:
        """A stranger that differs from the site in its name only: the match fits it as well."""
        subject = self.own.subject.replaced("CN", f"{self.own.node} {key}")
        if self.site.kind is IdentityKind.DN:
            return Stranger(what, Identity(IdentityKind.DN, str(subject)), self.issued(subject), told)
        name = f"{key}.{self.site.text}"
        return Stranger(what, Identity(self.site.kind, name), self.issued(subject, name), told)

    def of_another(self, other: Authority) -> Stranger:
        """One that another authority certified: at most a profile of that authority takes it."""
        one = self.stranger(other.name, f"certificate by {other.name}", "")
        fitting = [c for c in self.fitting(one.identity) if c.remote.authority == authority_file(other.name)]
        told = "|".join((self.constraint(self.connection), *map(_established, fitting)))
        return replace(
            one,
            certificate=replace(one.certificate, authority=other.name),
            told=told,
            may=tuple(connection.name for connection in fitting),
        )

    def issued(self, subject: DistinguishedName, *names: str) -> Certificate:
        """A certificate by the site's authority."""
        return Certificate(self.own.authority, self.own.node, subject, names)

    def fitting(self, identity: Identity) -> list[IkeConnection]:
        """The aggregator's connections that an identity fits."""
        held = self.gateway.ike.connections if self.gateway.ike else ()
        return [one for one in held if one.signs and fits(identity, one.remote.id)]

    def refusal(self, identity: Identity) -> str:
        """What the aggregator says to an identity that fits no connection of the site's authority."""
        others = self.fitting(identity)
        return self.constraint(others[0]) if others else UNKNOWN_IDENTITY[self.connection.version]

    def constraint(self, connection: IkeConnection) -> str:
        """What it says to a certificate by another authority than that of a connection."""
        wanted = next(a for a in self.authorities if authority_file(a.name) == connection.remote.authority)
        return f"peer not authenticated by CA '{re.escape(str(wanted.subject))}'"


def _established(connection: IkeConnection) -> str:
    return rf"IKE_SA {connection.name}\[\d+\] established between"


def _by_subject(cast: _Cast) -> Iterator[Stranger]:
    """Certificates in which one of the fields that the map names has another value, or a longer one."""
    own = DistinguishedName.parse(cast.site.text)
    wanted = DistinguishedName.parse(cast.connection.remote.id.text)
    for kind, value in wanted.rdns:
        for other in (f"Not-{value}", f"{value}0"):
            subject = own.replaced("CN", f"{cast.own.node} {other}").replaced(kind, other)
            identity = Identity(IdentityKind.DN, str(subject))
            what = f"{kind}={other} in place of {kind}={value}"
            yield Stranger(what, identity, cast.issued(subject), cast.refusal(identity))


def _by_name(cast: _Cast) -> Iterator[Stranger]:
    """A name that the certificate does not have. With IKEv1 charon begins only if it knows one that has."""
    one = cast.stranger("claimed", "name that is not in its certificate", "")
    own = replace(one.certificate, authority=IMPOSTOR.format(cast.own.authority))
    yield replace(
        one,
        told=rf"no trusted \S+ public key found for '{re.escape(one.identity.text)}'",
        certificate=cast.issued(one.certificate.subject, f"not-{cast.site.text}"),
        own=own if cast.connection.version == 1 else None,
    )


Shown = dict[tuple[str, str], str]


def receptions(bench: Bench) -> dict[tuple[str, str], Reception]:
    """All strangers in the place of every subject that signs, by the site and what the stranger is."""
    stranger = bench.once(papers)
    casts = {
        subject.site.name: (subject, strangers(bench.network, subject)) for subject in signing(bench.network)
    }
    shown = {
        (site, one.what): sign(bench, stranger, one.certificate.authority, one.certificate, *one.options)
        for site, (_, cast) in casts.items()
        for one in cast
    }
    for site, (subject, cast) in casts.items():
        for one in cast:
            if one.revoked:
                revoke(bench, subject.tunnel.gateway, one.certificate.authority, shown[site, one.what])
    seen = gather(casts, lambda site: _receive(bench, *casts[site], stranger, shown))
    return {key: reception for group in seen.values() for key, reception in group.items()}


def _receive(
    bench: Bench,
    subject: Subject,
    cast: tuple[Stranger, ...],
    stranger: Papers,
    shown: Shown,
) -> dict[tuple[str, str], Reception]:
    """The strangers come one after the other, with a key that is not the site's."""
    spoke, site = bench.vici(subject.site.node), subject.site.name
    key = spoke.load_key(stranger.private)
    try:
        return {(site, one.what): _reception(bench, subject, one, shown[site, one.what]) for one in cast}
    finally:
        spoke.unload_key(key)
        if any(one.own for one in cast):
            bench.lab.run(subject.site.node, OWN_CREDENTIALS)  # takes away what is not its own


def _reception(bench: Bench, subject: Subject, one: Stranger, certificate: str) -> Reception:
    node, tunnel = subject.site.node, subject.tunnel
    spoke, gateway = bench.vici(node), bench.vici(tunnel.gateway, node)
    bench.lab.run(node, ("tee", FILE), input=certificate.encode())
    connection = _connection(subject, one.identity)
    if one.own is not None:
        spoke.load_cert(sign(bench, bench.once(papers), one.own.authority, one.own))

    def given() -> tuple[str, ...]:
        sas = gateway.list_sas()
        return tuple(sa.name for sa in sas if sa.current and sa.remote_id == one.identity.text)

    start = mark(bench.lab, tunnel.gateway)
    spoke.load_conn(connection)
    try:
        with suppress(CommandRefused, DeadlineExpired):
            spoke.initiate(connection.children[0].name, NAME, timeout=2)
        reason = reason_told(bench, told_of(subject, tunnel.gateway, start, one.told), given)
        return Reception(reason, given())
    finally:
        with suppress(CommandRefused, DeadlineExpired):
            spoke.terminate(ike=NAME, force=True, timeout=2)
        spoke.unload_conn(NAME)


def _connection(subject: Subject, identity: Identity) -> IkeConnection:
    """It asks for its own outer address only, so that whoever believes it has no SA to give."""
    own = subject.connection
    child = replace(
        own.children[0],
        local_ts=(f"{subject.tunnel.address}/32",),
        start_action="none",
        dpd_action="clear",
        close_action="none",
    )
    local = AuthRound(own.local.auth, identity, certificate=FILE)
    return replace(own, name=NAME, local=local, children=(child,))
