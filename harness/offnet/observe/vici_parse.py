"""VICI messages (nested mappings of bytes) into types; bytes end here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offnet.observe.vici_model import ChildSaState, Connection, Event, EventKind, IkeSa

Message = Mapping[str, Any]


def text(message: Message, key: str, default: str = "") -> str:
    """A value as text; what is no UTF-8 (an ID in DER, say) is shown escaped."""
    value = message.get(key)
    if value is None:
        return default
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def texts(message: Message, key: str) -> tuple[str, ...]:
    """A list of values as texts."""
    return tuple(item.decode(errors="backslashreplace") for item in message.get(key, ()))


def number(message: Message, key: str, base: int = 10) -> int:
    """A value as number, 0 where the key is missing."""
    return int(text(message, key, "0"), base)


def ike_sas(message: Message) -> Iterator[IkeSa]:
    """The IKE_SAs of one list-sas or event message."""
    for name, body in message.items():
        if isinstance(body, Mapping):
            yield ike_sa(name, body)


def ike_sa(name: str, body: Message) -> IkeSa:
    """One IKE_SA with its CHILD_SAs."""
    return IkeSa(
        name=name,
        unique_id=number(body, "uniqueid"),
        version=number(body, "version"),
        state=text(body, "state"),
        initiator=text(body, "initiator") == "yes",
        local_host=text(body, "local-host"),
        local_port=number(body, "local-port"),
        local_id=text(body, "local-id"),
        remote_host=text(body, "remote-host"),
        remote_port=number(body, "remote-port"),
        remote_id=text(body, "remote-id"),
        initiator_spi=number(body, "initiator-spi", 16),
        responder_spi=number(body, "responder-spi", 16),
        encryption=algorithm(body, "encr"),
        integrity=text(body, "integ-alg"),
        prf=text(body, "prf-alg"),
        dh_group=text(body, "dh-group"),
        established_seconds=number(body, "established"),
        children=tuple(
            child_sa(child) for child in body.get("child-sas", {}).values() if "uniqueid" in child
        ),
        user=text(body, "remote-xauth-id") or text(body, "remote-eap-id"),
        remote_inner=texts(body, "remote-vips"),
    )


def child_sa(body: Message) -> ChildSaState:
    """One CHILD_SA."""
    return ChildSaState(
        name=text(body, "name"),
        unique_id=number(body, "uniqueid"),
        reqid=number(body, "reqid"),
        state=text(body, "state"),
        mode=text(body, "mode"),
        protocol=text(body, "protocol"),
        spi_in=number(body, "spi-in", 16),
        spi_out=number(body, "spi-out", 16),
        if_id=number(body, "if-id-out", 16),
        encapsulation=text(body, "encap") == "yes",
        encryption=algorithm(body, "encr"),
        integrity=text(body, "integ-alg"),
        dh_group=text(body, "dh-group"),
        local_ts=texts(body, "local-ts"),
        remote_ts=texts(body, "remote-ts"),
        packets_in=number(body, "packets-in"),
        packets_out=number(body, "packets-out"),
        bytes_in=number(body, "bytes-in"),
        bytes_out=number(body, "bytes-out"),
        installed_seconds=number(body, "install-time"),
    )


def algorithm(body: Message, prefix: str) -> str:
    """An algorithm, with its key size where it has one: ``AES_GCM_16-256``."""
    name, size = text(body, f"{prefix}-alg"), text(body, f"{prefix}-keysize")
    return f"{name}-{size}" if size else name


def connection(name: str, body: Message) -> Connection:
    """One connection of list-conns."""
    return Connection(
        name=name,
        version={"IKEv1": 1, "IKEv2": 2}.get(text(body, "version"), 0),
        local_addresses=texts(body, "local_addrs"),
        remote_addresses=texts(body, "remote_addrs"),
        local_id=text(body.get("local-1", {}), "id"),
        remote_id=text(body.get("remote-1", {}), "id"),
        children=tuple(body.get("children", {})),
    )


def event(kind: EventKind, message: Message) -> Event:
    """One event."""
    if kind is EventKind.LOG:
        return Event(kind, message=text(message, "msg"))
    if kind is EventKind.IKE_REKEY:
        return Event(kind, old=tuple(_halves(message, "old")), new=tuple(_halves(message, "new")))
    if kind is EventKind.CHILD_REKEY:
        return Event(kind, old=tuple(_rekeyed(message, "old")), new=tuple(_rekeyed(message, "new")))
    return Event(kind, up=text(message, "up") == "yes", sas=tuple(ike_sas(message)))


def _halves(message: Message, half: str) -> Iterator[IkeSa]:
    for name, body in message.items():
        if isinstance(body, Mapping) and half in body:
            yield ike_sa(name, body[half])


def _rekeyed(message: Message, half: str) -> Iterator[IkeSa]:
    for name, body in message.items():
        if isinstance(body, Mapping):
            children = {key: child[half] for key, child in body.get("child-sas", {}).items() if half in child}
            yield ike_sa(name, {**body, "child-sas": children})
