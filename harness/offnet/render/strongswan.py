"""strongSwan's terms for a connection: one mapping for VICI messages and swanctl.conf alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from offnet.network.model import ChildSa, IkeConnection, SharedSecret

Entry: TypeAlias = "str | list[str] | Message"
Message: TypeAlias = dict[str, Entry]

IKE_LIFETIME = "24h"
CHILD_LIFETIME = "1h"


def connection_message(connection: IkeConnection) -> Message:
    """The body of VICI's ``load-conn`` for one connection; swanctl.conf(5) names every key."""
    message: Message = {
        "version": str(connection.version),
        "local_addrs": list(connection.local_addresses),
        "remote_addrs": list(connection.remote_addresses),
        "proposals": list(connection.proposals),
        "mobike": "no",
        "unique": "replace",
        "dpd_delay": f"{connection.dpd_delay}s",
        "rekey_time": IKE_LIFETIME if connection.rekey else "0s",
    }
    if connection.tireless:
        message["keyingtries"] = "0"  # until the other end answers
    if connection.version == 1:  # IKEv2 detects a dead peer by its retransmissions
        if connection.aggressive:
            message["aggressive"] = "yes"
        message["dpd_timeout"] = f"{connection.dpd_timeout}s"
    message["local"] = {"auth": connection.local.auth, "id": str(connection.local.id)}
    message["remote"] = {"auth": connection.remote.auth, "id": str(connection.remote.id)}
    message["children"] = {child.name: _child_message(child, connection) for child in connection.children}
    return message


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
    if child.if_id is not None:
        message["if_id_in"] = message["if_id_out"] = str(child.if_id)
    return message


def secret_message(secret: SharedSecret) -> Message:
    """The body of VICI's ``load-shared`` for one pre-shared key."""
    return {"id": secret_id(secret), "type": "IKE", "owners": list(secret.owners), "data": secret.secret}


def secret_id(secret: SharedSecret) -> str:
    """What charon calls the key: swanctl takes the name of the section, which must begin with ``ike``."""
    return f"ike-{secret.name}"


def secret_section(secret: SharedSecret) -> Message:
    """The same key as a section of swanctl.conf."""
    section: Message = {f"id-{number}": owner for number, owner in enumerate(secret.owners, start=1)}
    section["secret"] = f'"{secret.secret}"'
    return section


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
