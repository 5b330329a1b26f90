"""The provider's network in lab.yml: routers, core links, and how the core protects itself."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from offnet.intent.base import Model
from offnet.intent.protection import Protection
from offnet.intent.scalars import Address, NodeName, Prefix, refuse


class Router(Model):
    """A router of the provider."""

    role: Literal["pe", "p"] = Field(description="pe holds VRFs and speaks MP-BGP; p switches labels only.")
    loopback: Address = Field(description="Router ID, LDP transport address and source of MP-BGP.")


class CoreLink(Model):
    """A link between two routers, also written as a list of their two names."""

    between: Annotated[tuple[NodeName, NodeName], Field(strict=False)] = Field(description="The two routers.")
    subnet: Prefix | None = Field(
        default=None, description="A /31 for this link, where the one allocated from the pool collides."
    )


def _long_link(value: object) -> object:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004  a link has two ends
        return {"between": value}
    if isinstance(value, dict | CoreLink):
        return value
    raise refuse("the names of two routers, [a, b], or {between: [a, b], subnet: PREFIX}")


LinkEntry = Annotated[
    CoreLink, BeforeValidator(_long_link, json_schema_input_type=tuple[NodeName, NodeName] | CoreLink)
]


class Provider(Model):
    """The provider's network: an OSPF and LDP core between PEs."""

    asn: int = Field(alias="as", ge=1, le=4294967294, description="AS number of the provider.")
    routers: dict[NodeName, Router] = Field(min_length=1, description="PE and P routers by name.")
    links: Annotated[tuple[LinkEntry, ...], Field(strict=False)] = Field(
        default=(), description="Core links; they must connect all routers."
    )
    link_pool: Prefix = Field(
        default=IPv4Network("172.16.0.0/16"), description="Core links get a /31 each from here, by name."
    )
    protection: Protection | None = Field(
        default=None, description="How the core protects itself; if absent, its links are its own."
    )
