"""Which match of which profile selects a peer: the whole identity, else the longest domain, else any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from offnet.intent.models import ANYBODY, OffNetSite, Profile

DOMAIN, USER_DOMAIN = "domain", "user_domain"
INCOMPLETE = "incomplete"  # in place of a match, where the profile has none
# The kinds that match by a part of the identity, by the kind of identity that they match.
_PARTIAL = {"host": DOMAIN, "user": USER_DOMAIN}


@dataclass(frozen=True, slots=True)
class Selector:
    """One match of one profile; ``kind`` is its key in lab.yml."""

    profile: str
    kind: str
    value: str

    @property
    def partial(self) -> bool:
        """Whether peers of several identities may be selected by it."""
        return self.kind in (DOMAIN, USER_DOMAIN, ANYBODY)


def identity_of(site: OffNetSite) -> tuple[str, str]:
    """Kind and value of the identity that a site shows: its address, where nothing else is said."""
    chosen = site.ipsec.identity.chosen()
    return chosen[0] if chosen else ("address", str(site.ipsec.address.ip))


def key_owners(site: OffNetSite) -> tuple[str, ...]:
    """Whose key a site's is, in the order of the search: its address, if that stays, and its identity."""
    _, identity = identity_of(site)
    address = () if site.ipsec.dynamic else (str(site.ipsec.address.ip),)
    return tuple(dict.fromkeys((*address, identity)))


class Selection:
    """The selectors of all profiles, to look peers up in."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._selectors = {
            (profile.front_door, kind, value): Selector(name, kind, value)
            for name, profile in reversed(tuple(profiles.items()))
            for kind, _, value in profile.match.entries()
        }

    def select(self, kind: str, value: str, front_door: str | None = None) -> Selector | None:
        """The selector of a peer with this identity that comes by this front door; None if there is none."""
        keys = ((front_door, *candidate) for candidate in _candidates(kind, value))
        return next((self._selectors[key] for key in keys if key in self._selectors), None)

    def partial(self) -> list[Selector]:
        """The selectors that may select peers of several identities."""
        return [selector for selector in self._selectors.values() if selector.partial]


def _candidates(kind: str, value: str) -> Iterable[tuple[str, str]]:
    """Every match that would select an identity, the best one first."""
    yield kind, value
    if kind in _PARTIAL:
        labels = value.partition("@")[2].split(".") if kind == "user" else value.split(".")[1:]
        for start in range(len(labels)):
            yield _PARTIAL[kind], ".".join(labels[start:])
    yield ANYBODY, ANYBODY
