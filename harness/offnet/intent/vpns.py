"""Customers' VPNs in lab.yml (RFC 4364)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from offnet.intent.base import Model
from offnet.intent.scalars import NumberPair, refuse


class RouteTargets(Model):
    """Route targets, also written as one list where import and export are the same."""

    import_: Annotated[tuple[NumberPair, ...], Field(strict=False)] = Field(
        alias="import", min_length=1, description="Routes with one of these enter the VRF."
    )
    export: Annotated[tuple[NumberPair, ...], Field(strict=False)] = Field(
        min_length=1, description="Routes of the VRF carry all of these."
    )


_TargetList = Annotated[list[NumberPair], Field(min_length=1)]


def _both_ways(value: object) -> object:
    if isinstance(value, list):
        return {"import": value, "export": value}
    if isinstance(value, dict | RouteTargets):
        return value
    raise refuse('a list such as ["200:1"], or {import: [...], export: [...]}')


class Vpn(Model):
    """A customer's VPN; its name is the name of the VRF on every PE."""

    id: int | None = Field(
        default=None, ge=1, le=65535, description="Number for tables and interface IDs; allocated if absent."
    )
    rd: NumberPair = Field(description='Route distinguisher (RFC 4364), such as "200:1".')
    rt: Annotated[
        RouteTargets, BeforeValidator(_both_ways, json_schema_input_type=_TargetList | RouteTargets)
    ] = Field(description="Route targets: one list, or import and export apart.")
