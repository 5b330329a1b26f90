"""Which selectors of an SA become routes. Pure, so that every refusal can be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from .config import Policy
from .sas import Sa


@dataclass(frozen=True)
class Route:
    """A route that the agent sets: a prefix in a VRF's table by an interface."""

    table: int
    prefix: IPv4Network
    interface: str


@dataclass(frozen=True)
class Decision:
    """What an SA gets, and what it is refused and why; ``foreign`` says that it must not be at all."""

    routes: tuple[Route, ...] = ()
    refusals: tuple[str, ...] = ()
    foreign: bool = False


class Policies:
    """The policies, to look up those of an SA: its peer's own, else its connection's."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.all = tuple(policies)
        self._by_peer = {(policy.connection, policy.identity): policy for policy in self.all}
        self._shared = {policy.connection for policy in self.all if policy.identity is not None}

    def of(self, sa: Sa) -> Policy | None:
        """The policy of an SA, None if there is none."""
        own = self._by_peer.get((sa.connection, sa.identity))
        return own or self._by_peer.get((sa.connection, None))

    def shared(self, sa: Sa) -> bool:
        """Whether peers of several identities, each with prefixes of its own, use the SA's connection."""
        return sa.connection in self._shared


def decide(sa: Sa, policies: Policies, if_ids: Mapping[str, int]) -> Decision:
    """Routes for one SA. ``if_ids`` are those that the kernel's XFRM interfaces have.

    An SA whose if_id is not that of the policy's interface gets nothing: its packets would enter
    or leave another VRF than the route is in. What peers propose beyond their policy (the whole
    Internet, another site's LAN) is refused, also where charon was told to accept it. Where peers share
    a connection charon accepts for one what is another's: such an SA is ``foreign``.
    """
    policy = policies.of(sa)
    if policy is None:
        reason = f"{sa}: no policy for {sa.identity or 'this peer'}"
        return Decision(refusals=(reason,), foreign=policies.shared(sa))
    if_id = if_ids.get(policy.interface)
    if sa.if_id != if_id:
        return Decision(refusals=(f"{sa}: if_id {sa.if_id}, but {policy.interface} has {if_id}",))
    routes: list[Route] = []
    refusals: list[str] = []
    for selector in sa.remote_ts:
        reason = refusal(selector, policy)
        if reason:
            refusals.append(f"{sa}: {selector}: {reason}")
        else:
            routes.append(Route(policy.table, IPv4Network(selector), policy.interface))
    return Decision(tuple(routes), tuple(refusals), foreign=bool(refusals) and policies.shared(sa))


def refusal(selector: str, policy: Policy) -> str:
    """Why a traffic selector becomes no route, empty when it does."""
    if "[" in selector:
        return "covers some protocols only"
    try:
        prefix = IPv4Network(selector)
    except ValueError:
        return "is no IPv4 prefix"
    if prefix.prefixlen == 0:
        return "a default route is never injected"
    if not any(prefix.subnet_of(allowed) for allowed in policy.prefixes):
        return f"is not within {', '.join(str(allowed) for allowed in policy.prefixes) or 'anything'}"
    return ""


def static_routes(policies: Policies) -> tuple[Route, ...]:
    """The routes that do not depend on any SA."""
    return tuple(
        Route(policy.table, prefix, policy.interface)
        for policy in policies.all
        if policy.static
        for prefix in policy.prefixes
    )
