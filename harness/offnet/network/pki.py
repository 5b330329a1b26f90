"""Certification authorities and whom they certify, in the terms of X.509 (RFC 5280)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

# Folders of a node's credentials, as swanctl calls them; private keys are beside them.
CREDENTIALS = "/run/offnet/swanctl"


def certificate_file(authority: str) -> str:
    """Where a node has its own certificate by this authority."""
    return f"{CREDENTIALS}/x509/{authority}.pem"


def authority_file(authority: str) -> str:
    """Where a node that is certified by it has the certificate of this authority."""
    return f"{CREDENTIALS}/x509ca/{authority}.pem"


def crl_file(authority: str) -> str:
    """Where such a node has the list of what this authority revoked."""
    return f"{CREDENTIALS}/x509crl/{authority}.crl"


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name of RDNs in order; one that selects (a certificate map) may name some of them only."""

    rdns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, rdns: Mapping[str, str] | Iterable[tuple[str, str]]) -> Self:
        """The name with these RDNs, type to value."""
        return cls(tuple(rdns.items() if isinstance(rdns, Mapping) else rdns))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that ``str`` wrote."""
        parts = (rdn.partition("=") for rdn in text.split(", "))
        return cls(tuple((kind, value) for kind, _, value in parts))

    def __str__(self) -> str:
        """As strongSwan reads and writes it."""
        return ", ".join(f"{kind}={value}" for kind, value in self.rdns)

    def replaced(self, kind: str, value: str) -> DistinguishedName:
        """The same name with another value of one RDN."""
        return DistinguishedName(tuple((k, value if k == kind else v) for k, v in self.rdns))

    def matches(self, other: DistinguishedName) -> bool:
        """Whether another name has each of these RDNs, whole; it may have more."""
        return set(self.rdns) <= set(other.rdns)


@dataclass(frozen=True, slots=True)
class KeyType:
    """What private keys are made of: algorithm as `pki --gen` calls it, size in bits."""

    algorithm: str
    size: int

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.size}"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority; its private key never leaves the node that plays it."""

    name: str
    subject: DistinguishedName


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that an authority issues to a node, with its subjectAltNames."""

    authority: str
    node: str
    subject: DistinguishedName
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """A node that an authority does not certify, and that checks by it what others show."""

    authority: str
    node: str


@dataclass(frozen=True, slots=True)
class CertificateAuthorities:
    """What a node that plays authorities does: which ones, whom each certifies, who trusts them besides."""

    key: KeyType
    authorities: tuple[Authority, ...]
    certificates: tuple[Certificate, ...]
    trusted: tuple[Trust, ...] = ()

    @property
    def holders(self) -> tuple[str, ...]:
        """The nodes that have something from here, each once."""
        nodes = [certificate.node for certificate in self.certificates]
        return tuple(dict.fromkeys([*nodes, *(trust.node for trust in self.trusted)]))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a node has to prove itself with: one private key, certified by one authority or more.

    Without a key it proves nothing, and has the certificates of authorities only, to check others by.
    """

    key: KeyType | None
    certificates: tuple[Certificate, ...] = ()
