"""Overlays: IPsec from every customer's router to every other one; the provider only transports it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.dpd import Dpd
from offnet.intent.policies import EspTransforms, IkePolicies
from offnet.intent.scalars import Interface, Key, Name, NodeName, VpnName


class Across(StrEnum):
    """What transports an overlay."""

    PROVIDER = "provider"
    INTERNET = "internet"


class MeshMember(Model):
    """How a site takes part in an overlay."""

    mesh: Name = Field(description="The overlay that the site belongs to.")
    address: Interface = Field(description="The address of the site's router that its tunnels end on.")
    pe: NodeName | None = Field(
        default=None,
        description="The PE whose VRF holds the circuit; unused where the overlay crosses the Internet.",
    )


class Overlay(Model):
    """A full mesh of IPsec tunnels between the customer's own routers."""

    vpn: VpnName = Field(description="The VPN whose sites it connects.")
    across: Annotated[Across, Field(strict=False)] = Field(
        default=Across.PROVIDER,
        description="What carries the tunnels: the provider's VPN, or the Internet (no provider at all).",
    )
    key: Key = Field(description="The pre-shared key of all members.")
    ike_policies: IkePolicies = Field(description="IKE proposals between members.")
    esp: EspTransforms = Field(description="How traffic is protected.")
    dpd: Dpd = Field(default=Dpd(), description="Dead peer detection of all tunnels.")
