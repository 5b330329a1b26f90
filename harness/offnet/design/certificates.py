"""Certification authorities (Examples 9-5 and 9-23): who certifies whom, by which name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import Peer, resolve
from offnet.design.remote_access import serve
from offnet.intent.models import LabIntent
from offnet.network.model import (
    Authority,
    Certificate,
    CertificateAuthorities,
    Credentials,
    Crypto,
    DistinguishedName,
    IdentityKind,
    Interface,
    InterfaceKind,
    KeyType,
    Role,
    Trust,
)

# RSA signatures are what IKEv1 has; 1024 bits are of its time, and quick to make on a small machine.
KEYS = {Crypto.AS_PRINTED: KeyType("rsa", 1024), Crypto.MODERN: KeyType("ecdsa", 256)}
_OF_THE_ISSUER = frozenset({"C", "O"})


def certificates(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """The node that plays the authorities, and what each node that is certified has to prove itself."""
    if not intent.authorities:
        return Contribution()
    key = KEYS[crypto]
    issued = tuple(dict.fromkeys(_issued(intent, numbers, crypto)))
    if not issued:
        return Contribution()  # in this variant everybody has keys
    trusted = tuple(_trusted(intent, numbers, crypto))
    names = tuple(Authority(name, entry.subject) for name, entry in intent.authorities.items())
    ca = CertificateAuthorities(key, names, issued, trusted)
    node = next(iter(intent.authorities.values())).node
    held: dict[str, list[Certificate]] = defaultdict(list)
    for certificate in issued:
        held[certificate.node].append(certificate)
    loopback = Interface("lo", InterfaceKind.LOOPBACK)
    return Contribution(
        (
            Part(node, role=Role.CA, interfaces=(loopback,), authorities=ca),
            *(Part(name, credentials=Credentials(key, tuple(own))) for name, own in held.items()),
            *(Part(trust.node, credentials=Credentials(None)) for trust in trusted),
        )
    )


def _issued(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Iterator[Certificate]:
    """The certificates of both ends of every tunnel that has some, of sites and of clients."""
    for peer in resolve(intent, numbers):
        authority, name = peer.profile.authority, peer.gateway.identity
        if authority is not None and name is not None:
            issuer = intent.authorities[authority].subject
            yield Certificate(authority, peer.gateway_name, _named(name, issuer), (name,))
            yield _of_site(peer, authority, issuer)
    served = {one.name: one for one in serve(intent, numbers)}
    for client_name, client in intent.clients.items():
        own = served[client.group]
        authority, name = own.terms.profile.authority, own.terms.gateway.identity
        if authority is not None and name is not None and client.certificate is not None:
            issuer = intent.authorities[authority].subject
            yield Certificate(authority, own.gateway, _named(name, issuer), (name,))
            yield Certificate(authority, client_name, client.certificate)
    for own in served.values():
        shown = own.certified_by(crypto)
        if shown is not None:
            name = own.gateway_name.text
            yield Certificate(shown, own.gateway, _named(name, intent.authorities[shown].subject), (name,))


def _trusted(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Iterator[Trust]:
    """Clients that have no certificate, and check that of their gateway."""
    served = {one.name: one for one in serve(intent, numbers)}
    for name, client in intent.clients.items():
        authority = served[client.group].certified_by(crypto)
        if authority is not None:
            yield Trust(authority, name)


def _of_site(peer: Peer, authority: str, issuer: DistinguishedName) -> Certificate:
    """A site's: its subject is its identity, or else its identity is the subjectAltName."""
    text = peer.identity.text
    if peer.identity.kind is IdentityKind.DN:
        return Certificate(authority, peer.name, DistinguishedName.parse(text))
    return Certificate(authority, peer.name, _named(peer.name, issuer), (text,))


def _named(common_name: str, issuer: DistinguishedName) -> DistinguishedName:
    kept = tuple(rdn for rdn in issuer.rdns if rdn[0] in _OF_THE_ISSUER)
    return DistinguishedName((*kept, ("CN", common_name)))
