"""Which match of which profile selects a peer: the whole identity, else the longest domain, else any.

A peer with a certificate is selected by a profile of its authority only; of the certificate maps that
fit its name, by the one that names most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from offnet.intent.models import ANYBODY, OffNetSite, Profile
from offnet.network.pki import DistinguishedName

DOMAIN, USER_DOMAIN, CERTIFICATE = "domain", "user_domain", "certificate"
INCOMPLETE = "incomplete"  # in place of a match, where the profile has none
# The kinds that match by a part of the identity, by the kind of identity that they match.
_PARTIAL = {"host": DOMAIN, "user": USER_DOMAIN}
_NO_MAPS: Mapping[str, DistinguishedName] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Selector:
    """One match of one profile; ``kind`` is its key in lab.yml, ``names`` what a certificate map says."""

    profile: str
    kind: str
    value: str
    names: DistinguishedName | None = None

    @property
    def partial(self) -> bool:
        """Whether peers of several identities may be selected by it."""
        return self.kind in (DOMAIN, USER_DOMAIN, CERTIFICATE, ANYBODY)


def identity_of(site: OffNetSite) -> tuple[str, str]:
    """Kind and value of the identity that a site shows: its address, where nothing else is said."""
    chosen = site.access.identity.chosen()
    return chosen[0] if chosen else ("address", str(site.access.address.ip))


def key_owners(site: OffNetSite) -> tuple[str, ...]:
    """Whose key a site's is, in the order of the search: its address, if that stays, and its identity."""
    _, identity = identity_of(site)
    address = () if site.dynamic else (str(site.access.address.ip),)
    return tuple(dict.fromkeys((*address, identity)))


class Selection:
    """The selectors of all profiles, to look peers up in."""

    def __init__(
        self, profiles: Mapping[str, Profile], maps: Mapping[str, DistinguishedName] = _NO_MAPS
    ) -> None:
        self.authorities = tuple(dict.fromkeys(p.authority for p in profiles.values() if p.authority))
        self._selectors = {
            (profile.front_door, profile.authority, kind, value): Selector(name, kind, value, maps.get(value))
            for name, profile in reversed(tuple(profiles.items()))
            for kind, _, value in profile.match.entries()
            if kind != CERTIFICATE or value in maps
        }
        # charon ranks patterns of a name by how much they leave open.
        self._maps = sorted(maps.items(), key=lambda item: (-len(item[1].rdns), item[0]))

    def select(
        self, kind: str, value: str, front_door: str | None = None, authority: str | None = None
    ) -> Selector | None:
        """The selector of a peer with this identity that comes by this front door; None if there is none.

        Whoever names the subject of its certificate has one, of whatever authority if none is given.
        """
        return next(self.fitting(kind, value, front_door, authority), None)

    def fitting(
        self, kind: str, value: str, front_door: str | None = None, authority: str | None = None
    ) -> Iterator[Selector]:
        """All selectors of a peer, the best one first."""
        signers = self.authorities if kind == CERTIFICATE and authority is None else (authority,)
        for candidate, signer in product(self._candidates(kind, value), signers):
            selector = self._selectors.get((front_door, signer, *candidate))
            if selector is not None:
                yield selector

    def partial(self) -> list[Selector]:
        """The selectors that may select peers of several identities."""
        return [selector for selector in self._selectors.values() if selector.partial]

    def _candidates(self, kind: str, value: str) -> Iterator[tuple[str, str]]:
        """Every match that would select an identity, the best one first."""
        if kind == CERTIFICATE:
            subject = DistinguishedName.parse(value)
            yield from ((kind, name) for name, names in self._maps if names.matches(subject))
        else:
            yield kind, value
        if kind in _PARTIAL:
            labels = value.partition("@")[2].split(".") if kind == "user" else value.split(".")[1:]
            for start in range(len(labels)):
                yield _PARTIAL[kind], ".".join(labels[start:])
        yield ANYBODY, ANYBODY
