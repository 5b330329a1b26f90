"""From the name of a lab to its folder and its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from offnet.network.model import Crypto, Network


def lab_folder(lab: str) -> Path:
    """The folder of a lab named as on the command line; UsageError names the labs there are."""
    from offnet import resources  # noqa: PLC0415 - keeps the start quick
    from offnet.intent import catalog  # noqa: PLC0415 - as above

    return catalog.resolve(lab, resources.labs())


def network_of(lab: str, crypto: Crypto | None = None) -> Network:
    """The resolved network of a lab; LabError with every mistake in it."""
    from offnet import intent  # noqa: PLC0415 - keeps the start quick
    from offnet.design import design  # noqa: PLC0415 - as above

    return design(intent.load(lab_folder(lab)), crypto)
