"""Remote access: groups have keys and pools, users and clients belong to them, addresses are certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope


def group_has_key(scope: Scope) -> Iterator[Finding]:
    """Clients of a group prove that they belong to it by its key, unless they have certificates."""
    given = {profile.group for profile in scope.intent.profiles.values()}
    for name, group in scope.intent.groups.items():
        if group.key is None and name not in given:
            yield Finding(("groups", name, "key"), "a key: whoever claims the group must show that it has it")


def group_is_matched(scope: Scope) -> Iterator[Finding]:
    """A group without a profile leads its clients into no VRF."""
    matched = {name for profile in scope.intent.profiles.values() for name in profile.groups()}
    if not scope.whole("profiles"):
        return
    for name in scope.intent.groups:
        if name not in matched:
            expected = "a group that a profile matches; add it to profiles.NAME.match.group"
            yield Finding(("groups", name), expected, value=name)


def profile_aaa(scope: Scope) -> Iterator[Finding]:
    """A profile names an AAA server of the lab; one that serves a group leaves authentication to it."""
    for name, profile in scope.intent.profiles.items():
        if profile.aaa is not None and scope.lacks("aaa", profile.aaa.server):
            expected = one_of(profile.aaa.server, scope.intent.aaa, "an AAA server of this lab")
            yield Finding(("profiles", name, "aaa", "server"), expected)
        groups = [group for group in profile.groups() if group in scope.intent.groups]
        if groups and (profile.aaa is None or not profile.aaa.authentication):
            expected = f"an AAA server with authentication: true, for the users of group {groups[0]}"
            yield Finding(("profiles", name, "aaa"), expected, see=("groups", groups[0]))


def group_has_door(scope: Scope) -> Iterator[Finding]:
    """Clients of a group come by a front door of the gateway that its AAA server is at."""
    intent = scope.intent
    for name, profile in intent.profiles.items():
        server = intent.aaa.get(profile.aaa.server) if profile.aaa else None
        gateway = intent.gateways.get(server.pe) if server else None
        groups = [group for group in profile.groups() if group in intent.groups]
        known = {door for one in intent.gateways.values() for door in one.doors()} | {None}
        if profile.front_door not in known or gateway is None or not groups:
            continue  # told where doors are
        if profile.front_door not in gateway.doors():
            doors = [door for door in gateway.doors() if door is not None]
            yield Finding(("profiles", name, "front_door"), one_of("", doors, "a front door of the gateway"))


def server_at_pe(scope: Scope) -> Iterator[Finding]:
    """An AAA server is connected to a PE, which is the gateway of those who ask it."""
    intent = scope.intent
    pes = [name for name, router in intent.provider.routers.items() if router.role == "pe"]
    for name, server in intent.aaa.items():
        if server.pe not in pes and not scope.aside:
            yield Finding(("aaa", name, "pe"), one_of(server.pe, pes, "a PE of this lab"))
        elif scope.lacks("gateways", server.pe):
            expected = one_of(server.pe, intent.gateways, "the gateway whose peers it knows")
            yield Finding(("aaa", name, "pe"), expected)


def one_server_a_gateway(scope: Scope) -> Iterator[Finding]:
    """A gateway's charon asks one AAA server."""
    first: dict[str, str] = {}
    for name, server in scope.intent.aaa.items():
        other = first.setdefault(server.pe, name)
        if other != name:
            expected = f"a PE without an AAA server, {server.pe} has {other}"
            yield Finding(("aaa", name, "pe"), expected, see=("aaa", other, "pe"))


def user_group(scope: Scope) -> Iterator[Finding]:
    """A user belongs to a group of the lab."""
    for name, user in scope.intent.users.items():
        if scope.lacks("groups", user.group):
            expected = one_of(user.group, scope.intent.groups, "a group of this lab")
            yield Finding(("users", name, "group"), expected)


def client_names(scope: Scope) -> Iterator[Finding]:
    """Whatever a client names exists."""
    intent = scope.intent
    for name, client in intent.clients.items():
        for key, section in (
            ("vpn", "vpns"),
            ("user", "users"),
            ("group", "groups"),
            ("gateway", "gateways"),
        ):
            wanted = getattr(client, key)
            if scope.lacks(section, wanted):
                what = f"a {key if key != 'vpn' else 'VPN'} of this lab"
                yield Finding(("clients", name, key), one_of(wanted, getattr(intent, section), what))


def client_belongs(scope: Scope) -> Iterator[Finding]:
    """A client's user is of its group, its VPN is where the group leads, its gateway is where AAA is."""
    intent = scope.intent
    by_group = {
        group: (name, profile)
        for name, profile in intent.profiles.items()
        for group in profile.groups()
        if group in intent.groups
    }
    for name, client in intent.clients.items():
        user = intent.users.get(client.user)
        if user is not None and user.group != client.group:
            expected = f"{user.group}, the group of {client.user}"
            yield Finding(("clients", name, "group"), expected, see=("users", client.user, "group"))
        if client.group not in by_group:
            continue
        profile_name, profile = by_group[client.group]
        if profile.vrf != client.vpn and not scope.lacks("vpns", client.vpn):
            expected = f"{profile.vrf}, the VRF of profile {profile_name}, which matches {client.group}"
            yield Finding(("clients", name, "vpn"), expected, see=("profiles", profile_name, "vrf"))
        server = intent.aaa.get(profile.aaa.server) if profile.aaa else None
        named = {client.gateway, server.pe} if server else set()
        if server is not None and len(named & intent.gateways.keys()) > 1:
            expected = f"{server.pe}, where the AAA server of profile {profile_name} is"
            yield Finding(("clients", name, "gateway"), expected)


def one_client_a_user(scope: Scope) -> Iterator[Finding]:
    """Who logs in again elsewhere ends the first session."""
    first: dict[str, str] = {}
    for name, client in scope.intent.clients.items():
        other = first.setdefault(client.user, name)
        if other != name:
            expected = f"a user of its own: {client.user} would end the session of {other}"
            yield Finding(("clients", name, "user"), expected, see=("clients", other, "user"))


def certain_addresses(scope: Scope) -> Iterator[Finding]:
    """Which address a client gets can be told: its user's own, or the first of a pool that nobody else asks.

    The claims about a client name its address, and who comes first to a pool is not in lab.yml.
    """
    intent = scope.intent
    asking: dict[str, list[str]] = defaultdict(list)
    for client in intent.clients.values():
        user, group = intent.users.get(client.user), intent.groups.get(client.group)
        if user is None or group is None or user.address is not None:
            continue
        path = ("users", client.user, "address")
        if group.pool is None:
            expected = f"an address: group {client.group} has no pool"
            yield Finding(path, expected, see=("groups", client.group))
        elif asking[group.pool]:
            expected = f"an address: {asking[group.pool][0]} has the first one of pool {group.pool} already"
            yield Finding(path, expected, see=("pools", group.pool))
        asking[group.pool or ""].append(client.user)
