"""Dead peer detection."""

from __future__ import annotations

from pydantic import Field

from offnet.intent.base import Model


class Dpd(Model):
    """Dead peer detection, in seconds."""

    delay: int = Field(default=10, ge=1, le=3600, description="Probe after this long without traffic.")
    timeout: int = Field(default=60, ge=2, le=86400, description="A silent peer is dead after this long.")
