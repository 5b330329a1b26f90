"""strongSwan's terms for a connection: one mapping for VICI messages and swanctl.conf alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from offnet.network.aaa import AddressPool
from offnet.network.ike import Xauth
from offnet.network.model import AuthRound, ChildSa, IkeConnection, IkeDaemon, SharedSecret

Entry: TypeAlias = "str | list[str] | Message"
Message: TypeAlias = dict[str, Entry]

IKE_LIFETIME = "24h"
CHILD_LIFETIME = "1h"
THREADS, THREADS_OF_AAA = 8, 32  # a login holds a thread until AAA has answered


def connection_message(connection: IkeConnection) -> Message:
    """The body of VICI's ``load-conn`` for one connection; swanctl.conf(5) names every key."""
    message: Message = {
        "version": str(connection.version),
        "local_addrs": list(connection.local_addresses),
        "remote_addrs": list(connection.remote_addresses),
        "proposals": list(connection.proposals),
        "mobike": "no",
        "unique": connection.unique,
        "dpd_delay": f"{connection.dpd_delay}s",
        "rekey_time": IKE_LIFETIME if connection.rekey else "0s",
    }
    if connection.tireless:
        message["keyingtries"] = "0"  # until the other end answers
    if connection.version == 1:  # IKEv2 detects a dead peer by its retransmissions
        if connection.aggressive:
            message["aggressive"] = "yes"
        message["dpd_timeout"] = f"{connection.dpd_timeout}s"
    if connection.inner_addresses:
        message["vips"] = list(connection.inner_addresses)
    if connection.pools:
        message["pools"] = list(connection.pools)
    message |= _rounds("local", connection.local, connection.local_xauth)
    message |= _rounds("remote", connection.remote, connection.remote_xauth)
    message["children"] = {child.name: _child_message(child, connection) for child in connection.children}
    return message


def _rounds(side: str, first: AuthRound, xauth: Xauth | None) -> Message:
    """The authentication of one side, in one or in two rounds."""
    own: Message = {"auth": first.auth, "id": str(first.id), **_files(first)}
    own |= _known("eap_id", first.user, first.groups)
    if xauth is None:
        return {side: own}
    second: Message = {"auth": xauth.auth}
    key = "xauth_id"
    if xauth.auth.startswith("eap-"):  # each round of IKEv2 has an identity: the same one again
        key, second["id"] = "eap_id", str(first.id)
    return {f"{side}-1": own, f"{side}-2": second | _known(key, xauth.user, xauth.groups)}


def _files(one: AuthRound) -> Message:
    """Certificates by file: charon reads it itself, whether swanctl or VICI names it."""
    message: Message = {}
    if one.certificate:
        message["cert"] = {"file": one.certificate}
    if one.authority:
        message["cacert"] = {"file": one.authority}
    return message


def _known(key: str, user: str | None, groups: tuple[str, ...]) -> Message:
    message: Message = {} if user is None else {key: user}
    return {**message, "groups": list(groups)} if groups else message


def _child_message(child: ChildSa, connection: IkeConnection) -> Message:
    message: Message = {
        "mode": child.mode,
        "local_ts": list(child.local_ts),
        "remote_ts": list(child.remote_ts),
        "esp_proposals": list(child.esp_proposals),
        "rekey_time": CHILD_LIFETIME if connection.rekey else "0s",
        "start_action": child.start_action,
        "dpd_action": child.dpd_action,
        "close_action": child.close_action,
    }
    if child.reqid is not None:
        message["reqid"] = str(child.reqid)
    if child.mark is not None:
        message["set_mark_in"] = str(child.mark)
    if child.if_id is not None:
        message["if_id_in"] = message["if_id_out"] = str(child.if_id)
    return message


def secret_message(secret: SharedSecret) -> Message:
    """The body of VICI's ``load-shared`` for one pre-shared key or password."""
    owners = list(secret.owners)
    return {"id": secret_id(secret), "type": secret.kind.upper(), "owners": owners, "data": secret.secret}


def secret_id(secret: SharedSecret) -> str:
    """What charon calls it: swanctl takes the name of the section, which begins with what it is for."""
    return f"{secret.kind}-{secret.name}"


def secret_section(secret: SharedSecret) -> Message:
    """The same key as a section of swanctl.conf."""
    section: Message = {f"id-{number}": owner for number, owner in enumerate(secret.owners, start=1)}
    section["secret"] = f'"{secret.secret}"'
    return section


def pool_message(pool: AddressPool) -> Message:
    """The body of VICI's ``load-pool`` for one pool, and its section of swanctl.conf."""
    message: Message = {"addrs": f"{pool.first}-{pool.last}"}
    return {**message, "dns": [str(pool.dns)]} if pool.dns else message


def section_text(name: str, body: Mapping[str, Message]) -> str:
    """A section of swanctl.conf that holds these sections."""
    lines: list[str] = []
    _write(name, body, "", lines)
    return "\n".join(lines)


def _write(name: str, body: Mapping[str, Entry], indent: str, lines: list[str]) -> None:
    lines.append(f"{indent}{name} {{")
    for key, value in body.items():
        if isinstance(value, str):
            lines.append(f"{indent}  {key} = {value}")
        elif isinstance(value, list):
            lines.append(f"{indent}  {key} = {', '.join(value)}")
        else:
            _write(key, value, f"{indent}  ", lines)
    lines.append(f"{indent}}}")


def charon_settings(daemon: IkeDaemon) -> dict[str, Any]:
    """What the template of strongswan.conf takes: which plugins and options the connections call for."""
    connections = daemon.every_connection()
    client = any(connection.inner_addresses for connection in connections)
    aggressive = any(connection.aggressive for connection in connections)
    return {
        "dpd_retransmit": connections[0].dpd_delay,
        "aggressive": aggressive,
        "initiates_aggressive": aggressive and bool(daemon.await_peers),
        "certificates": any(connection.certified for connection in connections),
        "unity": any(connection.local_xauth or connection.remote_xauth for connection in connections),
        "client": client,
        "plugins": " ".join(_plugins(connections)),
        "threads": THREADS if daemon.radius is None else THREADS_OF_AAA,
        "radius": daemon.radius,
    }


def _plugins(connections: tuple[IkeConnection, ...]) -> Iterator[str]:
    """Plugins beyond those of every node, in the order in which charon is to ask them."""
    second = {x.auth for one in connections for x in (one.local_xauth, one.remote_xauth) if x}
    xauth = any(method.startswith("xauth") for method in second)
    if any(connection.certified for connection in connections):
        yield from ("pem", "revocation", "constraints")
    if "xauth" in second:
        yield "xauth-generic"
    methods = {one.auth for connection in connections for one in (connection.local, connection.remote)}
    methods |= second
    if any(method.startswith("eap-") for method in methods):
        yield "eap-identity"
    if "eap-mschapv2" in methods:
        yield "eap-mschapv2"
    if any(connection.pools for connection in connections):
        yield "eap-radius"  # before vici: a user's own address comes before the pool's
    if xauth:
        yield "unity"
    if any(connection.inner_addresses for connection in connections):
        yield "resolve"
