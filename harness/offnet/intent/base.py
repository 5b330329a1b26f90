"""What all models of lab.yml share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """What all parts share: unknown keys refused, values never converted, nothing changed later.

    Validators are built when first used: that of a whole lab holds those of its parts, and no other is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
