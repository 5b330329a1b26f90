"""Front doors: one tag and one VPN each, and nothing crosses from one to another."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import IpsecSite
from offnet.intent.realms import nat_door
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope
from offnet.intent.scalars import WILDCARD
from offnet.intent.selection import Selection, identity_of


def one_way_in(scope: Scope) -> Iterator[Finding]:
    """A gateway has one address, or front doors."""
    for name, gateway in scope.intent.gateways.items():
        plain = {"address": gateway.address, "next_hop": gateway.next_hop}
        given = [key for key, value in plain.items() if value is not None]
        if gateway.front_doors and given:
            expected = "no such key beside front_doors: each of them has its own"
            yield Finding(("gateways", name, given[0]), expected, see=("gateways", name, "front_doors"))
        elif not gateway.front_doors:
            for key in plain.keys() - given:
                yield Finding(("gateways", name, key), "a value: a gateway without front_doors needs it")


def vlan_once(scope: Scope) -> Iterator[Finding]:
    """The tag tells the doors of a gateway apart."""
    for name, gateway in scope.intent.gateways.items():
        owner: dict[int, str] = {}
        for door_name, door in gateway.front_doors.items():
            other = owner.setdefault(door.vlan, door_name)
            if other != door_name:
                here = ("gateways", name, "front_doors")
                expected = f"a VLAN of its own, front door {other} has this one"
                yield Finding((*here, door_name, "vlan"), expected, see=(*here, other, "vlan"))


def door_vrf(scope: Scope) -> Iterator[Finding]:
    """A door has the name of no VPN, unless by its key vrf it is that VPN's."""
    vpns = scope.intent.vpns
    for name, gateway in scope.intent.gateways.items():
        for door_name, door in gateway.front_doors.items():
            path: KeyPath = ("gateways", name, "front_doors", door_name)
            if door_name in vpns:
                expected = "a name that no VPN has: both become VRFs; `vrf` makes a VPN's VRF the door"
                yield Finding(path, expected, value=door_name)
            if door.vrf is not None and scope.lacks("vpns", door.vrf):
                yield Finding((*path, "vrf"), one_of(door.vrf, vpns, "a VPN of this lab"))


def site_door(scope: Scope) -> Iterator[Finding]:
    """A site comes in by a door of its gateway; those behind one NAT router by the same."""
    for name, site in scope.intent.sites.items():
        if not isinstance(site, IpsecSite) or site.access.gateway not in scope.intent.gateways:
            continue
        if site.on_circuit:
            continue  # it comes by no door
        path: KeyPath = ("sites", name, "ipsec", "front_door")
        gateway, door, behind = site.access.gateway, site.front_door, site.behind
        doors = scope.intent.gateways[gateway].front_doors
        if doors and door is None:
            yield Finding(path, f"a value, one of {', '.join(doors)}: gateway {gateway} has front doors")
        elif door is not None and door not in doors:
            yield Finding(path, one_of(door, doors, f"a front door of {gateway}"))
        elif behind is not None and nat_door(scope.intent, behind) != door:
            expected = f"{nat_door(scope.intent, behind)}, as others behind {behind} have it"
            yield Finding(path, expected, see=("nats", behind))


def _doors(scope: Scope) -> list[str]:
    gateways = scope.intent.gateways.values()
    return list(dict.fromkeys(door for gateway in gateways for door in gateway.front_doors))


def named_door(scope: Scope) -> Iterator[Finding]:
    """A profile or keyring is bound to a door that there is; a keyring to that of its profiles."""
    doors, intent = _doors(scope), scope.intent
    if not scope.whole("gateways"):
        return
    bound: dict[KeyPath, str | None] = {
        ("profiles", name, "front_door"): profile.front_door for name, profile in intent.profiles.items()
    }
    bound |= {("keyrings", name, "front_door"): ring.front_door for name, ring in intent.keyrings.items()}
    for path, door in bound.items():
        if door is not None and door not in doors:
            yield Finding(path, one_of(door, doors, "a front door of a gateway"))
    for name, profile in intent.profiles.items():
        keyring = profile.keyring or ""
        ring = intent.keyrings.get(keyring)
        if ring is not None and ring.front_door is not None and ring.front_door != profile.front_door:
            expected = f"a keyring of the same front door, {keyring} is bound to {ring.front_door}"
            see = ("keyrings", keyring, "front_door")
            yield Finding(("profiles", name, "keyring"), expected, see=see)


def one_wildcard_key(scope: Scope) -> Iterator[Finding]:
    """Main Mode must know the key before the identity: one wildcard key a front door."""
    owner: dict[str | None, tuple[str, str]] = {}
    for name, profile in scope.intent.profiles.items():
        keyring = profile.keyring or ""
        ring = scope.intent.keyrings.get(keyring)
        if ring is None or WILDCARD not in ring.keys:
            continue
        other, first = owner.setdefault(profile.front_door, (keyring, name))
        if other != keyring:
            expected = f"keyring {other}, whose wildcard key profile {first} uses at the same address already"
            yield Finding(("profiles", name, "keyring"), expected, see=("profiles", first, "keyring"))


def one_door_a_vpn(scope: Scope) -> Iterator[Finding]:
    """What enters a VPN's VRF leaves by one door: its interface sends through that."""
    owner: dict[tuple[str, str], tuple[str | None, str]] = {}
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in scope.intent.sites.items():
        if not isinstance(site, IpsecSite):
            continue
        door = site.front_door
        if selection.select(*identity_of(site), door, site.authority) is None and site.profile is None:
            continue
        owners = [owner.setdefault((at, site.vpn), (door, name)) for at in site.gateways]
        other, first = next((one for one in owners if one[0] != door), (door, name))
        if other != door:
            expected = f"{other}, by which {first} of the same VPN {site.vpn} comes"
            see = ("sites", first, "ipsec", "front_door")
            yield Finding(("sites", name, "ipsec", "front_door"), expected, see=see)
