"""Layer 2 networks behind an aggregator, and the circuits through them (Example 9-27)."""

from __future__ import annotations

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.scalars import NodeName, Prefix


class CircuitNetwork(Model):
    """A layer 2 network that an aggregator reaches by one trunk; 802.1Q stands for ATM PVCs."""

    gateway: NodeName = Field(description="The aggregator whose VRFs its circuits lead into.")


class Circuit(Model):
    """How a far site reaches its VRF: a virtual circuit of its own, with routing on it."""

    network: NodeName = Field(description="The layer 2 network, by its name in circuits.")
    vlan: int = Field(ge=1, le=4094, description="The 802.1Q tag of the circuit on the aggregator's trunk.")
    subnet: Prefix = Field(description="A /30 or /31 between aggregator and site; other VPNs may use it too.")
