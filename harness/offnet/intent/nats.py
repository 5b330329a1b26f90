"""NAT routers between the Internet and those that are behind them."""

from __future__ import annotations

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.scalars import Interface


class Nat(Model):
    """A router that hides those behind it under its one address (RFC 3022)."""

    address: Interface = Field(description="Its address on the Internet, with its prefix length.")
