"""Identities in charon's terms: what a peer shows, the patterns of profiles, and which is tried first."""

from __future__ import annotations

from offnet.intent.models import ANYBODY
from offnet.intent.selection import DOMAIN, USER_DOMAIN, Selector
from offnet.network.model import DistinguishedName, Identity, IdentityKind


def shown(kind: str, value: str) -> Identity:
    """The identity of a peer, by its key and value in lab.yml."""
    return Identity(IdentityKind(kind), value)


def patterns(selector: Selector) -> tuple[Identity, ...]:
    """The patterns that together are one match of a profile; one connection takes one of them."""
    if selector.kind == DOMAIN:
        return (Identity(IdentityKind.FQDN, f"*.{selector.value}"),)
    if selector.kind == USER_DOMAIN:
        users = (f"*@{selector.value}", f"*.{selector.value}")
        return tuple(Identity(IdentityKind.USER_FQDN, text) for text in users)
    if selector.kind == ANYBODY:
        return (Identity.anybody(),)
    if selector.names is not None:
        return (Identity(IdentityKind.DN, str(selector.names)),)
    return (shown(selector.kind, selector.value),)


def pattern_of(selector: Selector, identity: Identity) -> Identity:
    """The pattern of a match that an identity fits."""
    return next(pattern for pattern in patterns(selector) if fits(identity, pattern))


def fits(identity: Identity, pattern: Identity) -> bool:
    """Whether charon takes an identity for one of a pattern: the types agree, and the text after ``*``.

    Of a distinguished name, each RDN of the pattern (rdn_matching = relaxed).
    """
    if pattern.kind is IdentityKind.ANY:
        return True
    if identity.kind is not pattern.kind:
        return False
    if pattern.kind is IdentityKind.DN:
        return DistinguishedName.parse(pattern.text).matches(DistinguishedName.parse(identity.text))
    if not pattern.pattern:
        return identity.text == pattern.text
    return identity.text.endswith(pattern.text[1:])


def connection_name(selector: Selector, pattern: Identity, *, aggressive: bool) -> str:
    """The name of the connection that all peers of a pattern share; a dot would be a section of its own."""
    below = selector.kind == USER_DOMAIN and pattern.text.startswith("*.")
    value = "" if selector.kind == ANYBODY else f"-{selector.value.replace('.', '_')}"
    return f"{selector.profile}-{selector.kind}{value}{'-below' * below}{'-aggressive' * aggressive}"
