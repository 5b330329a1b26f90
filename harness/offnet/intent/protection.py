"""PE-PE encryption: an IP-only core, MPLS in GRE in IPsec transport mode between PEs (Example 9-28)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.policies import EspTransforms
from offnet.intent.scalars import Key


class PePe(Model):
    """Every core link is a GRE tunnel between the outer addresses of two gateways, protected by IPsec."""

    bgp: Literal["tunnel", "loopback", "outside"] = Field(
        default="loopback",
        description="MP-BGP between tunnel addresses (as printed), loopbacks, or outside the tunnels.",
    )
    bgp_in_clear: bool = Field(
        default=False, description="With bgp: outside, leave the session itself unprotected."
    )
    key: Key = Field(description="The pre-shared key of the PEs.")
    esp: EspTransforms = Field(description="How the tunnels are protected.")
    mtu: int = Field(default=1400, ge=576, le=9000, description="MTU of the tunnels, in bytes.")


class Protection(Model):
    """How the provider's core is protected."""

    pe_pe: PePe = Field(alias="pe-pe", description="GRE tunnels in IPsec between the PEs.")
