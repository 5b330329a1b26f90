"""Remote access: telecommuters, their users and groups, address pools, and the AAA server that knows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.certificates import Rdns
from offnet.intent.scalars import Address, Interface, Key, Name, NodeName, Prefix, VpnName


class Pool(Model):
    """Inner addresses that a group's clients get; pools of different VPNs may be the same."""

    prefix: Prefix = Field(description="What the pool is taken from.")
    first: Address = Field(description="The first address that is given out.")
    last: Address = Field(description="The last address that is given out.")


class Group(Model):
    """A remote-access group (KEY_ID): its key, and what its clients are told in Mode Config."""

    # Absent is a rule's to refuse: who has a certificate is given the group without it.
    key: Key | None = Field(default=None, description="The group's pre-shared key, of all its clients.")
    pool: Name | None = Field(
        default=None, description="Where clients get an inner address from that RADIUS does not give."
    )
    dns: Address | None = Field(default=None, description="The name server that clients are told.")
    split: Annotated[tuple[Prefix, ...], Field(strict=False)] = Field(
        default=(), description="What clients reach through the tunnel; everything, if nothing is said."
    )
    source: Literal["local", "radius"] = Field(
        default="local",
        alias="from",
        description="Where the gateway gets key and attributes from: its own configuration, or AAA.",
    )


class AaaServer(Model):
    """A RADIUS server (RFC 2865, 2866), which only the global table of one PE reaches."""

    node: NodeName = Field(description="The node that it runs on.")
    pe: NodeName = Field(description="The PE that it is connected to.")
    address: Interface = Field(description="Its address, with the prefix length of the link to the PE.")
    secret: Key = Field(description="Shared with the PE.")
    authentication_port: int = Field(default=1812, ge=1, le=65535, description="UDP port.")
    accounting_port: int = Field(default=1813, ge=1, le=65535, description="UDP port.")
    interim: int = Field(
        default=300, ge=1, le=86400, description="Seconds between interim accounting records of a session."
    )
    dae_secret: Key | None = Field(
        default=None, description="Lets the server end sessions (RFC 5176) with this secret."
    )


class User(Model):
    """A user as RADIUS knows it."""

    password: Key = Field(description="For XAUTH and EAP-MSCHAPv2.")
    group: Name = Field(description="The only group that the user may log in to.")
    address: Address | None = Field(
        default=None, description="The user's own inner address (Framed-IP-Address)."
    )


class ProfileAaa(Model):
    """What a profile leaves to an AAA server."""

    server: Name = Field(description="Which one.")
    authentication: bool = Field(default=False, description="Users log in with it (XAUTH, EAP).")
    accounting: bool = Field(default=False, description="Sessions are accounted there.")


class Client(Model):
    """A telecommuter: a host on the Internet that joins its VPN by remote access."""

    vpn: VpnName = Field(description="The VPN that it joins.")
    user: Name = Field(description="Who logs in.")
    group: Name = Field(description="The group that it logs in to.")
    gateway: NodeName = Field(description="The aggregator whose address its tunnel ends on.")
    address: Interface = Field(description="Its Internet address, with its prefix length.")
    certificate: Rdns | None = Field(
        default=None, description="The subject of its certificate, where its group is given by a profile."
    )
    behind: NodeName | None = Field(default=None, description="The NAT router that it is behind.")
