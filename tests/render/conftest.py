"""Labs of any size, and what is rendered from them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import load
from offnet.intent.loader import plain_data
from offnet.intent.models import LabIntent
from offnet.network.model import Crypto, Network
from offnet.render import render

GATEWAY = "vpn-gw1-east"


@pytest.fixture(scope="session", params=list(Crypto))
def network(request: pytest.FixtureRequest) -> Network:
    """The lab of the main scenario, in both crypto variants."""
    return design(load(resources.labs() / "single-ip"), request.param)


@pytest.fixture(scope="session")
def files(network: Network) -> dict[str, str]:
    return render(network)


@pytest.fixture
def grow() -> Callable[[int], dict[str, Any]]:
    """The data of the lab with so many off-net sites in place of its own."""
    return _grow


def _grow(sites: int) -> dict[str, Any]:
    data: dict[str, Any] = plain_data(resources.labs() / "single-ip")
    data["sites"] = {name: site for name, site in data["sites"].items() if "pe" in site}
    data["keyrings"]["vpn1"] = {}
    data["profiles"]["vpn1"]["match"]["address"] = []
    for number in range(sites):
        address = str(IPv4Address("198.18.0.2") + 4 * number)
        data["keyrings"]["vpn1"][address] = f"key-{number}"
        data["profiles"]["vpn1"]["match"]["address"].append(address)
        data["sites"][f"spoke-{number}"] = {
            "vpn": "vpn1",
            "lan": f"{IPv4Address('10.64.0.0') + 256 * number}/24",
            "ipsec": {"gateway": GATEWAY, "address": f"{address}/30"},
        }
    return data


@pytest.fixture
def rendered() -> Callable[[dict[str, Any]], dict[str, str]]:
    """Renders a lab from plain data."""
    return lambda data: render(design(LabIntent.model_validate(data)))
